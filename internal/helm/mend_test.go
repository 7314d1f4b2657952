package helm

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/ownership"
)

// A patch that the API server refused is not made good by writing nothing.
func TestNothingToReplaceIsNoSuccess(t *testing.T) {
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "c", "namespace": "n", "uid": "u"}, "data": map[string]any{"a": "b"}}}
	m := &mended{
		leavings: newLeavings(ownership.Release{Namespace: "n", Name: "r"}, nil, nil),
		info: &resource.Info{Namespace: "n", Name: "c", Object: object,
			Mapping: &meta.RESTMapping{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}}},
		want: object,
	}
	if err := m.replace(object); err == nil {
		t.Error("it counts as written")
	}
}
