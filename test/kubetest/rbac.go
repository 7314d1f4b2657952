package kubetest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
)

// ApplyRBAC does with the RBAC that Berth prints what its reader is asked to do, as
// somebody who may. What is not in a namespace goes at the end of the test.
func (c *Cluster) ApplyRBAC(t testing.TB, text string) {
	t.Helper()
	client, err := dynamic.NewForConfig(c.Config())
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		var o unstructured.Unstructured
		if err := decoder.Decode(&o.Object); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("the RBAC is not YAML: %v\n%s", err, text)
		}
		if o.Object == nil {
			continue // comments alone
		}
		kind := schema.GroupVersionResource{Group: rbacv1.GroupName, Version: "v1", Resource: strings.ToLower(o.GetKind()) + "s"}
		api := dynamic.ResourceInterface(client.Resource(kind))
		if ns := o.GetNamespace(); ns != "" {
			api = client.Resource(kind).Namespace(ns)
		} else {
			t.Cleanup(func() { _ = api.Delete(context.WithoutCancel(t.Context()), o.GetName(), metav1.DeleteOptions{}) })
		}
		if _, err := api.Create(t.Context(), &o, metav1.CreateOptions{}); err != nil {
			t.Fatalf("applying the RBAC: %v", err)
		}
	}
}
