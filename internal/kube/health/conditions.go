package health

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// ReplicaFailure returns whether a Deployment or ReplicaSet has the condition
// ReplicaFailure: the API server refuses to create or delete its pods.
func ReplicaFailure(u *unstructured.Unstructured) bool {
	failing, _ := condition(u, "ReplicaFailure")
	return failing
}

// Observed returns whether the controller has seen the present generation, by
// status.observedGeneration.
func Observed(u *unstructured.Unstructured) bool {
	seen, ok, err := unstructured.NestedInt64(u.Object, "status", "observedGeneration")
	return err == nil && ok && seen >= u.GetGeneration()
}

// condition returns whether the condition of that type is True, and its reason
// and message as "REASON: MESSAGE".
func condition(u *unstructured.Unstructured, kind string) (holds bool, why string) {
	for _, c := range conditions(u) {
		if c["type"] != kind || c["status"] != "True" {
			continue
		}
		reason, _ := c["reason"].(string)
		message, _ := c["message"].(string)
		return true, join(reason, message)
	}
	return false, ""
}

// conditions returns the entries of status.conditions, without those that are no
// objects.
func conditions(u *unstructured.Unstructured) []map[string]any {
	all, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	found := make([]map[string]any, 0, len(all))
	for _, c := range all {
		if c, ok := c.(map[string]any); ok {
			found = append(found, c)
		}
	}
	return found
}

func phase(u *unstructured.Unstructured) string {
	p, _, _ := unstructured.NestedString(u.Object, "status", "phase")
	return p
}

// number returns the integer at a path, or fallback where there is none.
func number(u *unstructured.Unstructured, fallback int, path ...string) int {
	n, found, err := unstructured.NestedInt64(u.Object, path...)
	if !found || err != nil {
		return fallback
	}
	return int(n)
}
