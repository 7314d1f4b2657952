package rollout

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"

	"github.com/berth-dev/berth/internal/kube/health"
)

// leftTimeout bounds what finding out may take which pods are left.
const leftTimeout = 3 * time.Second

var (
	podResource  = corev1.SchemeGroupVersion.WithResource("pods")
	nodeResource = corev1.SchemeGroupVersion.WithResource("nodes")
)

// podsLeft returns in one line which of the pods that match a selector, and are own ones, there
// are; "" where there is none or they may not be read. It has a timeout of its own and runs also when ctx has ended.
func podsLeft(ctx context.Context, client dynamic.Interface, namespace, selector string, own func(*corev1.Pod) bool) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leftTimeout)
	defer cancel()
	list, err := client.Resource(podResource).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector, Limit: podsListed})
	if err != nil {
		return ""
	}
	var pods []*corev1.Pod
	for i := range list.Items {
		if pod, ok := toPod(&list.Items[i]); ok && own(pod) {
			pods = append(pods, pod)
		}
	}
	return health.PodsLeft(pods, lostBy(ctx, client))
}

// lostBy returns a function that tells why a node is not ready, and "" of one that is
// or may not be read.
func lostBy(ctx context.Context, client dynamic.Interface) func(name string) string {
	return func(name string) string {
		u, err := client.Resource(nodeResource).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return ""
		}
		node := &corev1.Node{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, node); err != nil {
			return ""
		}
		return health.NodeLost(node)
	}
}
