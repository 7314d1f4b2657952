package helm

import (
	"testing"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
)

func TestClaimedBy(t *testing.T) {
	set := &resource.Info{Namespace: "review", Name: "db",
		Mapping: &meta.RESTMapping{GroupVersionKind: schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "StatefulSet"}},
		Object: &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
			"volumeClaimTemplates": []any{map[string]any{"metadata": map[string]any{"name": "data"}}},
		}}}}
	n := needed{claims: claimants(kube.ResourceList{set})}
	for name, c := range map[string]struct {
		kind, namespace, name string
		stays                 bool
	}{
		"its claim":                    {"PersistentVolumeClaim", "review", "data-db-0", true},
		"of a pod that is scaled away": {"PersistentVolumeClaim", "review", "data-db-12", true},
		"of no template":               {"PersistentVolumeClaim", "review", "logs-db-0", false},
		"without an ordinal":           {"PersistentVolumeClaim", "review", "data-db", false},
		"in another namespace":         {"PersistentVolumeClaim", "other", "data-db-0", false},
		"of another kind":              {"ConfigMap", "review", "data-db-0", false},
	} {
		info := &resource.Info{Namespace: c.namespace, Name: c.name,
			Mapping: &meta.RESTMapping{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: c.kind}}}
		if got := n.claimedBy(info); (got != "") != c.stays {
			t.Errorf("%s: %q", name, got)
		}
	}
}
