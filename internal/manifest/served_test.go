package manifest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestInVersion(t *testing.T) {
	ingress := schema.GroupVersionKind{Group: "networking.k8s.io", Version: "v1", Kind: "Ingress"}
	for name, c := range map[string]struct {
		document, want string
		as             schema.GroupVersionKind
		misfit         bool
	}{
		"a field that is gone": {as: ingress,
			document: "{apiVersion: networking.k8s.io/v1beta1, kind: Ingress, metadata: {name: a}, spec: {backend: {serviceName: x}, ingressClassName: c," +
				" rules: [{host: h, http: {paths: [{path: /, backend: {serviceName: x}}]}}]}}",
			want: "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {ingressClassName: c," +
				" rules: [{host: h, http: {paths: [{path: /, backend: {}}]}}]}}"},
		"a field of another type": {as: ingress, misfit: true,
			document: "{apiVersion: networking.k8s.io/v1beta1, kind: Ingress, metadata: {name: a, labels: {b: c}}, spec: {rules: none}}",
			want:     "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, labels: {b: c}}}"},
		"a kind that nobody knows": {as: schema.GroupVersionKind{Group: "example.com", Version: "v2", Kind: "Boat"},
			document: "{apiVersion: example.com/v1, kind: Boat, metadata: {name: a}, spec: {x: [1]}}",
			want:     "{apiVersion: example.com/v2, kind: Boat, metadata: {name: a}, spec: {x: [1]}}"},
	} {
		t.Run(name, func(t *testing.T) {
			parse := func(text string) map[string]any {
				objects, err := Parse(text)
				if err != nil || len(objects) != 1 {
					t.Fatal(objects, err)
				}
				return objects[0].Object
			}
			before, err := Parse(c.document)
			if err != nil {
				t.Fatal(err)
			}
			got, fits := InVersion(before[0], c.as)
			if diff := cmp.Diff(parse(c.want), got.Object); diff != "" || fits == c.misfit {
				t.Errorf("fits %v, %s", fits, diff)
			}
			if diff := cmp.Diff(parse(c.document), before[0].Object); diff != "" {
				t.Errorf("the original was changed: %s", diff)
			}
		})
	}
}
