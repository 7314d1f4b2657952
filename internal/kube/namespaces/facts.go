package namespaces

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// factsOf returns what a namespace says about itself.
func factsOf(ns *corev1.Namespace) facts.Namespace {
	seen := facts.Namespace{
		Name:       ns.Name,
		UID:        string(ns.UID),
		Phase:      facts.NamespaceActive,
		Ours:       ownership.IsBerths(string(ns.UID), ns.Labels, ns.Annotations),
		Identity:   ns.Labels[ownership.LabelIdentity],
		Branch:     ns.Annotations[ownership.AnnotationBranch],
		Repository: ns.Annotations[ownership.AnnotationRepository],
	}
	seen.KeepWhy, seen.Keep = ownership.KeepMark(ns.Labels, ns.Annotations)
	if ns.DeletionTimestamp != nil || ns.Status.Phase == corev1.NamespaceTerminating {
		seen.Phase = facts.NamespaceTerminating
		seen.Blocking = blocking(ns)
	}
	return seen
}

// blocking returns what the namespace controller says keeps a namespace from
// being deleted, or "".
func blocking(ns *corev1.Namespace) string {
	var reasons []string
	for _, c := range ns.Status.Conditions {
		if c.Status == corev1.ConditionTrue && c.Message != "" {
			reasons = append(reasons, c.Message)
		}
	}
	if len(ns.Finalizers) > 0 {
		reasons = append(reasons, "finalizers on the namespace itself: "+strings.Join(ns.Finalizers, ", "))
	}
	return strings.Join(reasons, "; ")
}
