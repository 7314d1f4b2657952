package health

import (
	"cmp"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// held returns what is to be told of a workload that is ready although pods of an
// earlier revision may be what runs, because its roll-out waits for somebody.
func held(u *unstructured.Unstructured) Remark {
	if paused, _, _ := unstructured.NestedBool(u.Object, "spec", "paused"); paused {
		return Remark{Warning: true, Text: "it is paused: what is changed of its pods is not rolled out before somebody resumes it"}
	}
	if how, _, _ := unstructured.NestedString(u.Object, "spec", "updateStrategy", "type"); how != "OnDelete" {
		return Remark{}
	}
	count := func(names ...string) (n int64) {
		for _, name := range names {
			found, _, _ := unstructured.NestedInt64(u.Object, "status", name)
			n = cmp.Or(n, found)
		}
		return n
	}
	all, updated := count("replicas", "currentNumberScheduled"), count("updatedReplicas", "updatedNumberScheduled")
	if updated >= all {
		return Remark{}
	}
	return Remark{Text: fmt.Sprintf("%d of %d pods are of an earlier revision: with OnDelete whoever deletes one has it replaced", all-updated, all)}
}
