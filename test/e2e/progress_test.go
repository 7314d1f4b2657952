//go:build cluster

package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"

	"github.com/berth-dev/berth/internal/cli"
)

// slowly makes the pods ready three seconds after they run.
var slowly = []string{"--set", `podAnnotations.sim\.berth\.dev/behaviour=slow`, "--set", `podAnnotations.sim\.berth\.dev/delay=3s`}

// event is an entry of the report's timeline.
type event struct {
	What         string
	AtMs, TookMs int
	Parts        []event
}

// find is the first event of that name, wherever it is.
func find(events []event, what string) (event, bool) {
	for _, e := range events {
		if strings.HasPrefix(e.What, what) {
			return e, true
		}
		if part, ok := find(e.Parts, what); ok {
			return part, true
		}
	}
	return event{}, false
}

// A line for each change of what is waited for, and a timeline that shows what
// the time went to.
func TestDeployTellsHowARolloutGoes(t *testing.T) {
	s := newFixture(t)
	e := s.berth("deploy", append(slowly, "--set", "hook=true")...).exit(t, 0).says(t,
		"\nJob/web-migrate: done after ",
		"\nWaiting for 1 of 3 objects to be ready: Deployment/web (0 of 2)\n",
		"\nDeployment/web: 0 of 2 ready: pod web-",
		"\nDeployment/web: ready after ",
		"\nAll 3 objects ready after ")
	if strings.Contains(e.stdout, "\x1b") || strings.Contains(e.stdout, "\r") {
		t.Errorf("control characters in %q", e.stdout)
	}
	before := ""
	for line := range strings.Lines(e.stdout) {
		if line != "\n" && line == before {
			t.Errorf("twice: %s", line)
		}
		before = line
	}
	var timeline []event
	raw, err := json.Marshal(e.report["timeline"])
	if err == nil {
		err = json.Unmarshal(raw, &timeline)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"Prepare chart", "Render the chart", "Wait for the hook Job/web-migrate", "Create 3 objects", "Check "} {
		if _, ok := find(timeline, what); !ok {
			t.Errorf("no %q in %s", what, raw)
		}
	}
	install, _ := find(timeline, "Install the release")
	wait, _ := find(install.Parts, "Wait until ready: 3 objects")
	web, ok := find(wait.Parts, "Deployment/web")
	if !ok || web.TookMs < 2500 || web.TookMs > wait.TookMs || wait.AtMs < install.AtMs ||
		wait.AtMs+wait.TookMs > install.AtMs+install.TookMs+1 {
		t.Errorf("the wait for Deployment/web is not where it belongs: %s", raw)
	}
	if rest, ok := find(wait.Parts, "and 2 more, ready at once"); !ok || rest.TookMs != 0 {
		t.Errorf("the rest is not told of in %+v", wait.Parts)
	}
}

// The table is for people: whoever reads the JSON gets nothing else on standard
// output.
func TestProgressLeavesTheJSONAlone(t *testing.T) {
	s := newFixture(t)
	var stdout, stderr bytes.Buffer
	env, args := s.command("deploy", append(slowly, "--output", "json")...)
	runBerthOn(t, &stdout, &stderr, env, args...).withOutput(&stdout).exit(t, 0)
	if !json.Valid(stdout.Bytes()) || !strings.Contains(stderr.String(), "Deployment/web: ready after ") {
		t.Errorf("standard output:\n%s\nstandard error:\n%s", &stdout, &stderr)
	}
}

