package namespaces

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/kube/health"
)

const (
	podsRead     = 100
	podsReadTime = 3 * time.Second
)

// onLostNodes returns which pods of a namespace are on nodes that are not ready, and
// hold it up for that; "" where there are none, or these may not be read. It runs also
// when ctx has ended.
func (m Manager) onLostNodes(ctx context.Context, namespace string) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), podsReadTime)
	defer cancel()
	list, err := m.Client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{Limit: podsRead})
	if err != nil {
		return ""
	}
	nodes := map[string]string{}
	lost := func(name string) string {
		why, known := nodes[name]
		if !known {
			if node, err := m.Client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{}); err == nil {
				why = health.NodeLost(node)
			}
			nodes[name] = why
		}
		return why
	}
	var held []*corev1.Pod
	for i := range list.Items {
		if p := &list.Items[i]; p.Spec.NodeName != "" && lost(p.Spec.NodeName) != "" {
			held = append(held, p)
		}
	}
	return health.PodsLeft(held, lost)
}
