//go:build cluster

package e2e

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/test/kubetest"
)

// template is a chart of one template, in a folder of its own.
func template(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"Chart.yaml": "apiVersion: v2\nname: one\nversion: 0.1.0\n", "templates/all.yaml": text} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// inItsNamespace returns a fixture whose user may do everything, in a namespace that
// Berth did not make.
func inItsNamespace(t *testing.T) *fixture {
	t.Helper()
	s := newAdminFixture(t)
	s.namespace = s.Namespace(t)
	return s
}

func (s *fixture) dynamic() dynamic.Interface {
	s.t.Helper()
	client, err := dynamic.NewForConfig(s.Config())
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// definition makes the API server serve a kind in v1alpha1 and v1 until the
// test ends, and returns its resource.
func (s *fixture) definition(kind string) schema.GroupVersionResource {
	s.t.Helper()
	gvr := schema.GroupVersionResource{Group: s.namespace + ".example.org", Version: "v1", Resource: strings.ToLower(kind) + "s"}
	version := func(name string, storage bool) map[string]any {
		return map[string]any{"name": name, "served": true, "storage": storage,
			"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object"}}}
	}
	crd := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": gvr.GroupResource().String()},
		"spec": map[string]any{
			"group": gvr.Group, "scope": "Namespaced",
			"names":    map[string]any{"kind": kind, "plural": gvr.Resource},
			"versions": []any{version("v1alpha1", false), version("v1", true)},
		},
	}}
	if _, err := s.dynamic().Resource(definitions).Create(s.t.Context(), crd, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.undefine(gvr) })
	s.served(gvr.GroupResource(), "v1alpha1", true)
	return gvr
}

// undefine removes a kind, and waits until the API server no longer offers it.
func (s *fixture) undefine(gvr schema.GroupVersionResource) {
	s.t.Helper()
	err := s.dynamic().Resource(definitions).Delete(context.WithoutCancel(s.t.Context()), gvr.GroupResource().String(), metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		s.t.Fatal(err)
	}
	s.served(gvr.GroupResource(), gvr.Version, false)
}

// served waits until discovery says that a resource is served in a version, or
// that it is not.
func (s *fixture) served(r schema.GroupResource, version string, want bool) {
	s.t.Helper()
	kubetest.Eventually(s.t, waitLimit, func() (bool, string) {
		_, lists, err := s.Client().Discovery().ServerGroupsAndResources()
		if err != nil && lists == nil {
			return false, err.Error()
		}
		got := false
		for _, list := range lists {
			for _, offered := range list.APIResources {
				got = got || list.GroupVersion == r.Group+"/"+version && offered.Name == r.Resource
			}
		}
		return got == want, fmt.Sprintf("%s in %s is offered: %t", r, version, got)
	})
}

// T64, https://github.com/helm/helm/issues/8413 and, for the policies,
// https://github.com/helm/helm/issues/12048.
func TestTeardownWhenAnAPIIsGone(t *testing.T) {
	s := inItsNamespace(t)
	boats, ships := s.definition("Boat"), s.definition("Ship")
	s.chart = template(t, strings.ReplaceAll(`
apiVersion: GROUP/v1alpha1
kind: Boat
metadata: {name: moved}
---
apiVersion: GROUP/v1alpha1
kind: Ship
metadata: {name: gone}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: plain}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: whatever, annotations: {helm.sh/resource-policy: whatever}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: keep, annotations: {helm.sh/resource-policy: keep}}
`, "GROUP", boats.Group))
	s.berth("deploy").exit(t, 0)
	if _, err := s.dynamic().Resource(definitions).Patch(t.Context(), boats.GroupResource().String(), types.JSONPatchType,
		[]byte(`[{"op":"replace","path":"/spec/versions/0/served","value":false}]`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	s.undefine(ships)
	s.served(boats.GroupResource(), "v1alpha1", false)

	s.berth("teardown").exit(t, 0)
	s.stored(map[int]string{})
	_, err := s.dynamic().Resource(boats).Namespace(s.namespace).Get(t.Context(), "moved", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("the object whose version is gone is still there: %v", err)
	}
	left := map[string]bool{}
	found, err := s.Client().CoreV1().ConfigMaps(s.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range found.Items {
		left[m.Name] = true
	}
	if want := map[string]bool{"keep": true, "kube-root-ca.crt": true}; !maps.Equal(left, want) {
		t.Errorf("left are %v, want the one to keep", left)
	}
}

// T28. What a pre-delete hook needs may be deleted already when the uninstall
// goes on, so it must not run again once it did.
func TestTeardownGoesOnWhereItWasCut(t *testing.T) {
	s := inItsNamespace(t)
	s.chart = template(t, `
apiVersion: v1
kind: ConfigMap
metadata: {name: held}
---
apiVersion: batch/v1
kind: Job
metadata: {name: farewell, annotations: {helm.sh/hook: pre-delete}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: farewell, image: "registry.example/app:1.0"}]}}}
`)
	s.berth("deploy").exit(t, 0)
	configMaps := s.Client().CoreV1().ConfigMaps(s.namespace)
	hold := func(finalizers string) {
		t.Helper()
		if _, err := configMaps.Patch(t.Context(), "held", types.MergePatchType,
			[]byte(`{"metadata":{"finalizers":`+finalizers+`}}`), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	hold(`["example.com/hold"]`)
	ctx, cut := context.WithCancel(t.Context())
	ended, release := make(chan struct{}), s.operations()
	go func() {
		defer close(ended)
		release.Uninstall(ctx, facts.Uninstall{Pods: true})
	}()
	kubetest.Eventually(t, waitLimit, func() (bool, string) {
		held, err := configMaps.Get(t.Context(), "held", metav1.GetOptions{})
		return err == nil && held.DeletionTimestamp != nil, fmt.Sprintf("no deletion has begun: %v", err)
	})
	cut()
	<-ended
	s.stored(map[int]string{1: "uninstalling"})
	jobs := s.Client().BatchV1().Jobs(s.namespace)
	before, err := jobs.Get(t.Context(), "farewell", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}

	hold(`null`)
	s.berth("teardown").exit(t, 0)
	s.stored(map[int]string{})
	if after, err := jobs.Get(t.Context(), "farewell", metav1.GetOptions{}); err != nil || after.UID != before.UID {
		t.Errorf("the hook ran once more: %v", err)
	}
}
