package manifest

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// DefinedKinds returns the kinds that a custom resource definition asks the API
// server to serve, none for another object or a malformed one.
func DefinedKinds(definition *unstructured.Unstructured) []schema.GroupVersionKind {
	if definition.GetKind() != "CustomResourceDefinition" {
		return nil
	}
	group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "kind")
	versions, _, _ := unstructured.NestedFieldNoCopy(definition.Object, "spec", "versions")
	all, _ := versions.([]any)
	var served []schema.GroupVersionKind
	for _, v := range all {
		version, _ := v.(map[string]any)
		if name, ok := version["name"].(string); ok && version["served"] == true {
			served = append(served, schema.GroupVersionKind{Group: group, Version: name, Kind: kind})
		}
	}
	return served
}

// IsDefinition returns whether a kind is that of custom resource definitions.
func IsDefinition(kind schema.GroupKind) bool {
	return kind == schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}
}
