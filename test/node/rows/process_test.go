//go:build node

package rows

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// shortLease is the lock-duration of rows in which a run is killed. The others have
// the usual one: a busy machine loses short ones.
const shortLease = "15s"

// runLimit bounds every run.
const runLimit = 4 * time.Minute

// process is one run of Berth.
type process struct {
	s            *scenario
	verb         string
	dir          string // of its report
	cmd          *exec.Cmd
	out          *output
	done         chan struct{} // closed when it has ended
	began, ended time.Time
}

// start begins a run of a verb. It is killed at the row's end if it still runs.
func (s *scenario) start(verb string, flags ...string) *process {
	s.t.Helper()
	dir := s.t.TempDir()
	args := []string{verb, "--report-dir", dir, "--namespace", s.namespace, "--release", "web"}
	if verb == "deploy" {
		args = append(args, "--chart", s.chartFolder)
	}
	p := &process{s: s, verb: verb, dir: dir, out: &output{began: time.Now()}, done: make(chan struct{}), began: time.Now()}
	p.cmd = exec.Command(berthBinary(s.t), append(append(args, s.row.Flags...), flags...)...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "KUBECONFIG=" + s.Kubeconfig(),
		"BERTH_REPOSITORY=acme/shop", "BERTH_BRANCH=main", "BERTH_APP=shop"}
	if s.row.Kills {
		p.cmd.Env = append(p.cmd.Env, "BERTH_LOCK_DURATION="+shortLease)
	}
	if err := p.cmd.Start(); err != nil {
		s.t.Fatalf("starting berth: %v", err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in the process state
		p.ended = time.Now()
		close(p.done)
	}()
	s.t.Cleanup(p.kill)
	s.runs = append(s.runs, p)
	return p
}

// wait lets the run end, and fails the row when it does not.
func (p *process) wait() *process {
	p.s.t.Helper()
	select {
	case <-p.done:
	case <-time.After(runLimit):
		p.kill()
		p.s.t.Fatalf("%s did not end within %s", p.verb, runLimit)
	}
	return p
}

// kill ends the run at once, and returns when it has ended.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // one that has ended is as good
	<-p.done
}

// code is how the run ended, as the rows write it.
func (p *process) code() string {
	select {
	case <-p.done:
	default:
		return "still running"
	}
	if code := p.cmd.ProcessState.ExitCode(); code >= 0 {
		return fmt.Sprint(code)
	}
	return "killed"
}

// says fails the row unless the run printed or reported every part.
func (p *process) says(parts ...string) *process {
	p.s.t.Helper()
	said := p.out.String() + p.report()
	for _, part := range parts {
		if !strings.Contains(said, part) {
			p.s.t.Errorf("%s says nothing of %q", p.verb, part)
		}
	}
	return p
}

// report is the run's report for people.
func (p *process) report() string {
	p.s.t.Helper()
	<-p.done
	data, err := os.ReadFile(filepath.Join(p.dir, "report.md"))
	if err != nil && p.code() != "killed" {
		p.s.t.Error(err)
	}
	return string(data)
}

// output is what a run says, with the time of every piece.
type output struct {
	mu    sync.Mutex
	began time.Time
	all   bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fmt.Fprintf(&o.all, "%6.2f ", time.Since(o.began).Seconds())
	return o.all.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

func (o *output) contains(text string) bool { return strings.Contains(o.String(), text) }
