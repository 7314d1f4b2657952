package namespaces

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

const silentDiscovery = "Discovery failed for some groups, 2 failing: unable to retrieve the complete list of server APIs: " +
	"custom.metrics.k8s.io/v1beta1: the server is currently unable to handle the request, " +
	"silent.example.org/v1: stale GroupVersion discovery: silent.example.org/v1"

func TestNamespaceFacts(t *testing.T) {
	ours := func(change func(*corev1.Namespace)) *corev1.Namespace {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: "review-1", UID: "u1",
			Labels:      map[string]string{ownership.LabelManagedBy: ownership.ManagedByBerth, ownership.LabelIdentity: "abc"},
			Annotations: map[string]string{ownership.AnnotationNamespaceUID: "u1", ownership.AnnotationBranch: "feature/x"},
		}}
		change(ns)
		return ns
	}
	tests := map[string]struct {
		namespace *corev1.Namespace
		ours      bool
		keep      bool
		blocking  string
	}{
		"ours":                   {ours(func(*corev1.Namespace) {}), true, false, ""},
		"a copy of its YAML":     {ours(func(n *corev1.Namespace) { n.UID = "u2" }), false, false, ""},
		"without the label":      {ours(func(n *corev1.Namespace) { delete(n.Labels, ownership.LabelManagedBy) }), false, false, ""},
		"without the annotation": {ours(func(n *corev1.Namespace) { delete(n.Annotations, ownership.AnnotationNamespaceUID) }), false, false, ""},
		"no UID at all": {ours(func(n *corev1.Namespace) { n.UID = ""; n.Annotations[ownership.AnnotationNamespaceUID] = "" }), false,
			false, ""},
		"to be kept":      {ours(func(n *corev1.Namespace) { n.Annotations[ownership.AnnotationKeep] = "" }), true, true, ""},
		"kept by a label": {ours(func(n *corev1.Namespace) { n.Labels[ownership.AnnotationKeep] = "true" }), true, true, ""},
		"not to be kept":  {ours(func(n *corev1.Namespace) { n.Labels[ownership.AnnotationKeep] = "false" }), true, false, ""},
		"Flux":            {ours(func(n *corev1.Namespace) { n.Labels["kustomize.toolkit.fluxcd.io/name"] = "apps" }), true, true, ""},
		"Argo CD":         {ours(func(n *corev1.Namespace) { n.Annotations["argocd.argoproj.io/tracking-id"] = "a:b" }), true, true, ""},
		"held up by an APIService": {ours(func(n *corev1.Namespace) {
			n.Status.Phase = corev1.NamespaceTerminating
			n.Status.Conditions = []corev1.NamespaceCondition{
				{Type: corev1.NamespaceDeletionDiscoveryFailure, Status: corev1.ConditionTrue, Message: silentDiscovery},
			}
		}), true, false, "APIService v1.silent.example.org, v1beta1.custom.metrics.k8s.io does not answer, and while that is so no namespace " +
			"of the cluster comes to its end; " + silentDiscovery},
		"terminating": {ours(func(n *corev1.Namespace) {
			n.Status.Phase = corev1.NamespaceTerminating
			n.Status.Conditions = []corev1.NamespaceCondition{
				{Type: corev1.NamespaceDeletionContentFailure, Status: corev1.ConditionFalse, Message: "All content successfully deleted"},
				{Type: corev1.NamespaceFinalizersRemaining, Status: corev1.ConditionTrue, Message: "x.io/hold in 1 resource instances"},
			}
		}), true, false, "x.io/hold in 1 resource instances"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := factsOf(tt.namespace)
			if got.Ours != tt.ours || got.Keep != tt.keep || got.Blocking != tt.blocking {
				t.Errorf("facts: %+v", got)
			}
			if got.Keep != (got.KeepWhy != "") {
				t.Errorf("keep %t because %q", got.Keep, got.KeepWhy)
			}
			if want := tt.blocking != ""; want != (got.Phase == facts.NamespaceTerminating) {
				t.Errorf("phase %s", got.Phase)
			}
			if got.Identity != "abc" || !strings.Contains(got.Origin.Branch, "feature") {
				t.Errorf("identity %q, branch %q", got.Identity, got.Origin.Branch)
			}
		})
	}
}
