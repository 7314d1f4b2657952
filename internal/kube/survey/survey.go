// Package survey reads many objects of one kind by their metadata, in pages, so that what is
// kept in memory is what the caller keeps of each, and follows them by a watch.
package survey

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// pageSize is how many objects one request asks for.
const pageSize = 500

// Source is where objects are read, and what is read of each.
type Source[T any] struct {
	needs   problem.Permission // to list them
	options metav1.ListOptions
	list    func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch   func(context.Context, metav1.ListOptions) (watch.Interface, error)
	read    func(runtime.Object) (T, bool)
	// lenient says that what may not be read is as if it were not there.
	lenient bool
}

// Named is the source with that one object alone.
func (s Source[T]) Named(name string) Source[T] {
	s.options.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	return s
}

// Labelled is the source with the objects alone that a label selector selects.
func (s Source[T]) Labelled(selector string) Source[T] {
	s.options.LabelSelector = selector
	return s
}

// maxRestarts bounds how often a list is begun anew whose pages the API server has dropped.
const maxRestarts = 3

// Each calls fn with every object. One may come twice, where the list had to be begun anew.
func (s Source[T]) Each(ctx context.Context, fn func(T)) error {
	_, err := s.each(ctx, func(_ key, object T) { fn(object) })
	return err
}

// key is what tells an object from the others of a source.
type key struct{ namespace, name string }

// each is Each with the objects' keys. It returns the version from which on they can be watched.
func (s Source[T]) each(ctx context.Context, fn func(key, T)) (version string, err error) {
	options, restarts := s.options, 0
	options.Limit = pageSize
	for {
		page, err := s.list(ctx, options)
		switch {
		case isExpired(err) && options.Continue != "" && restarts < maxRestarts:
			options.Continue = ""
			restarts++
			continue
		case s.lenient && apierrors.IsForbidden(err):
			return "", nil
		case err != nil:
			return "", s.explain(err)
		}
		list, err := meta.ListAccessor(page)
		if err != nil {
			return "", s.explain(err)
		}
		version = list.GetResourceVersion()
		if err := meta.EachListItem(page, func(o runtime.Object) error {
			s.hand(o, fn)
			return nil
		}); err != nil {
			return "", s.explain(err)
		}
		if options.Continue = list.GetContinue(); options.Continue == "" {
			return version, nil
		}
	}
}

// hand hands an object on, unless it is none of those that are meant.
func (s Source[T]) hand(o runtime.Object, fn func(key, T)) {
	accessor, err := meta.Accessor(o)
	if err != nil {
		return
	}
	if object, ok := s.read(o); ok {
		fn(key{accessor.GetNamespace(), accessor.GetName()}, object)
	}
}

// explain returns the problem of a list that failed.
func (s Source[T]) explain(err error) error {
	where := "in all namespaces"
	if s.needs.Namespace != "" {
		where = "in namespace " + s.needs.Namespace
	}
	tried := fmt.Sprintf("%s %s %s", s.needs.Verb, s.needs.Resource, where)
	if apifailure.IsDenied(err) {
		return &problem.Problem{Reason: problem.PermissionMissing, Tried: tried, Cause: err, Next: apifailure.NextGrant,
			Missing: []problem.MissingPermission{{Permission: s.needs, Reason: err.Error()}}}
	}
	return apifailure.Classify(err, tried)
}

func isExpired(err error) bool { return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) }

// metaOf reads an object's metadata.
func metaOf(o metav1.Object) facts.Meta {
	m := facts.Meta{
		Namespace: o.GetNamespace(), Name: o.GetName(), UID: string(o.GetUID()), Labels: o.GetLabels(), Annotations: o.GetAnnotations(),
		Created: o.GetCreationTimestamp().UTC(), Deleting: o.GetDeletionTimestamp() != nil,
	}
	m.Touched = m.Created
	for _, f := range o.GetManagedFields() {
		if f.Time != nil && f.Time.After(m.Touched) {
			m.Touched = f.Time.UTC()
		}
	}
	return m
}

// readMeta reads an object of which the metadata is all that there is.
func readMeta(o runtime.Object) (facts.Meta, bool) {
	object, err := meta.Accessor(o)
	if err != nil {
		return facts.Meta{}, false
	}
	return metaOf(object), true
}

const (
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second
)
