//go:build bench

package bench

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// lap is what test/bench/stopwatch says of a run.
type lap struct {
	Began, Ended time.Time
	Code         int
	PeakKiB      int64
}

func (l lap) took() time.Duration { return l.Ended.Sub(l.Began) }

// run runs a tool to its end, as a job of its own would: with a home that holds
// nothing, so that no cache of an earlier run helps it.
func (b *bench) run(t *testing.T, o *tool, args ...string) (lap, string) {
	t.Helper()
	home := t.TempDir()
	if o.name == berth && len(args) > 1 {
		args = append(args, "--report-dir", home)
	}
	cmd := exec.CommandContext(t.Context(), b.stopwatch, append([]string{o.binary}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	cmd.Env = []string{"KUBECONFIG=" + o.kubeconfig, "HOME=" + home, "PATH=" + os.Getenv("PATH")}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd.ExtraFiles = []*os.File{write}
	err = cmd.Run()
	write.Close()
	if err != nil {
		t.Fatalf("running %s: %v\n%s", o.name, err, out.String())
	}
	var l lap
	if err := json.NewDecoder(read).Decode(&l); err != nil {
		t.Fatalf("reading how long %s took: %v", o.name, err)
	}
	return l, out.String()
}

// deploy runs a deploy that has to succeed and keeps what it took.
func (b *bench) deploy(t *testing.T, s scenario, o *tool, namespace, revision string) {
	t.Helper()
	b.audit.take(t, o.user)
	o.relay.take()
	l := b.prepare(t, s, o, namespace, revision)
	add := func(m metric, value float64) { b.results.add(key{s.String(), o.name, m}, value) }
	add(wall, milliseconds(l.took()))
	add(memory, float64(l.PeakKiB)/1024)
	add(traffic, float64(o.relay.take())/1024)
	sent := b.audit.take(t, o.user)
	add(requests, float64(count(sent)))

	var first, last time.Time
	for _, r := range sent {
		if !r.applies(namespace) {
			continue
		}
		if first.IsZero() || r.StageTimestamp.Before(first) {
			first = r.StageTimestamp
		}
		if r.StageTimestamp.After(last) {
			last = r.StageTimestamp
		}
	}
	if !first.IsZero() { // Helm 3 sends nothing where nothing changes
		add(before, milliseconds(first.Sub(l.Began)))
	}
	if s.verb == noop {
		return // all was ready all the time
	}
	if ready := b.watcher.last(t, namespace); ready.After(last) {
		last = ready
	}
	add(after, milliseconds(l.Ended.Sub(last)))
}

// ample is a timeout that no deploy which succeeds comes near: an upgrade of 300
// objects can take Helm 4 longer than the five minutes that are its own.
const ample = 30 * time.Minute

// prepare runs a deploy that has to succeed.
func (b *bench) prepare(t *testing.T, s scenario, o *tool, namespace, revision string) lap {
	t.Helper()
	l, out := b.run(t, o, o.deploy(namespace, s.values(revision), ample)...)
	if l.Code != 0 {
		t.Fatalf("%s ended with %d\n%s", o.name, l.Code, out)
	}
	return l
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
