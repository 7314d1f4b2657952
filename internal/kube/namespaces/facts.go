package namespaces

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// factsOf returns what a namespace says about itself.
func factsOf(ns *corev1.Namespace) facts.Namespace {
	seen := facts.Namespace{
		Name:       ns.Name,
		UID:        string(ns.UID),
		Version:    ns.ResourceVersion,
		Phase:      facts.NamespaceActive,
		Labelled:   ns.Labels[ownership.LabelManagedBy] == ownership.ManagedByBerth,
		Ours:       ownership.IsBerths(string(ns.UID), ns.Labels, ns.Annotations),
		Identity:   ns.Labels[ownership.LabelIdentity],
		Unmarked:   isUnmarked(ns),
		DeployedBy: ns.Annotations[ownership.AnnotationDeployedBy],
		Origin:     facts.Origin(ownership.OriginOf(ns.Annotations)),
	}
	seen.Adopted, _ = time.Parse(time.RFC3339, ns.Annotations[ownership.AnnotationAdopted]) // what is no time is none
	_, seen.Shared = ns.Annotations[ownership.AnnotationShared]
	_, seen.Copies = ns.Annotations[ownership.AnnotationCopies]
	_, seen.Quota = ns.Annotations[ownership.AnnotationQuota]
	seen.KeepWhy, seen.Keep = ownership.KeepMark(ns.Labels, ns.Annotations)
	if ns.DeletionTimestamp != nil || ns.Status.Phase == corev1.NamespaceTerminating {
		seen.Phase = facts.NamespaceTerminating
		seen.Blocking = blocking(ns)
	}
	return seen
}

// isUnmarked returns whether a namespace is as Berth has made it, and the UID was never written on it. What made
// it stands among its writers, with the time: a copy or one that was restored has another.
func isUnmarked(ns *corev1.Namespace) bool {
	if _, marked := ns.Annotations[ownership.AnnotationNamespaceUID]; marked {
		return false
	}
	return slices.ContainsFunc(ns.ManagedFields, func(w metav1.ManagedFieldsEntry) bool {
		return w.Manager == ownership.ManagedByBerth && w.Subresource == "" && w.Time != nil && w.Time.Equal(&ns.CreationTimestamp) &&
			sets(w.FieldsV1, []string{"metadata", "labels", ownership.LabelManagedBy})
	})
}

// blocking returns what the namespace controller says keeps a namespace from
// being deleted, or "".
func blocking(ns *corev1.Namespace) string {
	var reasons []string
	if silent := silentAPIServices(ns); len(silent) > 0 {
		reasons = append(reasons, fmt.Sprintf("APIService %s does not answer, and while that is so no namespace of the cluster comes to its end",
			strings.Join(silent, ", ")))
	}
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

// silentGroup matches an API group and version that could not be discovered, in the
// message of a namespace's condition: "custom.metrics.k8s.io/v1beta1: ".
var silentGroup = regexp.MustCompile(`([a-z0-9][a-z0-9.-]*)/(v[a-z0-9]+): `)

// silentAPIServices returns the APIServices that keep Kubernetes from finding out what
// the namespace holds, and so from ending it.
func silentAPIServices(ns *corev1.Namespace) (names []string) {
	for _, c := range ns.Status.Conditions {
		if c.Type != corev1.NamespaceDeletionDiscoveryFailure || c.Status != corev1.ConditionTrue {
			continue
		}
		for _, found := range silentGroup.FindAllStringSubmatch(c.Message, -1) {
			names = append(names, found[2]+"."+found[1]) // which is how an APIService is called
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
