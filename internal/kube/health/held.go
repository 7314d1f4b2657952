package health

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// held returns what is to be told of a workload that is ready although pods of an
// earlier revision may be what runs, because its roll-out waits for somebody.
func held(u *unstructured.Unstructured) Remark {
	if paused, _, _ := unstructured.NestedBool(u.Object, "spec", "paused"); paused {
		return Remark{Warning: true, Text: "it is paused: what is changed of its pods is not rolled out before somebody resumes it"}
	}
	if old, all := earlier(u); updatedByHand(u) && old > 0 {
		return Remark{Text: fmt.Sprintf("%d of %d pods are of an earlier revision: with OnDelete whoever deletes one has it replaced", old, all)}
	}
	return Remark{}
}

// updatedByHand returns whether a workload's pods are replaced by whoever deletes them.
func updatedByHand(u *unstructured.Unstructured) bool {
	how, _, _ := unstructured.NestedString(u.Object, "spec", "updateStrategy", "type")
	return how == "OnDelete"
}

// byHand returns the readiness of a StatefulSet or DaemonSet that is updated by hand,
// and that its controller has observed. Pods of an earlier revision are not waited
// for, whatever is the matter with them; what the controller makes anew has to be ready.
func byHand(u *unstructured.Unstructured) Readiness {
	old, _ := earlier(u)
	if ready, wanted := Replicas(u); ready < wanted-old {
		return Readiness{Reason: fmt.Sprintf("Ready: %d/%d", ready, wanted)}
	}
	return Readiness{Ready: true, Remark: held(u)}
}

// earlier returns how many pods of a StatefulSet or DaemonSet are of an earlier
// revision, and how many there are.
func earlier(u *unstructured.Unstructured) (old, all int) {
	count, updated := "replicas", "updatedReplicas"
	if u.GetKind() == "DaemonSet" {
		count, updated = "currentNumberScheduled", "updatedNumberScheduled"
	}
	all = number(u, 0, "status", count)
	return max(0, all-number(u, 0, "status", updated)), all
}
