package manifest

import "testing"

func TestIsRecord(t *testing.T) {
	for text, want := range map[string]bool{
		"{apiVersion: v1, kind: Secret, metadata: {name: sh.helm.release.v1.web.v9}}":             true,
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: sh.helm.release.v1.web.v9}}":          true,
		"{apiVersion: v1, kind: Secret, metadata: {generateName: sh.helm.release.v1.web.v9}}":     true,
		"{apiVersion: v1, kind: Secret, metadata: {name: web}, type: helm.sh/release.v1}":         true,
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: web, labels: {owner: helm}}}":         true,
		"{apiVersion: v1, kind: Secret, metadata: {name: web}, type: Opaque}":                     false,
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: web, labels: {owner: helmsman}}}":     false,
		"{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, labels: {owner: helm}}}":    false,
		"{apiVersion: example.org/v1, kind: Secret, metadata: {name: sh.helm.release.v1.web.v9}}": false,
	} {
		objects, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := IsRecord(objects[0]); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}
