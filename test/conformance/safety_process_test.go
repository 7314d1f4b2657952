//go:build conformance

package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/faultproxy"
)

// hostileProcess are the rows about a process whose surroundings are hostile: signals, outputs, locks, clocks.
var hostileProcess = []row{
	{ID: "S160", Setup: "nobody reads standard output and error any more", Action: "deploy, check, repair, teardown",
		End: "as if somebody did: no signal ends them", Exit: "0, 0, 0, 0", Gone: true, run: func(s *fixture) {
			s.onStart = s.unread
			s.berth("deploy").exit(0)
			s.stored("v1 deployed")
			s.berth("check").exit(0)
			s.berth("repair").exit(0)
			s.berth("teardown").exit(0)
			s.owns()
		}},
	{ID: "S161", Setup: "standard output and error are closed, or a full disk", Action: "deploy, deploy, teardown",
		End: "as if they were not", Exit: "0, 0, 0", Gone: true, run: func(s *fixture) {
			s.onStart = throughShell(`exec "$0" "$@" >&- 2>&-`)
			s.berth("deploy").exit(0)
			s.onStart = throughShell(`exec "$0" "$@" >/dev/full 2>/dev/full`)
			s.berth("deploy").exit(0)
			s.stored("v1 superseded, v2 deployed")
			s.berth("teardown").exit(0)
			s.owns()
		}},
	{ID: "S162", Setup: "GitHub's outputs and summary are on a full disk, and so is the JSON report on standard output",
		Action: "deploy, deploy --output json", End: "deployed, each warned of", Exit: "0, 0", run: func(s *fixture) {
			event := s.t.TempDir() + "/event.json"
			s.write(event, `{"ref":"refs/heads/feature/login","repository":{"full_name":"acme/shop","default_branch":"main"}}`)
			for name, value := range map[string]string{
				"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": event, "GITHUB_REPOSITORY": "acme/shop",
				"GITHUB_REF": "refs/heads/feature/login", "GITHUB_OUTPUT": "/dev/full", "GITHUB_STEP_SUMMARY": "/dev/full",
			} {
				s.env[name] = value
			}
			s.berth("deploy").exit(0).says("::warning title=The outputs are not set::", "::warning title=The job summary is not shown::",
				"no space left")
			s.onStart = throughShell(`exec "$0" "$@" >/dev/full`)
			s.berth("deploy", "--output", "json").exit(0).says("The report is not printed")
			s.stored("v1 superseded, v2 deployed")
		}},
	{ID: "S163", Setup: "the report folder can be written until the deploy is over", Action: "deploy", End: "deployed, warned of",
		Exit: "0", run: func(s *fixture) {
			dir := s.t.TempDir()
			run := s.start("deploy", append(slow("3s"), "--report-dir", dir)...)
			s.untilPods(run)
			if err := os.Mkdir(filepath.Join(dir, "report.json"), 0o755); err != nil {
				s.t.Fatal(err)
			}
			s.write(filepath.Join(run.dir, "report.json"), "{}") // the one that the fixture reads
			run.wait(runLimit).exit(0).says("The report is not written", "report.json")
			s.stored("v1 deployed")
		}},
	{ID: "S175", Setup: "standard output is a full pipe that nobody reads, and nobody closes", Action: "deploy, teardown",
		End: "as if somebody read it, a few seconds later", Exit: "0, 0", Gone: true, run: func(s *fixture) {
			s.onStart = s.stalled
			s.within(time.Minute, func() { s.berth("deploy", "--log-level", "debug").exit(0) })
			s.stored("v1 deployed")
			s.within(time.Minute, func() { s.berth("teardown", "--log-level", "debug").exit(0) })
			s.owns()
		}},
	{ID: "S164", Setup: "SIGHUP in the wait, twice, as a terminal and its shell send it (real durations)",
		Action: "deploy, deploy again", End: "v1 failed, recorded within 7 s; then v2",
		Exit: "129, 0", Real: true, run: func(s *fixture) {
			run := s.start("deploy", slow("1h")...)
			s.untilPods(run)
			run.hangUp()
			run.hangUp()
			run.wait(settleLimit).exit(129)
			s.stored("v1 failed")
			s.berth("deploy").exit(0)
			s.oneDeployed(2)
		}},
	{ID: "S165", Setup: "SIGHUP between the deletions of a teardown",
		Action: "teardown, teardown again", End: "gone", Exit: "129, 0", Gone: true,
		run: func(s *fixture) {
			s.berth("deploy").exit(0)
			at := s.holdRequest(s.proxy(), deletionOf("services"))
			run := s.start("teardown")
			at.await(run)
			run.hangUp()
			at.release()
			run.wait(settleLimit).exit(129)
			s.berth("teardown").exit(0)
			s.owns()
		}},
	{ID: "S166", Setup: "SIGHUP, ignored when the run began, as under nohup", Action: "deploy", End: "deployed",
		Exit: "0", run: func(s *fixture) {
			s.onStart = throughShell(`trap "" HUP; exec "$0" "$@"`)
			run := s.start("deploy", slow("3s")...)
			s.untilPods(run)
			run.hangUp()
			run.wait(runLimit).exit(0)
			s.stored("v1 deployed")
		}},
	{ID: "S167", Setup: "a Lease by nobody: its holder is terminal commands, its times are a year ahead, its count is at the end, " +
		"and somebody goes on labelling it", Action: "deploy, teardown", End: "taken after it was watched for its 5 s; gone",
		Exit: "0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.hostileLease(5)
			stop := s.labelling()
			s.within(time.Minute, func() { s.berth("deploy").exit(0) })
			stop()
			for _, run := range s.started() {
				if run.out.contains("\x1b") || run.out.contains("\n::error") {
					s.t.Error("the holder's text reached the log as it is")
				}
			}
			s.stored("v1 deployed")
			s.berth("teardown").exit(0)
			s.hasNoLease()
		}},
	{ID: "S168", Setup: "a Lease by nobody that claims to last for 68 years, its times a year ahead",
		Action: "deploy, teardown, check, repair",
		End:    "untouched, the holder and the way out named; check is none the wiser", Exit: "21, 21, 0, 21", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.removeLease()
			s.hostileLease(1<<31 - 1)
			before, lock := s.recordVersions(), s.versions(leaseObject)
			s.berth("deploy", "--lock-timeout", "3s").exit(21).says("596523h14m7s", "counts as lasting 10m0s", "berth repair --break-lock",
				"kubectl get lease berth-web")
			s.berth("teardown", "--lock-timeout", "3s").exit(21)
			s.berth("check").exit(0)
			s.berth("repair", "--lock-timeout", "3s").exit(21)
			s.unchanged(before)
			if after := s.versions(leaseObject); after != lock {
				s.t.Errorf("the Lease was %s and is %s", lock, after)
			}
		}},
	{ID: "S169", Setup: "kill -9 in the wait, a moment ago",
		Action: "repair --break-lock", End: "the lock is taken once nobody renewed it; v1 failed",
		Exit: "0 + warning", run: func(s *fixture) {
			run := s.start("deploy", slow("1h")...)
			s.untilPods(run)
			run.kill()
			s.berth("repair", "--break-lock", "--lock-timeout", "1m", "--on-stuck", "unlock").exit(0).warned("Lock broken")
			s.stored("v1 failed")
		}},
	{ID: "S170", Setup: "a deploy that lives",
		Action: "repair --break-lock", End: "refused within its lock-duration; the deploy is not disturbed",
		Exit: "0, 21", run: func(s *fixture) {
			run := s.start("deploy", slow("1h")...)
			s.untilPods(run)
			s.within(3*shortLease, func() {
				s.berth("repair", "--break-lock").exit(21).says("was renewed while it was watched", "a lock that is renewed is never broken")
			})
			s.makeReady()
			run.wait(runLimit).exit(0)
			s.stored("v1 deployed")
		}},
	{ID: "S171", Setup: "nobody holds the lock",
		Action: "repair --break-lock", End: "nothing to break, nothing to repair", Exit: "0", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("repair", "--break-lock").exit(0).says("Nobody held the lock")
		}},
	{ID: "S172", Setup: "a deploy that lives, and for the second run the API server's clock is an hour ahead, or jumps there",
		Action: "deploy beside it, teardown, repair", End: "none takes the lock; the first deploys",
		Exit: "0, 21, 21, 21", run: func(s *fixture) {
			first := s.start("deploy", slow("1h")...)
			s.untilPods(first)
			direct := s.kubeconfig
			s.proxy().On(faultproxy.Match{}, faultproxy.ClockOff(time.Hour))
			s.berth("deploy", "--lock-timeout", "4s").exit(21)
			s.berth("teardown", "--lock-timeout", "4s").exit(21)
			s.kubeconfig = direct
			s.proxy().On(faultproxy.Match{Nth: 3}, faultproxy.ClockOff(time.Hour))
			s.berth("repair", "--lock-timeout", "4s").exit(21)
			s.makeReady()
			first.wait(runLimit).exit(0)
			s.stored("v1 deployed")
		}},
	{ID: "S173", Setup: "v1, an upgrade killed before its last write, and for the next run the API server's clock is a day behind",
		Action: "deploy", End: "healed, once the lock was watched", Exit: "0 + warning", Slow: true, run: func(s *fixture) {
			s.berth("deploy").exit(0)
			direct := s.user()
			s.killBefore(s.proxy(), finalUpdate, "deploy")
			s.kubeconfig = direct
			s.proxy().On(faultproxy.Match{}, faultproxy.ClockOff(-24*time.Hour))
			s.berth("deploy").exit(0).warned("Release repaired")
			s.oneDeployed(3)
		}},
	{ID: "S174", Setup: "the last record inflates to a thousand times its size, or has millions of values", Action: "check, deploy",
		End: "refused within 800 MiB of memory; quarantined, v2 deployed", Exit: "29, 29, 0 + warning", run: func(s *fixture) {
			s.measured = true
			s.berth("deploy").exit(0)
			s.berth("deploy").exit(0)
			for _, bomb := range []string{`{"info":{},"manifest":"` + strings.Repeat("x", 100<<20) + `"}`,
				`{"info":{},"chart":{"templates":[` + strings.Repeat("{},", 15<<20) + `{}]}}`} {
				payload := bombed(bomb)
				s.change(2, func(record *corev1.Secret) { record.Data["release"] = payload })
				s.berth("check").exit(29).within(800 << 20)
			}
			s.berth("deploy").exit(0).within(800 << 20)
			s.stored("v1 superseded, v2 deployed")
		}},
}

