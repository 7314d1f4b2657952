package helm

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// A hook of the same name in another namespace is another object.
func TestRecordedHooks(t *testing.T) {
	r := ownership.Release{Namespace: "review", Name: "web"}
	var h hookObjects
	h.record(r, []facts.Hook{
		{Manifest: "{kind: Secret, metadata: {name: seed}}"},
		{Manifest: "{kind: Secret, metadata: {name: tool, namespace: tools}}"},
		{Manifest: "]"},
	})
	for name, c := range map[string]struct {
		kind, name, namespace string
		recorded              bool
	}{
		"as recorded":                {"Secret", "seed", "", true},
		"with its namespace":         {"Secret", "seed", "review", true},
		"of another kind":            {"ConfigMap", "seed", "", false},
		"moved away":                 {"Secret", "seed", "tools", false},
		"recorded elsewhere":         {"Secret", "tool", "tools", true},
		"moved to the release's own": {"Secret", "tool", "", false},
	} {
		var o unstructured.Unstructured
		o.SetUnstructuredContent(map[string]any{"kind": c.kind, "metadata": map[string]any{"name": c.name, "namespace": c.namespace}})
		if got := h.recorded[hookRef(r, &o)]; got != c.recorded {
			t.Errorf("%s: %t", name, got)
		}
	}
}
