package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"slices"
	"strings"

	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

// settings are what a plane is asked to be.
type settings struct {
	// node is which node the plane has: simulatedNode, or noNode for one that joins
	// by itself.
	node string
	// nodeIP is where the node that joins serves its logs. The serving certificate
	// is good for it.
	nodeIP string
}

// The nodes that a plane can have.
const (
	simulatedNode = "simulated"
	noNode        = "none"
)

// register has the flags of the command line fill the settings.
func (s *settings) register(flags *flag.FlagSet) {
	flags.StringVar(&s.node, "node", simulatedNode, "simulated, or none where a real kubelet joins")
	flags.StringVar(&s.nodeIP, "node-ip", "", "the address of the kubelet that joins")
}

// check says what is wrong with the settings.
func (s settings) check() error {
	switch s.node {
	case simulatedNode, noNode:
	default:
		return fmt.Errorf("--node %q is neither %s nor %s", s.node, simulatedNode, noNode)
	}
	if s.nodeIP == "" {
		return nil
	}
	if s.node == simulatedNode {
		return errors.New("--node-ip is for a node that joins: add --node=none")
	}
	if net.ParseIP(s.nodeIP) == nil {
		return fmt.Errorf("--node-ip %q is no address", s.nodeIP)
	}
	return nil
}

// arguments are the flags that register reads, for the supervisor.
func (s settings) arguments() []string {
	return []string{"--node", s.node, "--node-ip", s.nodeIP}
}

// controllers are those that the controller manager runs: all but these, as far as this
// version of Kubernetes has them. A simulated node is always well, and deleteNamespaces
// does the namespace controller's work beside it.
func (s settings) controllers() string {
	off := []string{"node-ipam-controller", "cloud-node-lifecycle-controller"}
	if s.node != noNode {
		off = append(off, "node-lifecycle-controller", "namespace-controller")
	}
	run := []string{"*"}
	for _, name := range controllermanager.KnownControllers() {
		if slices.Contains(off, name) {
			run = append(run, "-"+name)
		}
	}
	return strings.Join(run, ",")
}

// disabledAdmission are the admission plugins that are off. No node lifecycle
// controller would remove the taint from a simulated node.
func (s settings) disabledAdmission() string {
	if s.node == noNode {
		return ""
	}
	return "TaintNodesByCondition"
}
