package manifest

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
)

func refsOf(objects []*unstructured.Unstructured) []facts.Ref {
	refs := make([]facts.Ref, len(objects))
	for i, o := range objects {
		refs[i] = RefOf(o)
	}
	return refs
}

func TestParse(t *testing.T) {
	tests := map[string]struct {
		manifest string
		want     []facts.Ref
		fails    bool
	}{
		"empty":           {"", nil, false},
		"only separators": {"---\n---\n# a comment\n---\n{}\n", nil, false},
		"Helm's form": {"---\n# Source: web/templates/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: other\n---\n# Source: web/templates/b.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: b\n",
			[]facts.Ref{{APIVersion: "v1", Kind: "ConfigMap", Namespace: "other", Name: "a"},
				{APIVersion: "apps/v1", Kind: "Deployment", Name: "b"}}, false},
		"a list": {"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n- {apiVersion: v1, kind: Service, metadata: {name: b}}\n",
			[]facts.Ref{{APIVersion: "v1", Kind: "Service", Name: "a"}, {APIVersion: "v1", Kind: "Service", Name: "b"}}, false},
		"a list in a list": {"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Service, metadata: {name: a}}]}\n- {apiVersion: v1, kind: Service, metadata: {name: b}}\n",
			[]facts.Ref{{APIVersion: "v1", Kind: "Service", Name: "a"}, {APIVersion: "v1", Kind: "Service", Name: "b"}}, false},
		"no kind":           {"a: b\n", nil, true},
		"no YAML":           {"{{ nope", nil, true},
		"plain text":        {"hello", nil, true},
		"a number":          {"7", nil, true},
		"a list of numbers": {"[1, 2]", nil, true},
		"a tab":             {"\t\x00\xff", nil, true},
		"odd metadata":      {"apiVersion: v1\nkind: ConfigMap\nmetadata: 3\n", []facts.Ref{{APIVersion: "v1", Kind: "ConfigMap"}}, false},
		"odd items":         {"apiVersion: v1\nkind: List\nitems: [3]\n", nil, true},
		"the broken second": {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n[",
			[]facts.Ref{{APIVersion: "v1", Kind: "ConfigMap", Name: "a"}}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			objects, err := Parse(tt.manifest)
			if (err != nil) != tt.fails {
				t.Errorf("error: %v", err)
			}
			refs := refsOf(objects)
			if len(refs) != len(tt.want) {
				t.Fatalf("refs: %v, want %v", refs, tt.want)
			}
			for i := range refs {
				if refs[i] != tt.want[i] {
					t.Errorf("ref %d: %v, want %v", i, refs[i], tt.want[i])
				}
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "---\n", "a: &a [*a]", "kind: List\napiVersion: v1\nitems: {}", strings.Repeat("[", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, manifest string) {
		objects, _ := Parse(manifest)
		refsOf(objects)
	})
}
