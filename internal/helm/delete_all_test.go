package helm

import (
	"testing"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
)

// What the manifest has, and the hooks of the chart, holds its namespace and its kind's definition,
// and the chart's crds folder its own.
func TestNeededIsHeld(t *testing.T) {
	mapped := func(group, kind, plural, namespace string) *resource.Info {
		gv := schema.GroupVersion{Group: group, Version: "v1"}
		return &resource.Info{Name: "one", Namespace: namespace, Mapping: &meta.RESTMapping{
			GroupVersionKind: gv.WithKind(kind), Resource: gv.WithResource(plural), Scope: meta.RESTScopeNamespace}}
	}
	c := &client{definitions: []string{"ships.example.org"}, hooked: kube.ResourceList{mapped("", "Secret", "secrets", "seeds")}}
	target := kube.ResourceList{mapped("example.org", "Boat", "boats", "review"), mapped("", "ConfigMap", "configmaps", "db")}
	if n := c.neededBy(target, target); n.held != nil || n.claims != nil {
		t.Errorf("what takes nothing along was looked at: %v", n)
	}
	held := c.neededBy(target, kube.ResourceList{mapped("", "Namespace", "namespaces", "")}).held
	for name, want := range map[string]string{
		"boats.example.org":  "Boat/one, of the release, is of its kind",
		"ships.example.org":  "the chart has it in its crds folder",
		"review":             "Boat/one, of the release, is in it",
		"db":                 "ConfigMap/one, of the release, is in it",
		"seeds":              "Secret/one, of a hook of the release, is in it",
		"planes.example.org": "",
		"elsewhere":          "",
	} {
		if held[name] != want {
			t.Errorf("%s: %q, want %q", name, held[name], want)
		}
	}
	for kind, want := range map[schema.GroupKind]bool{
		{Kind: "Namespace"}: true, {Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}: true,
		{Kind: "ConfigMap"}: false, {Group: "example.org", Kind: "Namespace"}: false,
	} {
		if got := takesAlong(mapped(kind.Group, kind.Kind, "x", "")); got != want {
			t.Errorf("%s: %t", kind, got)
		}
	}
}
