package health

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Replicas returns how many of a workload's pods are ready, or how many
// completions a Job has, and how many are wanted. It returns 0, 0 for nil and for
// kinds without such a number.
//
// Only pods of the present revision count. While it is unknown which of the ready
// pods these are, pods of earlier revisions are taken to be the ready ones.
func Replicas(u *unstructured.Unstructured) (ready, wanted int) {
	if u == nil {
		return 0, 0
	}
	switch u.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Group: "apps", Kind: "Deployment"}, schema.GroupKind{Group: "apps", Kind: "StatefulSet"}:
		wanted = number(u, 1, "spec", "replicas")
		ready = number(u, 0, "status", "readyReplicas")
		if !keepsOldPods(u) {
			ready -= number(u, 0, "status", "replicas") - number(u, 0, "status", "updatedReplicas")
		}
	case schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}:
		wanted = number(u, 1, "spec", "replicas")
		ready = number(u, 0, "status", "readyReplicas")
	case schema.GroupKind{Group: "apps", Kind: "DaemonSet"}:
		wanted = number(u, 0, "status", "desiredNumberScheduled")
		ready = number(u, 0, "status", "numberReady")
		if !keepsOldPods(u) {
			ready -= number(u, 0, "status", "currentNumberScheduled") - number(u, 0, "status", "updatedNumberScheduled")
		}
	case schema.GroupKind{Group: "batch", Kind: "Job"}:
		wanted = number(u, 1, "spec", "completions")
		return min(number(u, 0, "status", "succeeded"), wanted), wanted
	}
	if number(u, 0, "status", "observedGeneration") < int(u.GetGeneration()) {
		ready = 0 // the status is that of an earlier generation
	}
	return min(max(ready, 0), wanted), wanted
}

// keepsOldPods returns whether the update strategy leaves pods of the revision
// before in place: OnDelete, or a partition.
func keepsOldPods(u *unstructured.Unstructured) bool {
	strategy, _, _ := unstructured.NestedString(u.Object, "spec", "updateStrategy", "type")
	return strategy == "OnDelete" || number(u, 0, "spec", "updateStrategy", "rollingUpdate", "partition") > 0
}
