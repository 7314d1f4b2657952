package rollout

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/text"
)

// conditions are the object's status.conditions, without what is no condition.
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

// condition says whether the condition is true, and why in the object's words.
func condition(u *unstructured.Unstructured, kind string) (holds bool, why string) {
	for _, c := range conditions(u) {
		if c["type"] != kind || c["status"] != "True" {
			continue
		}
		reason, _ := c["reason"].(string)
		message, _ := c["message"].(string)
		return true, text.After(": ", reason) + text.After(": ", message)
	}
	return false, ""
}

func phase(u *unstructured.Unstructured) string {
	p, _, _ := unstructured.NestedString(u.Object, "status", "phase")
	return p
}
