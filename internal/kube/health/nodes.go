package health

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// NodeLost returns why nothing that a node says of its pods is to be relied on: its
// kubelet is not ready, or has not been heard of; "" for a node that is in order.
func NodeLost(n *corev1.Node) string {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status != corev1.ConditionTrue {
			return "node " + n.Name + " is not ready: " + join(c.Reason, Sanitize(c.Message))
		}
	}
	return ""
}

// LostNodes are the nodes that are not ready, by name, and why.
type LostNodes map[string]string

// lost returns why the node of a pod, or one that may be meant to take it, is not
// ready; "" where none is, or nodes may not be read and no event tells. Nothing is
// judged of such a pod: what is known of it is the past, and the node may come back.
func (e Evidence) lost(p *corev1.Pod) string {
	if p.Spec.NodeName != "" {
		events := e.Events[p.UID]
		if n := len(events); e.Lost[p.Spec.NodeName] == "" && n > 0 && events[n-1].Reason == "NodeNotReady" {
			return "node " + p.Spec.NodeName + " is not ready"
		}
		return e.Lost[p.Spec.NodeName]
	}
	if TaintsRepel(p) {
		for _, name := range slices.Sorted(maps.Keys(e.Lost)) {
			return "no node takes it, and " + e.Lost[name]
		}
	}
	return ""
}

// TaintsRepel returns whether a taint keeps a node from taking the pod. Kubernetes
// taints each node that is not ready; the scheduler does not say which taint it was.
func TaintsRepel(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && strings.Contains(c.Message, "taint")
	})
}

// podsNamed bounds how many pods one line names.
const podsNamed = 3

// PodsLeft returns in one line which pods there still are, and of which the node is
// not ready: these go when the node is back, or is deleted. lost tells that of a node
// by its name.
func PodsLeft(pods []*corev1.Pod, lost func(node string) string) string {
	if len(pods) == 0 {
		return ""
	}
	var named []string
	for i, p := range pods {
		if i == podsNamed {
			named = append(named, fmt.Sprintf("and %d more", len(pods)-podsNamed))
			break
		}
		note := "pod " + p.Name
		if why := lost(p.Spec.NodeName); why != "" {
			note += " (" + why + ")"
		}
		named = append(named, note)
	}
	return strings.Join(named, ", ") + " still there"
}
