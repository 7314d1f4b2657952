// Command cluster runs a real Kubernetes control plane on loopback for tests:
// etcd, kube-apiserver, kube-controller-manager and kube-scheduler as they are
// released, and a simulated node. It needs no container engine and no root.
//
// It is one multi-call binary: the verbs a person types (up, down, run) start
// the same file again once per part of the plane.
package main

import (
	"fmt"
	"os"
)

const usage = `Usage:
  cluster up   [--dir .cluster]   start in the background; prints where the kubeconfig is
  cluster down [--dir .cluster]   stop it and remove what it left
  cluster run  -- CMD ARGS...     start, run CMD with KUBECONFIG set, stop; CMD's exit code

up and run start a simulated node. With --node=none they start none: a real
kubelet can join with kubelet.kubeconfig, and with --node-ip its address is in
the serving certificate that lies beside it.
`

// exitUsage is the exit code for wrong input; everything else that fails in
// this command itself is exitFailure. run passes its command's own code on.
const (
	exitFailure = 1
	exitUsage   = 64
)

func main() {
	os.Exit(Main(os.Args[1:]))
}

// Main runs one verb, or one part of the plane, and returns the exit code.
func Main(args []string) int {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return exitUsage
	}
	verb, args := args[0], args[1:]
	if part, ok := partMains[verb]; ok {
		followSupervisor()
		return part(args)
	}
	switch verb {
	case "up":
		return withPlane(args, up)
	case "down":
		return withDir(args, down)
	case "run":
		return run(args)
	case superviseVerb:
		return withPlane(args, supervise)
	case "help", "-h", "--help":
		fmt.Print(usage)
		return 0
	}
	fmt.Fprintf(os.Stderr, "cluster: no verb %q\n%s", verb, usage)
	return exitUsage
}
