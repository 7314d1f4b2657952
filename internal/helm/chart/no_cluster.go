package chart

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Lookup is a call of the function lookup.
type Lookup struct {
	APIVersion, Kind, Namespace string
	Name                        string // empty: a list
}

// noCluster answers the function lookup as Helm does without a cluster, and tells of each call.
type noCluster struct{ tell func(Lookup) }

// GetClientFor implements Helm's ClientProvider. Whatever the kind, a namespace counts that is given.
func (n noCluster) GetClientFor(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	return nothing{tell: n.tell, of: Lookup{APIVersion: apiVersion, Kind: kind}}, true, nil
}

// nothing is a resource of which there is no object. Lookup calls no other method than these.
type nothing struct {
	dynamic.NamespaceableResourceInterface
	tell func(Lookup)
	of   Lookup
}

func (n nothing) Namespace(namespace string) dynamic.ResourceInterface {
	n.of.Namespace = namespace
	return n
}

func (n nothing) Get(_ context.Context, name string, _ metav1.GetOptions, _ ...string) (*unstructured.Unstructured, error) {
	n.of.Name = name
	n.tell(n.of)
	return nil, apierrors.NewNotFound(schema.GroupResource{Resource: n.of.Kind}, name)
}

func (n nothing) List(context.Context, metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	n.tell(n.of)
	return nil, apierrors.NewNotFound(schema.GroupResource{Resource: n.of.Kind}, "")
}
