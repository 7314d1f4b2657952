//go:build conformance

package conformance

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// dead are the flags by which an operation of Helm's that is silent for a second has ended.
var dead = []string{"--assume-dead-after", "1s", "--lock-timeout", "30s"}

// applied matches a server-side apply, and any other patch, of an object of that resource.
func applied(resource string) faultproxy.Match {
	return faultproxy.Match{Verb: "patch", Resource: resource}
}

// byName runs what is about the release by its name alone.
func (s *fixture) byName(do func()) {
	s.t.Helper()
	before := s.env
	s.env = map[string]string{"BERTH_LOCK_DURATION": shortLease.String()}
	s.nameless()
	do()
	s.env = before
}

// keepsRecords fails the row where the records are others afterwards.
func (s *fixture) keepsRecords(do func()) {
	s.t.Helper()
	before := s.recordVersions()
	do()
	s.unchanged(before)
}

// ofHelm4 fails the row where a record of Helm 4's has other fields afterwards, or says
// another apply_method, unless it is gone.
func (s *fixture) ofHelm4(revision int, do func()) {
	s.t.Helper()
	before, method := s.fields(revision), s.applyMethod(revision)
	if method != "ssa" {
		s.t.Errorf("revision %d by Helm 4 has the apply_method %q", revision, method)
	}
	do()
	if !slices.ContainsFunc(s.records(), func(r storedRecord) bool { return r.Revision == revision }) {
		return
	}
	if after := s.fields(revision); !slices.Equal(before, after) {
		s.t.Errorf("the fields of revision %d were %q and are %q", revision, before, after)
	}
	if after := s.applyMethod(revision); after != method {
		s.t.Errorf("the apply_method of revision %d was %q and is %q", revision, method, after)
	}
}

// applyMethod is how Helm 4 is to apply what follows the revision: "" is the client's side.
func (s *fixture) applyMethod(revision int) string {
	s.t.Helper()
	for _, r := range s.records() {
		if r.Revision == revision {
			var payload struct {
				Method string `json:"apply_method"`
			}
			if err := json.Unmarshal(r.plain, &payload); err != nil {
				s.t.Fatal(err)
			}
			return payload.Method
		}
	}
	s.t.Fatalf("there is no revision %d", revision)
	return ""
}

// helmRun is a Helm 4 that runs through a proxy.
type helmRun struct {
	cmd  *exec.Cmd
	out  *output
	done chan struct{}
}

func (s *fixture) startHelm4(p *faultproxy.Proxy, args ...string) *helmRun {
	s.t.Helper()
	home := s.t.TempDir()
	run := &helmRun{cmd: exec.Command(kubetest.Helm(s.t, 4), append(args, "--namespace", s.namespace)...), out: &output{},
		done: make(chan struct{})}
	run.cmd.Env = []string{"HOME=" + home, "KUBECONFIG=" + p.Kubeconfig(s.t, s.Kubeconfig())}
	run.cmd.Stdout, run.cmd.Stderr = run.out, run.out
	if err := run.cmd.Start(); err != nil {
		s.t.Fatalf("starting helm: %v", err)
	}
	go func() {
		_ = run.cmd.Wait() // how it ended is in the process state
		close(run.done)
	}()
	s.t.Cleanup(run.kill)
	return run
}

func (r *helmRun) kill() {
	_ = r.cmd.Process.Kill() // one that has ended is as good
	<-r.done
}

// killHelm4 kills Helm 4 at the first request that matches, which never reaches the API server.
func (s *fixture) killHelm4(m faultproxy.Match, args ...string) {
	s.t.Helper()
	p := faultproxy.New(s.t, s.Config())
	s.killHelm4At(s.holdRequest(p, m, faultproxy.Refuse()), p, args...)
}

// killHelm4After kills Helm 4 when the first request that matches has been applied.
func (s *fixture) killHelm4After(m faultproxy.Match, args ...string) {
	s.t.Helper()
	p := faultproxy.New(s.t, s.Config())
	s.killHelm4At(s.holdAnswer(p, m), p, args...)
}

func (s *fixture) killHelm4At(at *heldRequest, p *faultproxy.Proxy, args ...string) {
	s.t.Helper()
	run := s.startHelm4(p, args...)
	s.untilHeld(at, run)
	run.kill()
	at.release()
}

func (s *fixture) untilHeld(at *heldRequest, run *helmRun) {
	s.t.Helper()
	select {
	case <-at.reached:
	case <-run.done:
		s.t.Fatalf("helm %s ended before it came to where it was to be held: %s", strings.Join(run.cmd.Args[1:], " "), run.out)
	case <-time.After(runLimit):
		s.t.Fatalf("helm %s did not come to where it was to be held", strings.Join(run.cmd.Args[1:], " "))
	}
}

// whileHelm4 does something while Helm 4 is held at a request, which is then sent.
func (s *fixture) whileHelm4(m faultproxy.Match, args []string, do func()) {
	s.t.Helper()
	p := faultproxy.New(s.t, s.Config())
	at := s.holdRequest(p, m)
	run := s.startHelm4(p, args...)
	s.untilHeld(at, run)
	do()
	at.release()
	<-run.done
}

// failHelm4 runs a Helm 4 that has to fail.
func (s *fixture) failHelm4(args ...string) {
	s.t.Helper()
	s.failHelm4At(faultproxy.New(s.t, s.Config()), args...)
}

func (s *fixture) failHelm4At(p *faultproxy.Proxy, args ...string) {
	s.t.Helper()
	run := s.startHelm4(p, args...)
	<-run.done
	if run.cmd.ProcessState.Success() {
		s.t.Errorf("helm %s did not fail: %s", strings.Join(args, " "), run.out)
	}
}

// applyAs applies fields of an object on the server's side, as another manager that takes
// what it wants.
func (s *fixture) applyAs(manager string, o object, fields string) {
	s.t.Helper()
	var content map[string]any
	if err := json.Unmarshal([]byte(fields), &content); err != nil {
		s.t.Fatal(err)
	}
	live := s.read(o)
	content["apiVersion"], content["kind"] = live.GetAPIVersion(), live.GetKind()
	u := &unstructured.Unstructured{Object: content}
	u.SetName(o.name)
	if _, err := s.client(o).Apply(s.t.Context(), o.name, u, metav1.ApplyOptions{FieldManager: manager, Force: true}); err != nil {
		s.t.Fatal(err)
	}
}