// terminal runs berth on a pseudo terminal and gives all that it sent there.
// Signals are those of the run; watch sees what came so far, as it comes.
func (s *fixture) terminal(env map[string]string, signals chan os.Signal, watch func(sofar string), args ...string) (code int, out string) {
	s.t.Helper()
	control, tty, err := pty.Open()
	if err != nil {
		s.t.Skipf("no pseudo terminal here: %v", err)
	}
	defer control.Close()
	defer tty.Close()
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: 100}); err != nil {
		s.t.Fatal(err)
	}
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		s.t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		var all bytes.Buffer
		piece := make([]byte, 4096)
		for {
			n, err := control.Read(piece)
			all.Write(piece[:n])
			watch(all.String())
			if err != nil { // a closed terminal is an error
				read <- all.String()
				return
			}
		}
	}()
	environ := []string{"TERM=xterm"}
	for k, v := range env {
		environ = append(environ, k+"="+v)
	}
	code = cli.Main(s.t.Context(), cli.Process{
		Args: args, Environ: environ, Stdout: tty, Stderr: io.Discard, Signals: signals, Version: "test",
	})
	after, err := term.GetState(int(tty.Fd()))
	if err != nil || !reflect.DeepEqual(before, after) {
		s.t.Errorf("the terminal's state is not what it was: %+v, was %+v (%v)", after, before, err)
	}
	tty.Close()
	return code, <-read
}

// moves are the control sequences of a table, and marks those of the end of a run; no
// other is ever sent.
var (
	moves = regexp.MustCompile(`\x1b\[(?:[0-9]+A|K|J|3[123]m|0m)`)
	marks = regexp.MustCompile(`\x1b\[3[123]m[✓✗!]\x1b\[0m `)
)

// tableEnds fails the test unless nothing but the table's own sequences were
// sent, and none of them when the table was done with.
func tableEnds(t *testing.T, out, done string) {
	t.Helper()
	if rest := moves.ReplaceAllString(out, ""); strings.Contains(rest, "\x1b") {
		t.Errorf("other control sequences: %q", rest)
	}
	i := strings.Index(out, done)
	if i < 0 {
		t.Fatalf("no %q in %q", done, out)
	}
	if strings.Contains(marks.ReplaceAllString(out[i:], ""), "\x1b") {
		t.Errorf("after the table: %q", out[i:])
	}
}

func TestDeployShowsATableOnATerminal(t *testing.T) {
	s := newFixture(t)
	env, args := s.command("deploy", slowly...)
	code, out := s.terminal(env, nil, func(string) {}, args...)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	for _, part := range []string{
		"Waiting for 1 of 3 objects to be ready, 1 s\x1b[K\r\n", "  · Deployment/web  0/2  1 s  pod web-", "  and 2 more, ready\x1b[K",
		"\r\x1b[3AAll 3 objects ready after ", "\x1b[32m✓\x1b[0m Deployment/web  2/2  ",
	} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in %q", part, out)
		}
	}
	tableEnds(t, out, "Check what is stored and running\r\n")
}

// Whoever interrupts a run gets the terminal back as it was.
func TestInterruptLeavesTheTerminal(t *testing.T) {
	s := newFixture(t)
	env, args := s.command("deploy",
		"--set", `podAnnotations.sim\.berth\.dev/behaviour=slow`, "--set", `podAnnotations.sim\.berth\.dev/delay=120s`)
	signals := make(chan os.Signal, 1)
	var once sync.Once
	code, out := s.terminal(env, signals, func(sofar string) {
		if strings.Contains(sofar, "Deployment/web  0/2  1 s") {
			once.Do(func() { signals <- syscall.SIGINT })
		}
	}, args...)
	if code != 130 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	tableEnds(t, out, "\r\n  Review app ")
}

// In CI, and where a terminal can do nothing, there are lines.
func TestNoTableWhereNobodyLooks(t *testing.T) {
	for name, more := range map[string]map[string]string{"in CI": {"CI": "true"}, "a dumb terminal": {"TERM": "dumb"}} {
		t.Run(name, func(t *testing.T) {
			s := newFixture(t)
			env, args := s.command("deploy", slowly...)
			maps.Copy(env, more)
			code, out := s.terminal(env, nil, func(string) {}, args...)
			if code != 0 || strings.Contains(out, "\x1b") || !strings.Contains(out, "\nDeployment/web: ready after ") {
				t.Errorf("exit code %d: %q", code, out)
			}
		})
	}
}
