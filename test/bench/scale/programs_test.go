//go:build bench

package scale

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// lap is what test/bench/stopwatch says of a run, and what that printed.
type lap struct {
	Began, Ended time.Time
	Code         int
	PeakKiB      int64

	stdout, stderr string
}

func (l lap) took() time.Duration { return l.Ended.Sub(l.Began) }

// try runs a program to its end, as a job of its own would: with a home that holds nothing.
func try(t *testing.T, kubeconfig, program string, args ...string) lap {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Getenv("BERTH_TEST_STOPWATCH"), append([]string{program}, args...)...)
	home := t.TempDir()
	cmd.Dir = home
	cmd.Env = []string{"KUBECONFIG=" + kubeconfig, "HOME=" + home, "PATH=" + os.Getenv("PATH"), "GIT_DIR=" + home}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	read, write, err := os.Pipe()
	must(t, err)
	defer read.Close()
	cmd.ExtraFiles = []*os.File{write}
	err = cmd.Run()
	write.Close()
	l := lap{stdout: stdout.String(), stderr: stderr.String()}
	if err != nil {
		t.Fatalf("run %s: %v: %s", program, err, l.stderr)
	}
	must(t, json.NewDecoder(read).Decode(&l))
	return l
}

// run runs a program that has to succeed.
func run(t *testing.T, kubeconfig, program string, args ...string) lap {
	t.Helper()
	l := try(t, kubeconfig, program, args...)
	if l.Code != 0 {
		t.Fatalf("%s %q: exit code %d\n%s\n%s", program, args, l.Code, tail(l.stdout), tail(l.stderr))
	}
	return l
}

func tail(s string) string { return s[max(0, len(s)-4000):] }

// absolute returns a path that is good in every folder.
func absolute(path string) string {
	whole, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return whole
}

// middle returns the lap of the median time.
func middle(laps []lap) lap {
	sorted := slices.SortedFunc(slices.Values(laps), func(a, b lap) int { return int(a.took() - b.took()) })
	return sorted[len(sorted)/2]
}

func median(all []time.Duration) time.Duration { return slices.Sorted(slices.Values(all))[len(all)/2] }
