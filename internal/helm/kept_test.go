package helm

import (
	"maps"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
)

// A claim that is to be kept holds the volume that it is bound to, and nothing else does.
func TestBoundIsHeld(t *testing.T) {
	n := needed{bound: map[string]string{}}
	for _, kind := range []string{"PersistentVolumeClaim", "Pod"} {
		info := &resource.Info{Name: "data", Namespace: "review", Mapping: &meta.RESTMapping{GroupVersionKind: schema.GroupVersionKind{
			Version: "v1", Kind: kind}}}
		for _, volume := range []string{"", "disk-of-" + kind} {
			n.bind(info, &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"volumeName": volume}}})
		}
	}
	const why = "PersistentVolumeClaim/data, which is to be kept by the manifest, is bound to it"
	if want := map[string]string{"disk-of-PersistentVolumeClaim": why}; !maps.Equal(n.bound, want) {
		t.Errorf("held are %v", n.bound)
	}
}

// Where everything goes, nothing is looked for.
func TestNothingIsNeededWhereAllGoes(t *testing.T) {
	for name, c := range map[string]*uninstallClient{
		"nothing is kept": {client: &client{}},
		"delete-foreign":  {client: &client{foreignGoes: true}, inventoried: inventoried{kept: "x"}},
	} {
		if n, err := c.neededByKept(); err != nil || n.held != nil || n.bound != nil {
			t.Errorf("%s: %v, %v", name, n, err)
		}
	}
}
