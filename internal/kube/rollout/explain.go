package rollout

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

const (
	// explainBudget is what asking for reasons may take once a wait is over.
	explainBudget = 5 * time.Second
	// podsAsked bounds how many pods of one workload are listed.
	podsAsked = 100
)

// askPods adds to each workload's reason what its pods say. It is best effort:
// without an answer the workload's own reason stands.
func (w *Waiter) askPods(ctx context.Context, pending []*subject) {
	var asks errgroup.Group
	asks.SetLimit(parallelReads)
	for _, s := range pending {
		if s.live == nil {
			continue
		}
		asks.Go(func() error {
			if why := w.podReason(ctx, s.live); why != "" {
				s.object.Reason += "; " + why
			}
			return nil
		})
	}
	_ = asks.Wait() // they give no errors
}

func (w *Waiter) podReason(ctx context.Context, owner *unstructured.Unstructured) string {
	if owner.GetKind() == "Pod" {
		var pod corev1.Pod
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(owner.Object, &pod); err != nil {
			return ""
		}
		return PodReason(&pod)
	}
	selector, ok := podSelector(owner)
	if !ok {
		return ""
	}
	pods, err := w.Client.CoreV1().Pods(owner.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: selector, Limit: podsAsked})
	if err != nil {
		return ""
	}
	return worstPod(pods.Items)
}

// podSelector is the workload's spec.selector as a query. Services have a
// selector too, but of another form, and are ready without their pods.
func podSelector(owner *unstructured.Unstructured) (string, bool) {
	switch owner.GetKind() {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job":
	default:
		return "", false
	}
	raw, ok, err := unstructured.NestedMap(owner.Object, "spec", "selector")
	if !ok || err != nil {
		return "", false
	}
	var selector metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &selector); err != nil {
		return "", false
	}
	query, err := metav1.LabelSelectorAsSelector(&selector)
	if err != nil || query.Empty() {
		return "", false
	}
	return query.String(), true
}

// worstPod is the reason of the newest pod that has one: the older ones may be
// those of the revision before.
func worstPod(pods []corev1.Pod) string {
	slices.SortStableFunc(pods, func(a, b corev1.Pod) int {
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	for i := range pods {
		if why := PodReason(&pods[i]); why != "" {
			return "pod " + pods[i].Name + ": " + why
		}
	}
	return ""
}
