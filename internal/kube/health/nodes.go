package health

import (
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