// leaseObject is the release's Lease.
var leaseObject = object{"coordination.k8s.io/v1", "leases", "berth-web"}

// unread gives a run a standard output and error whose reader is gone.
func (s *fixture) unread(cmd *exec.Cmd) {
	s.t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	_ = reader.Close()
	s.t.Cleanup(func() { _ = writer.Close() })
	cmd.Stdout, cmd.Stderr = writer, writer
}

// stalled gives a run a standard output that takes a page and then no more.
func (s *fixture) stalled(cmd *exec.Cmd) {
	s.t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _, _ = reader.Close(), writer.Close() })
	const setPipeSize, page = 1031, 4096 // F_SETPIPE_SZ
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, writer.Fd(), setPipeSize, page); errno != 0 {
		s.t.Fatal(errno)
	}
	cmd.Stdout, cmd.Stderr = writer, writer
}

// throughShell starts a run by a shell's script, in which it is $0 and its arguments
// "$@".
func throughShell(script string) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) {
		cmd.Args = append([]string{"sh", "-c", script, cmd.Path}, cmd.Args[1:]...)
		cmd.Path = "/bin/sh"
	}
}

// hostileLease makes a Lease of the release that no run of Berth wrote.
func (s *fixture) hostileLease(seconds int32) {
	s.t.Helper()
	most, holder := int32(1<<31-1), "\x1b[2J\u202e\n::error::"+strings.Repeat("x", 4096)
	far := metav1.NewMicroTime(time.Now().AddDate(1, 0, 0))
	_, err := s.Client().CoordinationV1().Leases(s.namespace).Create(s.t.Context(), &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: leaseObject.name, Annotations: map[string]string{
			"berth.dev/expired-runs": "x=9999-01-01T00:00:00Z,=,,y", "berth.dev/attempt-revision": "-1",
		}},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, AcquireTime: &far, RenewTime: &far, LeaseDurationSeconds: &seconds,
			LeaseTransitions: &most},
	}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *fixture) removeLease() {
	s.t.Helper()
	if err := s.Client().CoordinationV1().Leases(s.namespace).Delete(s.t.Context(), leaseObject.name, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// labelling has somebody write a label to the Lease every second, until stop.
func (s *fixture) labelling() (stop func()) {
	s.t.Helper()
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ; n++ {
			s.patch("somebody", leaseObject, `{"metadata":{"labels":{"n":"`+strings.Repeat("x", n%10)+`"}}}`)
			select {
			case <-over:
				return
			case <-time.After(time.Second):
			}
		}
	}()
	return func() { close(over); <-ended }
}

// bombed is the payload of a record with that JSON.
func bombed(raw string) []byte {
	var zipped bytes.Buffer
	w, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	_, _ = w.Write([]byte(raw)) // a buffer takes everything
	_ = w.Close()
	return []byte(base64.StdEncoding.EncodeToString(zipped.Bytes()))
}

// within fails the row if the run took more memory, in bytes. What the system counts for a process that has ended is no less
// than what its parent had when it was begun, which is this test with all that it makes: so it is looked at as it runs.
func (e ended) within(limit int64) ended {
	e.s.t.Helper()
	switch peak := e.peak.Load(); {
	case peak == 0:
		e.s.t.Errorf("what memory %s took was not seen", e.verb)
	case peak > limit:
		e.s.t.Errorf("%s took %d MiB of memory, want %d at most", e.verb, peak>>20, limit>>20)
	}
	return e
}

// measure notes the most memory that a process has taken, as long as it runs.
func (p *process) measure() {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-look.C:
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
		if err != nil {
			continue // it has just ended
		}
		for line := range strings.Lines(string(status)) {
			if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
				kib, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
				p.peak.Store(max(p.peak.Load(), kib<<10))
			}
		}
	}
}
