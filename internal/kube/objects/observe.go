// Package objects compares the objects of a release with the cluster (Observer)
// and deletes those that are left over (Remover).
package objects

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/berth-dev/berth/internal/contents"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// Observer reads the objects of a manifest from the cluster.
type Observer struct {
	Dynamic dynamic.Interface
	Mapper  meta.RESTMapper
}

// Observe reads every object of a manifest (YAML, as Helm stores it) and returns
// for each, in the manifest's order, whether it exists, belongs to the release,
// is as the manifest says, and is ready. Objects without a namespace are looked
// for in the given one. One whose version the server has no more is looked for in the
// version that it has; a kind that it does not know is told in that object's Error.
//
// With a *problem.Problem that lists the missing permissions, or with the API
// server's error, wrapped, some of the objects were not read: what is not known
// is never taken for absent. Hooks can be observed as well, but Helm writes no
// ownership on them, so their Owned and Contents mean nothing.
func (o Observer) Observe(ctx context.Context, text, release, namespace string) ([]facts.Object, error) {
	wanted, err := manifest.Parse(text)
	if err != nil {
		return nil, &problem.Problem{
			Reason: problem.RecordUnreadable,
			Tried:  fmt.Sprintf("read the stored manifest of release %s in namespace %s", release, namespace),
			Cause:  err,
			Next:   "Deploy again: a new revision stores a new manifest.",
		}
	}
	lookups := make([]*lookup, len(wanted))
	for i, want := range wanted {
		lookups[i] = locate(o.Mapper, want, namespace)
	}
	owner := ownership.Release{Namespace: namespace, Name: release}
	scaled := contents.Autoscaled(wanted)
	reader{o.Dynamic}.readAll(ctx, lookups, func(l *lookup, live *unstructured.Unstructured) {
		describe(&l.object, l.want, live, contents.Options{Release: owner, Scaled: scaled.Has(l.want)})
	})
	return gather(lookups, owner)
}

// locate returns where an object is to be read. It sends no request.
func locate(mapper meta.RESTMapper, want *unstructured.Unstructured, namespace string) *lookup {
	l := &lookup{want: want, object: facts.Object{Ref: manifest.RefOf(want)}}
	object, gvk := &l.object, want.GroupVersionKind()
	mapping, err := manifest.MappingFor(mapper, gvk)
	switch {
	case meta.IsNoMatchError(err):
		object.Error = fmt.Sprintf("the API server has no kind %s in %s", gvk.Kind, gvk.GroupVersion())
		return l
	case err != nil:
		l.err = fmt.Errorf("find the resource of %s: %w", object.Ref, err)
		return l
	}
	if object.Name == "" {
		object.Error = "the manifest gives it no name"
		return l
	}
	if served := mapping.GroupVersionKind; served != gvk {
		l.want, _ = manifest.InVersion(want, served)
		object.Ref = manifest.RefOf(l.want)
	}
	object.Namespace = ""
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		object.Namespace = cmp.Or(want.GetNamespace(), namespace)
	}
	l.place, l.located = place{mapping.Resource, object.Namespace}, true
	return l
}

// describe fills in what the live object says.
func describe(object *facts.Object, want, live *unstructured.Unstructured, o contents.Options) {
	ready := health.Ready(live)
	labels, annotations := live.GetLabels(), live.GetAnnotations()
	object.Exists = true
	object.UID = string(live.GetUID())
	object.Created = live.GetCreationTimestamp().Time
	object.Owner = ownership.NamedRelease(annotations).String()
	object.Owned = ownership.OwnerOf(labels, annotations) == o.Release
	object.Deleting = live.GetDeletionTimestamp() != nil
	object.Kept = ownership.KeptByPolicy(want.GetAnnotations()) || ownership.KeptByPolicy(annotations)
	object.Ready, object.Failed, object.Reason = ready.Ready, ready.Failed, ready.Reason
	object.Complete = health.Complete(live)
	if finalizers := live.GetFinalizers(); object.Deleting && len(finalizers) > 0 {
		object.Reason = fmt.Sprintf("it is being deleted and held by finalizers %q", finalizers)
	}
	object.Contents = contents.Compare(want, live, o)
}

// gather returns the objects, and as an error one Problem for all that may not be
// read, or else what kept the others from being read.
func gather(lookups []*lookup, release ownership.Release) ([]facts.Object, error) {
	objects := make([]facts.Object, len(lookups))
	var missing []problem.MissingPermission
	var errs []error
	for i, l := range lookups {
		objects[i] = l.object
		if l.missing != nil {
			missing = append(missing, *l.missing)
		}
		if l.err != nil {
			errs = append(errs, l.err)
		}
	}
	if len(missing) > 0 {
		return objects, &problem.Problem{
			Reason:  problem.PermissionMissing,
			Tried:   fmt.Sprintf("read the objects of release %s in namespace %s", release.Name, release.Namespace),
			Cause:   fmt.Errorf("%d of %d may not be read, first: %s", len(missing), len(lookups), missing[0].Reason),
			Next:    "Grant the verb get on these resources, then run again.",
			Missing: missing,
		}
	}
	return objects, errors.Join(errs...)
}
