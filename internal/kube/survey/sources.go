package survey

import (
	"context"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/lease"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// berths selects what bears Berth's label.
var berths = labels.Set{ownership.LabelManagedBy: ownership.ManagedByBerth}.String()

// Namespaces are all of them, since one that Berth did not make may say that what is in it is to be
// kept; or the one of that name, if it may be read.
func Namespaces(client metadata.Interface, name string) Source[facts.Meta] {
	api := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	s := Source[facts.Meta]{
		needs: problem.Permission{Verb: "list", Resource: "namespaces", Why: "find the namespaces of the review apps"},
		list:  listOf(api), watch: api.Watch, read: readMeta,
	}
	if name == "" {
		return s
	}
	s.lenient = true
	s.options.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	// Whoever deploys to one namespace may read it by its name, and no more.
	s.list = func(ctx context.Context, _ metav1.ListOptions) (runtime.Object, error) {
		one, err := api.Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return &metav1.PartialObjectMetadataList{}, nil
		}
		if err != nil {
			return nil, err
		}
		return &metav1.PartialObjectMetadataList{ListMeta: metav1.ListMeta{ResourceVersion: one.ResourceVersion},
			Items: []metav1.PartialObjectMetadata{*one}}, nil
	}
	return s
}

// listOf gives a client's List the type of every list.
func listOf(api metadata.ResourceInterface) func(context.Context, metav1.ListOptions) (runtime.Object, error) {
	return func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return api.List(ctx, options)
	}
}

// Query says which objects of a core resource are meant.
type Query struct {
	Resource     string // secrets
	Labels, Type string // selectors; Type is that of a Secret; empty: any
	Why          string // they are read; a clause for a missing permission
}

// Objects are objects of a core resource, of one namespace or, without one, of all.
func Objects(client metadata.Interface, namespace string, q Query) Source[facts.Meta] {
	api := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: q.Resource}).Namespace(namespace)
	s := Source[facts.Meta]{
		needs:   problem.Permission{Verb: "list", Resource: q.Resource, Namespace: namespace, Why: q.Why},
		options: metav1.ListOptions{LabelSelector: q.Labels},
		list:    listOf(api), watch: api.Watch, read: readMeta,
	}
	if q.Type != "" {
		s.options.FieldSelector = fields.OneTermEqualSelector("type", q.Type).String()
	}
	return s
}

// Lock is the Lease on a release.
type Lock struct {
	facts.Meta
	Held  bool      // a run holds it, as far as the clocks tell
	Until time.Time // when that runs out unless it is renewed; zero: nobody holds it
}

// Locks are the Leases that bear Berth's label, of one namespace or, without one, of all.
// serverNow returns the API server's time, or zero while that is not known.
func Locks(client kubernetes.Interface, namespace string, serverNow func() time.Time) Source[Lock] {
	api := client.CoordinationV1().Leases(namespace)
	return Source[Lock]{
		needs: problem.Permission{Verb: "list", Group: "coordination.k8s.io", Resource: "leases", Namespace: namespace,
			Why: "find who is at work, and how the last runs ended"},
		options: metav1.ListOptions{LabelSelector: berths},
		list: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return api.List(ctx, options)
		},
		watch: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return api.Watch(ctx, options)
		},
		read: func(o runtime.Object) (Lock, bool) {
			l, ok := o.(*coordinationv1.Lease)
			if !ok {
				return Lock{}, false
			}
			return Lock{metaOf(l), lease.IsHeld(l, serverNow()), lease.HeldUntil(l)}, true
		},
	}
}

// ConfigMap is the data of one ConfigMap. Why says why it is read, as a clause for a missing permission.
func ConfigMap(client kubernetes.Interface, namespace, name, why string) Source[map[string]string] {
	api := client.CoreV1().ConfigMaps(namespace)
	return Source[map[string]string]{
		needs: problem.Permission{Verb: "list", Resource: "configmaps", Namespace: namespace, Name: name, Why: why},
		// A Role that grants one object by its name grants a list of that one.
		options: metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()},
		list: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return api.List(ctx, options)
		},
		watch: api.Watch,
		read: func(o runtime.Object) (map[string]string, bool) {
			c, ok := o.(*corev1.ConfigMap)
			if !ok {
				return nil, false
			}
			return c.Data, true
		},
	}
}
