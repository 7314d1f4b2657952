//go:build linux && node

package main

import (
	"bufio"
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is the command as the Makefile builds it, with the parts beside it.
func program(t *testing.T) string {
	t.Helper()
	var lack *lackError
	if err := lacking(); errors.As(err, &lack) {
		t.Skipf("no real node here, which takes %v", lack)
	}
	path := os.Getenv("BERTH_TEST_NODE_BIN")
	if path == "" {
		t.Fatal("BERTH_TEST_NODE_BIN is not set: run `make test-node`")
	}
	return path
}

// startNode starts a node in a folder of the test's own, and returns once its command
// runs.
func startNode(t *testing.T, temp, script string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program(t), "run", "--", "sh", "-c", "echo it runs; "+script)
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if lines.Text() == "it runs" {
			return cmd
		}
	}
	t.Fatalf("the command did not run: %v", cmd.Wait())
	return nil
}

// TestLeavesNothing ends a node in each way that there is.
func TestLeavesNothing(t *testing.T) {
	before := settings(t)
	for name, end := range map[string]struct {
		script string
		signal syscall.Signal
		code   int
		keeps  bool // the logs, since the command failed
	}{
		"the command ends":      {script: "true", code: 0},
		"the command fails":     {script: "exit 7", code: 7, keeps: true},
		"interrupted":           {script: "sleep 600", signal: syscall.SIGINT, code: 130},
		"told to end":           {script: "sleep 600", signal: syscall.SIGTERM, code: 143},
		"killed, and run again": {script: "sleep 600", signal: syscall.SIGKILL, code: -1},
	} {
		t.Run(name, func(t *testing.T) {
			temp, err := os.MkdirTemp("", "berth-test-") // the paths of sockets have to be short
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(temp) })
			cmd := startNode(t, temp, end.script)
			folders, _ := filepath.Glob(filepath.Join(temp, folderPrefix+"*"))
			if end.signal != 0 {
				if err := cmd.Process.Signal(end.signal); err != nil {
					t.Fatal(err)
				}
			}
			_ = cmd.Wait() // how it ended is in the process state
			if code := cmd.ProcessState.ExitCode(); code != end.code {
				t.Errorf("exit code %d, want %d", code, end.code)
			}
			if end.signal == syscall.SIGKILL {
				_ = startNode(t, temp, "true").Wait()
			}
			for _, folder := range folders {
				checkGone(t, folder, end.keeps)
			}
			if now := settings(t); now != before {
				t.Errorf("the machine's mounts and settings are now\n%s", now)
			}
		})
	}
}

// checkGone fails the test if the node of that folder left something.
func checkGone(t *testing.T, folder string, logs bool) {
	t.Helper()
	all, err := hierarchies()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range all {
		if _, err := os.Stat(filepath.Join(h.path, filepath.Base(folder))); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a cgroup is left: %v", err)
		}
	}
	if _, err := os.Stat(folder); (err == nil) != logs {
		t.Errorf("the folder with the logs is there: %v, want %v", err == nil, logs)
	}
	// A process that was killed takes a moment to go.
	deadline := time.Now().Add(10 * time.Second)
	for {
		left := processesOf(folder)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("processes are left: %v", left)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// processesOf are the processes that have the folder in their environment.
func processesOf(folder string) (found []string) {
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environments {
		if data, err := os.ReadFile(path); err == nil && bytes.Contains(data, []byte(folderVariable+"="+folder)) {
			found = append(found, path)
		}
	}
	return found
}

// settings are the machine's mounts, and what a kubelet changes of its kernel.
func settings(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, name := range append(slices.Sorted(maps.Keys(tunables)), "../self/mounts") {
		data, err := os.ReadFile(filepath.Join("/proc/sys", name))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}

func TestNaming(t *testing.T) {
	for options, want := range map[string]string{
		"rw,cpu,cpuacct":                 "cpu,cpuacct",
		"rw,memory":                      "memory",
		"rw,xattr,name=systemd":          "none,name=systemd",
		"rw,xattr,release_agent=/x,pids": "pids",
	} {
		if got := naming(options); got != want {
			t.Errorf("naming(%q) = %q, want %q", options, got, want)
		}
	}
}
