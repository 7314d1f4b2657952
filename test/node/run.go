//go:build linux && node

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

// folderVariable names the run's folder for the stages that follow.
const folderVariable = "BERTH_TEST_NODE_FOLDER"

// run is the stage outside: it starts the one that is first in the namespaces, and
// cleans up after it.
func run(command []string) (code int, err error) {
	if err := lacking(); err != nil {
		return 0, err
	}
	if err := sweep(); err != nil {
		return 0, err
	}
	dir, lock, err := newFolder()
	if err != nil {
		return 0, err
	}
	defer lock.Close()
	keep := false
	defer func() {
		err = errors.Join(err, removeCgroups(filepath.Base(dir)))
		if !keep {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := makeCgroups(filepath.Base(dir)); err != nil {
		return 0, err
	}
	interrupted, code, err := startInside(dir, command)
	logs, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	if keep = code != 0 && !interrupted && len(logs) > 0; keep {
		fmt.Fprintf(os.Stderr, "node: the logs of containerd, the registry and the kubelet are in %s\n", dir)
	}
	return code, err
}

// startInside runs the command in the namespaces. An interrupt kills the first
// process in them, and the kernel all others: nothing there is worth a graceful end.
func startInside(dir string, command []string) (interrupted bool, code int, err error) {
	self, err := os.Executable()
	if err != nil {
		return false, 0, fmt.Errorf("finding this program in order to start it inside: %w", err)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)

	cmd := exec.Command(self, append([]string{"inside", "--"}, command...)...)
	cmd.Env = append(os.Environ(), folderVariable+"="+dir)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
		Setpgid:    true, // an interrupt at the terminal is for this process alone
		Pdeathsig:  syscall.SIGKILL,
	}
	// The kernel ties "die with the parent" to the thread that started the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return false, 0, fmt.Errorf("starting the first process in namespaces of its own: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case s := <-signals:
		_ = cmd.Process.Kill() // one that has ended meanwhile is as good
		<-done
		return true, 128 + int(s.(syscall.Signal)), nil
	case <-done:
		return false, exitCode(cmd.ProcessState.Sys().(syscall.WaitStatus)), nil
	}
}

// exitCode is what a shell would report.
func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
