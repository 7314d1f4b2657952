package health

import (
	"fmt"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ReplicaFailure returns whether a Deployment or ReplicaSet has the condition
// ReplicaFailure: the API server refuses to create or delete its pods.
func ReplicaFailure(u *unstructured.Unstructured) bool {
	failing, _ := condition(u, "ReplicaFailure")
	return failing
}

// Holding returns what finalizers say of why an object that is being deleted is still
// there; "" where it has none.
func Holding(finalizers []string) string {
	others := slices.DeleteFunc(slices.Clone(finalizers), func(f string) bool { return f == metav1.FinalizerDeleteDependents })
	switch {
	case len(others) > 0:
		return fmt.Sprintf("it is held by finalizers %q", others)
	case len(finalizers) > 0:
		return "it waits for its pods to end"
	}
	return ""
}

// Observed returns whether the controller has seen the present generation, by
// status.observedGeneration.
func Observed(u *unstructured.Unstructured) bool {
	seen, known := observedGeneration(u)
	return known && seen >= u.GetGeneration()
}

// observedGeneration returns status.observedGeneration, also where it is given as
// text, as some controllers do.
func observedGeneration(u *unstructured.Unstructured) (generation int64, known bool) {
	raw, found, err := unstructured.NestedFieldNoCopy(u.Object, "status", "observedGeneration")
	if !found || err != nil {
		return 0, false
	}
	return integer(raw)
}

// integer returns a whole number that is given as a number or as text.
func integer(raw any) (n int64, ok bool) {
	switch raw := raw.(type) {
	case int64:
		return raw, true
	case float64:
		return int64(raw), float64(int64(raw)) == raw
	case string:
		n, err := strconv.ParseInt(raw, 10, 64)
		return n, err == nil
	}
	return 0, false
}

// condition returns whether the condition of that type is True, and its reason
// and message as "REASON: MESSAGE".
func condition(u *unstructured.Unstructured, kind string) (holds bool, why string) {
	c, _ := lastOf(conditions(u), kind)
	return conditionStatus(c) == "True", whyOf(c)
}

// lastOf returns the last of the conditions of a type: where a controller appends
// to the list, the others are of the past.
func lastOf(all []map[string]any, kind string) (c map[string]any, found bool) {
	for _, c := range slices.Backward(all) {
		if c["type"] == kind {
			return c, true
		}
	}
	return nil, false
}

// conditionStatus returns True, False, Unknown, or whatever else a condition says.
func conditionStatus(c map[string]any) string {
	switch status := c["status"].(type) {
	case string:
		return status
	case bool:
		if status {
			return "True"
		}
		return "False"
	}
	return ""
}

// whyOf returns a condition's "REASON: MESSAGE".
func whyOf(c map[string]any) string {
	reason, _ := c["reason"].(string)
	message, _ := c["message"].(string)
	if message == reason {
		return reason
	}
	return join(reason, message)
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
