package rollout

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"

	"github.com/berth-dev/berth/internal/kube/health"
)

const (
	leftTimeout = 3 * time.Second // what finding that out may take
	leftNamed   = 3               // pods
)

var (
	podResource  = corev1.SchemeGroupVersion.WithResource("pods")
	nodeResource = corev1.SchemeGroupVersion.WithResource("nodes")
)

// PodsLeft returns in one line which pods there still are, and of which the node is
// not ready: such pods go when the node is back, or is deleted. It returns "" where
// there are none or they may not be read. It has a timeout of its own and runs also
// when ctx has ended.
func PodsLeft(ctx context.Context, client dynamic.Interface, namespace, selector string) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leftTimeout)
	defer cancel()
	list, err := client.Resource(podResource).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector, Limit: podsListed})
	if err != nil || len(list.Items) == 0 {
		return ""
	}
	lost := map[string]string{}
	var named []string
	for i := range list.Items {
		pod, ok := toPod(&list.Items[i])
		if !ok {
			continue
		}
		if i == leftNamed {
			named = append(named, fmt.Sprintf("and %d more", len(list.Items)-leftNamed))
			break
		}
		named = append(named, "pod "+pod.Name+nodeNote(ctx, client, pod, lost))
	}
	return strings.Join(named, ", ") + " still there"
}

// nodeNote returns " (WHY)" for a pod whose node is not ready. known holds what was
// read of nodes.
func nodeNote(ctx context.Context, client dynamic.Interface, pod *corev1.Pod, known map[string]string) string {
	why, read := known[pod.Spec.NodeName]
	if !read && pod.Spec.NodeName != "" {
		if node, err := readNode(ctx, client, pod.Spec.NodeName); err == nil {
			why = health.NodeLost(node)
		}
		known[pod.Spec.NodeName] = why
	}
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}

func readNode(ctx context.Context, client dynamic.Interface, name string) (*corev1.Node, error) {
	u, err := client.Resource(nodeResource).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	node := &corev1.Node{}
	return node, runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, node)
}
