package namespaces

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestRemaining(t *testing.T) {
	says := func(kind corev1.NamespaceConditionType, status corev1.ConditionStatus, message string) corev1.NamespaceCondition {
		return corev1.NamespaceCondition{Type: kind, Status: status, Message: message}
	}
	const left = "Some resources are remaining: boats.example.com has 1 resource instances, configmaps. has 12 resource instances"
	for name, c := range map[string]struct {
		conditions []corev1.NamespaceCondition
		want       string
	}{
		"nothing is said": {nil, "[]"},
		"two kinds": {[]corev1.NamespaceCondition{says(corev1.NamespaceContentRemaining, corev1.ConditionTrue, left)},
			"[boats.example.com configmaps]"},
		"not any more": {[]corev1.NamespaceCondition{says(corev1.NamespaceContentRemaining, corev1.ConditionFalse, left)}, "[]"},
		"something else": {[]corev1.NamespaceCondition{says(corev1.NamespaceFinalizersRemaining, corev1.ConditionTrue,
			"Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances")}, "[]"},
	} {
		ns := &corev1.Namespace{Status: corev1.NamespaceStatus{Conditions: c.conditions}}
		if got := fmt.Sprint(remaining(ns)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
