//go:build conformance

package conformance

import (
	"context"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/test/kubetest"
)

// group is the API group of the row's own kinds: definitions are the whole
// cluster's, and rows run side by side.
func (s *fixture) group() string { return s.namespace + ".example.org" }

// crd is the definition of a kind of the row's own.
func (s *fixture) crd(kind string) string {
	return strings.NewReplacer("GROUP", s.group(), "KIND", kind, "PLURAL", plural(kind)).Replace(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: PLURAL.GROUP}
spec:
  group: GROUP
  scope: Namespaced
  names: {kind: KIND, plural: PLURAL}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object}}
`)
}

func plural(kind string) string { return strings.ToLower(kind) + "s" }

// define makes the API server serve a kind, until the row's end.
func (s *fixture) define(kind string) {
	s.t.Helper()
	s.serve(kind, s.crd(kind))
}

// defineOpen is define for a kind that may have any field.
func (s *fixture) defineOpen(kind string) {
	s.t.Helper()
	s.serve(kind, strings.Replace(s.crd(kind), "{type: object}", "{type: object, x-kubernetes-preserve-unknown-fields: true}", 1))
}

func (s *fixture) serve(kind, definition string) {
	s.t.Helper()
	crd := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(definition), &crd.Object); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.definitions().Create(s.t.Context(), crd, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.deleteDefinition(kind) })
	s.served(kind, true)
}

// undefine removes a kind with all its objects, and returns when the API server
// no longer serves it.
func (s *fixture) undefine(kind string) {
	s.t.Helper()
	s.deleteDefinition(kind)
	s.served(kind, false)
}

func (s *fixture) deleteDefinition(kind string) {
	s.t.Helper()
	err := s.definitions().Delete(context.WithoutCancel(s.t.Context()), plural(kind)+"."+s.group(), metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		s.t.Error(err)
	}
}

func (s *fixture) definitions() dynamic.ResourceInterface {
	s.t.Helper()
	client, err := dynamic.NewForConfig(s.Config())
	if err != nil {
		s.t.Fatal(err)
	}
	return client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
}

// served waits until discovery offers a kind, or does so no more.
func (s *fixture) served(kind string, want bool) {
	s.t.Helper()
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		_, lists, err := s.Client().Discovery().ServerGroupsAndResources()
		if err != nil && lists == nil {
			return false, err.Error()
		}
		got := false
		for _, list := range lists {
			for _, r := range list.APIResources {
				got = got || list.GroupVersion == s.group()+"/v1" && r.Name == plural(kind)
			}
		}
		return got == want, "what discovery says of " + kind + " is old"
	})
}
