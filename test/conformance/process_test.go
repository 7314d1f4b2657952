//go:build conformance

package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// runLimit bounds a run that is not known to take longer.
const runLimit = 3 * time.Minute

// wrongInput is the exit code of a run that did not begin, and reports nothing.
const wrongInput = 64

// process is one run of Berth. It can be killed, stopped and signalled.
type process struct {
	s      *fixture
	verb   string
	dir    string // of its report
	cmd    *exec.Cmd
	out    *output
	done   chan struct{} // closed when it has ended
	peak   atomic.Int64  // the most memory that it has taken, in bytes, where the fixture is measured
	report report
}

// ended is a run that is over.
type ended struct {
	*process
	code int // -1: killed
}

// report is what the rows read of report.json.
type report struct {
	Verdict string `json:"verdict"`
	Cause   string `json:"cause"`
	Status  string `json:"status"`
	Repair  string `json:"repair"`
	Notes   []struct {
		Level, Title, Message string
	} `json:"annotations"`
	Gaps []struct {
		Verb, Resource string
	} `json:"missingPermissions"`
	Kept []string `json:"kept"`
}

// berthBinary is the binary under test.
func berthBinary(t testing.TB) string {
	t.Helper()
	path := os.Getenv("BERTH_TEST_BIN")
	if path == "" {
		t.Fatal("BERTH_TEST_BIN is not set: the matrix runs the real binary. Run `make test-conformance`, which builds it")
	}
	return path
}

// berth runs a verb to its end.
func (s *fixture) berth(verb string, flags ...string) ended {
	s.t.Helper()
	agrees := s.rehearse(verb, flags)
	return agrees(s.start(verb, flags...).wait(runLimit))
}

// start begins a run of a verb. It is killed at the row's end if it still runs.
func (s *fixture) start(verb string, flags ...string) *process {
	s.t.Helper()
	dir := s.t.TempDir()
	args := []string{verb, "--report-dir", dir, "--namespace", s.namespace, "--release", s.release}
	if verb == "deploy" {
		args = append(args, "--chart", s.chart)
	}
	env := map[string]string{
		"HOME": dir, "PATH": os.Getenv("PATH"), "KUBECONFIG": s.user(),
		"BERTH_REPOSITORY": "acme/shop", "BERTH_BRANCH": s.branch, "BERTH_APP": "shop",
	}
	maps.Copy(env, s.env)
	p := &process{s: s, verb: verb, dir: dir, out: &output{}, done: make(chan struct{})}
	p.cmd = exec.Command(berthBinary(s.t), append(args, flags...)...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	for _, name := range slices.Sorted(maps.Keys(env)) {
		p.cmd.Env = append(p.cmd.Env, name+"="+env[name])
	}
	if s.onStart != nil {
		s.onStart(p.cmd)
	}
	if err := p.cmd.Start(); err != nil {
		s.t.Fatalf("starting berth: %v", err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in the process state
		close(p.done)
	}()
	if s.measured {
		go p.measure()
	}
	s.t.Cleanup(p.kill)
	s.mu.Lock()
	s.runs = append(s.runs, p)
	s.mu.Unlock()
	return p
}

// wait lets the run end and fails the row when it does not do so in time.
func (p *process) wait(limit time.Duration) ended {
	p.s.t.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		p.kill()
		p.s.t.Fatalf("%s did not end within %s", p.verb, limit)
	}
	name := "report.json"
	if slices.Contains(p.cmd.Args, "--all") { // it is about many apps
		name = "fleet.json"
	}
	data, err := os.ReadFile(filepath.Join(p.dir, name))
	if err == nil {
		err = json.Unmarshal(data, &p.report)
	}
	code := p.cmd.ProcessState.ExitCode()
	if err != nil && code >= 0 && code != wrongInput {
		p.s.t.Errorf("the report of %s, which ended with %d: %v", p.verb, code, err)
	}
	return ended{p, code}
}

// kill ends the run at once, and returns when it has ended.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // one that has ended is as good
	<-p.done
}

func (p *process) stop()      { p.signal(syscall.SIGSTOP) }
func (p *process) cont()      { p.signal(syscall.SIGCONT) }
func (p *process) interrupt() { p.signal(syscall.SIGINT) }
func (p *process) terminate() { p.signal(syscall.SIGTERM) }
func (p *process) hangUp()    { p.signal(syscall.SIGHUP) }

func (p *process) signal(s syscall.Signal) {
	if err := p.cmd.Process.Signal(s); err != nil {
		p.s.t.Errorf("sending %s to %s: %v", s, p.verb, err)
	}
}

// String is how the run ended, with the titles of what it warned of.
func (p *process) String() string {
	select {
	case <-p.done:
	default:
		return "still running"
	}
	state := p.cmd.ProcessState
	if state.ExitCode() < 0 {
		return "killed"
	}
	s := fmt.Sprint(state.ExitCode())
	if w := p.warnings(); len(w) > 0 {
		s += fmt.Sprintf(" + warning (%s)", strings.Join(w, ", "))
	}
	return s
}

// warnings are the titles of its warnings.
func (p *process) warnings() (titles []string) {
	for _, n := range p.report.Notes {
		if n.Level == "warning" && !slices.Contains(titles, n.Title) {
			titles = append(titles, n.Title)
		}
	}
	return titles
}

// output is what a run says, readable while it runs.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

func (o *output) contains(text string) bool { return strings.Contains(o.String(), text) }

// randomText are printable bytes that gzip cannot make much smaller.
func randomText(n int) []byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[rand.IntN(len(letters))]
	}
	return b
}
