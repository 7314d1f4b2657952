package health

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ownGroups are the API groups with a dot in their name that Kubernetes serves itself.
var ownGroups = []string{
	"admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "authentication.k8s.io", "authorization.k8s.io",
	"certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io",
	"networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io",
	"storagemigration.k8s.io",
}

// IsCustom returns whether the objects of an API group are custom resources.
func IsCustom(group string) bool {
	return strings.Contains(group, ".") && !slices.Contains(ownGroups, group)
}

// custom judges a custom resource as kstatus does: by the generation that its
// controller has observed and the conditions Reconciling, Stalled and Ready. It reads
// them in whatever form they are written. What has no such form tells nothing, and
// nothing is failed for that.
func custom(u *unstructured.Unstructured) Readiness {
	raw, found := u.Object["status"]
	if !found || raw == nil {
		return Readiness{Ready: true}
	}
	status, ok := raw.(map[string]any)
	if !ok {
		return unjudged("its status is no object")
	}
	if observed, found := status["observedGeneration"]; found && observed != nil && u.GetGeneration() > 0 {
		switch seen, ok := integer(observed); {
		case !ok:
			return unjudged("status.observedGeneration is no number")
		case seen != u.GetGeneration():
			return Readiness{Reason: fmt.Sprintf("its controller has looked at generation %d, and not at %d yet", seen, u.GetGeneration())}
		}
	}
	known := conditions(u)
	if all, found := status["conditions"]; found && all != nil {
		if list, ok := all.([]any); !ok || len(list) > 0 && len(known) == 0 {
			return unjudged("status.conditions is no list of conditions")
		}
	}
	return byConditions(known)
}

// byConditions judges by the conditions that custom resources have in common.
func byConditions(all []map[string]any) Readiness {
	if c, _ := lastOf(all, "Reconciling"); conditionStatus(c) == "True" {
		return Readiness{Reason: reasonOf(c, "its controller is at work on it")}
	}
	if c, _ := lastOf(all, "Stalled"); conditionStatus(c) == "True" {
		return Readiness{Failed: true, Reason: reasonOf(c, "its controller cannot go on")}
	}
	if c, _ := lastOf(all, "Ready"); conditionStatus(c) == "False" || conditionStatus(c) == "Unknown" {
		return Readiness{Reason: reasonOf(c, "its controller says that it is not ready")}
	}
	return Readiness{Ready: true}
}

// reasonOf returns what a condition gives as its reason, or else other.
func reasonOf(c map[string]any, other string) string {
	if why := Sanitize(whyOf(c)); why != "" {
		return why
	}
	return other
}

// unjudged is a custom resource of which it cannot be told whether it is ready.
func unjudged(why string) Readiness {
	return Readiness{Ready: true, Remark: Remark{Text: "whether it is ready cannot be told, so it counts as ready: " + why}}
}

// Heard returns whether the controller of a custom resource has said something of its
// present generation, as far as that can be told.
func Heard(u *unstructured.Unstructured) bool {
	status, _, _ := unstructured.NestedMap(u.Object, "status")
	if len(status) == 0 {
		return false
	}
	if seen, known := observedGeneration(u); known {
		return seen >= u.GetGeneration()
	}
	for _, c := range conditions(u) {
		if seen, known := integer(c["observedGeneration"]); known {
			return seen >= u.GetGeneration()
		}
	}
	return u.GetGeneration() <= 1
}

// Stall identifies the condition by which a custom resource is stalled. It is ""
// for one that is not.
func Stall(u *unstructured.Unstructured) string {
	if !IsCustom(u.GroupVersionKind().Group) {
		return ""
	}
	c, _ := lastOf(conditions(u), "Stalled")
	if conditionStatus(c) != "True" {
		return ""
	}
	return fmt.Sprint("at ", c["lastTransitionTime"], c["observedGeneration"], whyOf(c))
}
