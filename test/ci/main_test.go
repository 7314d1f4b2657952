//go:build ci

// Package ci runs workflows and pipelines, as users write them, through emulators of
// both platforms' runners: nektos/act for GitHub and gitlab-ci-local for GitLab. They
// run the image that is built here, against the real control plane. What an emulator
// shows is evidence, and no proof for the hosted runners.
//
// No case trusts an exit code alone: an emulator that hands over nothing lets every run
// end as "nothing to do". What counts are the outputs that a later step is given, what is
// stored and running, the summary and the report files.
package ci

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/berth-dev/berth/test/docker"
)

const root = docker.Root

// runLimit is what one run of an emulator may take on a busy machine.
const runLimit = 5 * time.Minute

// TestMain runs more cases at a time than there are processors: half of a case is
// waiting.
func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "4")
	os.Exit(m.Run())
}

func TestCI(t *testing.T) {
	if err := missing(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v; in CI nothing may be left out", err)
		}
		t.Skipf("!! THE RUNNERS ARE NOT TESTED: %v", err)
	}
	w := newWorld(t)
	t.Run("Script", w.testScript)
	// Those that take longest begin first.
	t.Run("GitLab", func(t *testing.T) {
		t.Parallel()
		for _, c := range gitlabCases {
			t.Run(c.name, func(t *testing.T) { t.Parallel(); newGitLab(t, w, c).play() })
		}
	})
	t.Run("GitHub", func(t *testing.T) {
		t.Parallel()
		for _, c := range githubCases {
			t.Run(c.name, func(t *testing.T) { t.Parallel(); newGitHub(t, w, c).play() })
		}
	})
}

// only is what is wanted of a run that has one job.
func only[W any](job string, w W) map[string]W { return map[string]W{job: w} }

// missing names what the machine lacks, or is nil.
func missing() error {
	if err := docker.Missing(); err != nil {
		return err
	}
	for command, install := range map[string]string{
		"npx": "npm, and nodejs", "rsync": "rsync", "bash": "bash", "git": "git", "ldd": "libc-bin",
	} {
		if _, err := exec.LookPath(command); err != nil {
			return fmt.Errorf("there is no %s: install Debian's %s", command, install)
		}
	}
	return nil
}

// playOut runs an emulator to its end, with all that it started, and does something
// meanwhile.
func playOut(t *testing.T, cmd *exec.Cmd, meanwhile func(ended <-chan struct{})) (err error) {
	t.Helper()
	// An interrupt at the terminal is for the test, which then ends what it started.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { err = cmd.Wait(); close(ended) }()
	meanwhile(ended)
	<-ended
	return err
}
