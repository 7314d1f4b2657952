package helm

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
	"sigs.k8s.io/yaml"
)

// A definition of any form, malformed ones included, yields its served kinds or none.
func TestServedKinds(t *testing.T) {
	for name, c := range map[string]struct {
		definition string
		want       []schema.GroupVersionKind
	}{
		"two versions, one served": {"{kind: CustomResourceDefinition, spec: {group: a.b, names: {kind: K}, versions: [{name: v1, served: true}, {name: v2, served: false}]}}",
			[]schema.GroupVersionKind{{Group: "a.b", Version: "v1", Kind: "K"}}},
		"another kind":      {"{kind: ConfigMap}", nil},
		"no spec":           {"{kind: CustomResourceDefinition}", nil},
		"malformed":         {"{kind: CustomResourceDefinition, spec: {group: 1, names: [], versions: [x, {served: yes}]}}", nil},
		"versions no list":  {"{kind: CustomResourceDefinition, spec: {versions: {a: b}}}", nil},
		"names are no text": {"{kind: CustomResourceDefinition, spec: {versions: [{name: 1, served: 'true'}]}}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var o unstructured.Unstructured
			if err := yaml.Unmarshal([]byte(c.definition), &o.Object); err != nil {
				t.Fatal(err)
			}
			if got := servedKinds(&resource.Info{Object: &o}); !slices.Equal(got, c.want) {
				t.Errorf("kinds %v, want %v", got, c.want)
			}
		})
	}
}
