//go:build linux && node

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// The node's network: a bridge of its own, on whose address the kubelet listens. A
// node's address may not be a loopback one.
const (
	bridge      = "cni0"
	nodeIP      = "10.88.0.1"
	network     = "10.88.0.0/16"
	nodeAddress = nodeIP + "/16"
)

// inside is the first process of the namespaces. It makes them a machine of their
// own and runs the plane there, whose command is the last stage.
func inside(command []string) (int, error) {
	runtime.LockOSThread() // enterCgroups says why
	dir := os.Getenv(folderVariable)
	if err := enterMounts(dir); err != nil {
		return 0, err
	}
	if err := enterCgroups(filepath.Base(dir)); err != nil {
		return 0, err
	}
	if err := makeNetwork(); err != nil {
		return 0, err
	}
	plane, err := beside("cluster")
	if err != nil {
		return 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, fmt.Errorf("finding this program in order to join the plane: %w", err)
	}
	if err := os.Setenv("TMPDIR", dataFolder(dir)); err != nil {
		return 0, err
	}
	stage := []string{plane, "run", "--node=none", "--node-ip=" + nodeIP, "--", self, "join", "--"}
	return asInit(append(stage, command...))
}

// makeNetwork brings up loopback and the bridge.
func makeNetwork() error {
	for _, args := range []string{
		"link set lo up",
		"link add " + bridge + " type bridge",
		"addr add " + nodeAddress + " dev " + bridge,
		"link set " + bridge + " up",
	} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			return fmt.Errorf("making the node's network: ip %s: %w: %s", args, err, out)
		}
	}
	return nil
}

// asInit runs the command as the first process of a namespace has to: it also reaps
// the orphans, which containers' shims are.
func asInit(command []string) (int, error) {
	process, err := os.StartProcess(command[0], command, &os.ProcAttr{Files: []*os.File{nil, os.Stdout, os.Stderr}})
	if err != nil {
		return 0, fmt.Errorf("starting the plane: %w", err)
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, fmt.Errorf("waiting for the plane: %w", err)
		case pid == process.Pid && (status.Exited() || status.Signaled()):
			return exitCode(status), nil
		}
	}
}
