package health

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// Where the workload controllers record revisions.
const (
	revisionAnnotation = "deployment.kubernetes.io/revision"
	templateGeneration = "deprecated.daemonset.template.generation"
	podGeneration      = "pod-template-generation"
)

// PodSelector returns the spec.selector of a workload. ok is false for other
// kinds, Services included, whose selector has another form, and for an empty
// selector.
func PodSelector(owner *unstructured.Unstructured) (selector *metav1.LabelSelector, ok bool) {
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

// IsPodOf returns whether a pod is a workload's own, in whichever revision. Its selector does not
// tell that: in a namespace that others use, their pods may have the same labels, and a chart may
// select whatever there is. Their faults are not the workload's, and their logs are not for those
// who read of it.
//
// It goes by the controller's name, which nobody else of the kind has in the namespace, so that
// the pods of a workload that was made anew count from their first moment on. The ReplicaSets of
// a Deployment are called like it, and a hash that has no dash follows.
func IsPodOf(kind, name string, uid types.UID, p *corev1.Pod) bool {
	if kind == "Pod" {
		return p.Name == name
	}
	controller := metav1.GetControllerOf(p)
	switch {
	case controller == nil:
		return false
	case kind == "Deployment":
		hash, ours := strings.CutPrefix(controller.Name, name+"-")
		return controller.Kind == "ReplicaSet" && ours && !strings.Contains(hash, "-")
	}
	return controller.Kind == kind && (controller.Name == name || controller.UID == uid)
}

// OfCurrentRevision returns whether a pod belongs to the present revision of its
// owner, as far as that is known. Pods of earlier revisions are on their way out:
// their faults are not the owner's.
//
// replicaSet names the ReplicaSet of a Deployment's present revision. With "",
// the pods of a Deployment that was never changed belong to it by their name, and
// those of others do not.
func OfCurrentRevision(owner *unstructured.Unstructured, replicaSet string, p *corev1.Pod) bool {
	if owner.GetUID() == p.UID {
		return true
	}
	controller := metav1.GetControllerOf(p)
	if controller == nil {
		return false
	}
	if owner.GetKind() == "Deployment" {
		first := owner.GetGeneration() == 1 && IsPodOf(owner.GetKind(), owner.GetName(), owner.GetUID(), p)
		return controller.Kind == "ReplicaSet" && (controller.Name == replicaSet || replicaSet == "" && first)
	}
	if controller.UID != owner.GetUID() {
		return false
	}
	switch owner.GetKind() {
	case "StatefulSet":
		update, _, _ := unstructured.NestedString(owner.Object, "status", "updateRevision")
		return Observed(owner) && update != "" && p.Labels["controller-revision-hash"] == update
	case "DaemonSet":
		want := owner.GetAnnotations()[templateGeneration]
		return want != "" && p.Labels[podGeneration] == want || want == "" && owner.GetGeneration() == 1
	}
	return true
}

// Revision returns the revision that the Deployment controller has given to a
// Deployment or ReplicaSet; "" while it has none.
func Revision(o metav1.Object) string { return o.GetAnnotations()[revisionAnnotation] }

// CurrentReplicaSet returns the one of the ReplicaSets that is of the Deployment's
// present revision; nil where there is none, or the revision is not known yet.
func CurrentReplicaSet(owner *unstructured.Unstructured, sets []appsv1.ReplicaSet) *appsv1.ReplicaSet {
	if !RevisionKnown(owner) {
		return nil
	}
	for i := range sets {
		rs := &sets[i]
		if Revision(rs) == Revision(owner) && metav1.IsControlledBy(rs, owner) {
			return rs
		}
	}
	return nil
}

// RevisionKnown returns whether the revision that a Deployment names is that of
// its present generation.
func RevisionKnown(owner *unstructured.Unstructured) bool {
	return Revision(owner) != "" && Observed(owner)
}

// ReplicaSetFailure returns why the API server refuses the pods of a ReplicaSet,
// as "REASON: MESSAGE"; "" where it does not.
func ReplicaSetFailure(rs *appsv1.ReplicaSet) string {
	for _, c := range rs.Status.Conditions {
		if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue {
			return join(c.Reason, c.Message)
		}
	}
	return ""
}
