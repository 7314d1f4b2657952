package kubetest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
)

// ApplyRBAC does with the RBAC that Berth prints what its reader is asked to do, as
// somebody who may. As kubectl apply does, it replaces the rules of a role that is there as a
// whole. What is not in a namespace goes at the end of the test.
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
		at := o.GroupVersionKind()
		kind := client.Resource(schema.GroupVersionResource{Group: at.Group, Version: at.Version, Resource: strings.ToLower(at.Kind) + "s"})
		if err := apply(t, kind, &o); err != nil {
			t.Fatalf("applying the RBAC: %v", err)
		}
	}
}

// apply makes an object, or brings the one of its name to it: lists are replaced, and not joined.
func apply(t testing.TB, kind dynamic.NamespaceableResourceInterface, o *unstructured.Unstructured) error {
	t.Helper()
	api := dynamic.ResourceInterface(kind)
	if ns := o.GetNamespace(); ns != "" {
		api = kind.Namespace(ns)
	}
	_, err := api.Create(t.Context(), o, metav1.CreateOptions{})
	if err == nil && o.GetNamespace() == "" {
		t.Cleanup(func() { _ = api.Delete(context.WithoutCancel(t.Context()), o.GetName(), metav1.DeleteOptions{}) })
	}
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	patch, err := o.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = api.Patch(t.Context(), o.GetName(), types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}
