package rollout

import (
	"context"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/text"
)

// Where the controllers keep which revision is which.
const (
	revisionAnnotation = "deployment.kubernetes.io/revision"
	templateGeneration = "deprecated.daemonset.template.generation"
	podGeneration      = "pod-template-generation"
)

// podSelector is the workload's spec.selector. Services have a selector too, but
// of another form, and are ready without their pods.
func podSelector(owner *unstructured.Unstructured) (selector *metav1.LabelSelector, ok bool) {
	switch owner.GetKind() {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job":
	default:
		return nil, false
	}
	raw, ok, err := unstructured.NestedMap(owner.Object, "spec", "selector")
	if !ok || err != nil {
		return nil, false
	}
	selector = &metav1.LabelSelector{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, selector); err != nil {
		return nil, false
	}
	return selector, len(selector.MatchLabels)+len(selector.MatchExpressions) > 0
}

// replicaSet is the Deployment's ReplicaSet of its present revision; nil when that
// cannot be told, as before the controller has looked.
func replicaSet(ctx context.Context, client kubernetes.Interface, owner *unstructured.Unstructured, selector string) *appsv1.ReplicaSet {
	revision := revisionOf(owner)
	if revision == "" || !looked(owner) {
		return nil
	}
	sets, err := client.AppsV1().ReplicaSets(owner.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil
	}
	for i := range sets.Items {
		rs := &sets.Items[i]
		if revisionOf(rs) == revision && metav1.IsControlledBy(rs, owner) {
			return rs
		}
	}
	return nil
}

// refusal is why a ReplicaSet's pods are not let be made; empty when they are.
func refusal(rs *appsv1.ReplicaSet) string {
	for _, c := range rs.Status.Conditions {
		if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue {
			return c.Reason + text.After(": ", c.Message)
		}
	}
	return ""
}

// revisionOf tells a Deployment's revisions apart.
func revisionOf(o metav1.Object) string { return o.GetAnnotations()[revisionAnnotation] }

// looked says that the controller has seen the present generation.
func looked(u *unstructured.Unstructured) bool {
	seen, ok, err := unstructured.NestedInt64(u.Object, "status", "observedGeneration")
	return err == nil && ok && seen >= u.GetGeneration()
}

// present says that a pod is of the workload's present revision, as far as that
// is known: what happens to the revision before, which ends, is no fault. replicas
// names the ReplicaSet of a Deployment; one that was never changed has no other.
func present(owner *unstructured.Unstructured, replicas string, p *corev1.Pod) bool {
	if owner.GetUID() == p.UID {
		return true
	}
	controller := metav1.GetControllerOf(p)
	if controller == nil {
		return false
	}
	if owner.GetKind() == "Deployment" {
		first := owner.GetGeneration() == 1 && strings.HasPrefix(controller.Name, owner.GetName()+"-")
		return controller.Kind == "ReplicaSet" && (controller.Name == replicas || replicas == "" && first)
	}
	if controller.UID != owner.GetUID() {
		return false
	}
	switch owner.GetKind() {
	case "StatefulSet":
		update, _, _ := unstructured.NestedString(owner.Object, "status", "updateRevision")
		return looked(owner) && update != "" && p.Labels["controller-revision-hash"] == update
	case "DaemonSet":
		want := owner.GetAnnotations()[templateGeneration]
		return want != "" && p.Labels[podGeneration] == want || want == "" && owner.GetGeneration() == 1
	}
	return true
}

// podOf reads a pod, without what no judgement needs.
func podOf(u *unstructured.Unstructured) (*corev1.Pod, bool) {
	var p corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &p); err != nil {
		return nil, false
	}
	return lean(&p), true
}

// lean drops of a pod what no judgement needs.
func lean(p *corev1.Pod) *corev1.Pod {
	p.ManagedFields, p.Annotations = nil, nil
	claims := slices.DeleteFunc(p.Spec.Volumes, func(v corev1.Volume) bool { return v.PersistentVolumeClaim == nil })
	p.Spec = corev1.PodSpec{NodeName: p.Spec.NodeName, Volumes: claims}
	return p
}
