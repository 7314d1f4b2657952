//go:build linux && node

// Command node runs a command beside one real node: the embedded control plane,
// containerd with runc, a registry, and a kubelet compiled from the plane's own
// modules.
//
//	node run -- CMD ARGS...
//
// All of it lives in namespaces of its own (network, processes, mounts, cgroups),
// so that any number run side by side and nothing has to be undone: with the first
// process of the namespaces everything else goes, however it ended.
//
// The verbs are stages of one run. run makes the namespaces and cleans up after
// them; inside is the first process in them; join adds the node to the plane and
// runs the command.
package main

import (
	"errors"
	"fmt"
	"os"
)

const (
	exitFailure = 1
	exitUsage   = 64
	// exitSkipped is the exit code where the machine cannot run a node.
	exitSkipped = 77
)

func main() {
	os.Exit(Main(os.Args[1:]))
}

// Main runs one stage and returns the exit code: the command's own where it ran.
func Main(args []string) int {
	if len(args) < 3 || args[1] != "--" {
		fmt.Fprintln(os.Stderr, "Usage:\n  node run -- CMD ARGS...")
		return exitUsage
	}
	stages := map[string]func(command []string) (int, error){"run": run, "inside": inside, "join": join}
	stage, known := stages[args[0]]
	if !known {
		fmt.Fprintf(os.Stderr, "node: no verb %q\n", args[0])
		return exitUsage
	}
	code, err := stage(args[2:])
	var lack *lackError
	switch {
	case errors.As(err, &lack):
		fmt.Fprintf(os.Stderr, "!! NO REAL NODE: Berth is NOT tested on a kubelet here, which takes %v.\n", lack)
		return exitSkipped
	case err != nil:
		fmt.Fprintln(os.Stderr, "node:", err)
		return max(code, exitFailure)
	}
	return code
}
