package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

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

// Observe reads every object of the manifest and says of each, in the
// manifest's order, whether it is there, the release's own, as the manifest
// wants it, and ready. Objects without a namespace are looked for in the given
// one. A kind that the server does not know, or knows in another version only,
// is a finding on that object.
//
// An object that may not be read makes a *problem.Problem with all the gaps, and
// one that cannot be read the API server's error, wrapped: what is not known is
// never taken for absent. Hooks can be observed too, but Helm writes no
// ownership on them: their Owned and Drift say nothing.
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
	seen := make([]*sight, len(wanted))
	for i, want := range wanted {
		seen[i] = o.locate(want, namespace)
	}
	scaled := autoscaled(wanted)
	o.read(ctx, seen, func(s *sight, live *unstructured.Unstructured) {
		describe(&s.object, s.want, live, release, namespace, scaled[scaleTarget(s.want)])
	})
	return gather(seen, release, namespace)
}

// sight is an object that is looked for, and what became of reading it.
type sight struct {
	want   *unstructured.Unstructured
	from   place
	known  bool // from says where it is
	object facts.Object
	gap    *problem.MissingPermission // it may not be read
	err    error                      // it could not be read
}

// place is where objects of one kind are read.
type place struct {
	resource  schema.GroupVersionResource
	namespace string // empty: cluster-scoped
}

func (o Observer) at(p place) dynamic.ResourceInterface {
	if p.namespace == "" {
		return o.Dynamic.Resource(p.resource)
	}
	return o.Dynamic.Resource(p.resource).Namespace(p.namespace)
}

// locate finds out where an object is to be read, without a request.
func (o Observer) locate(want *unstructured.Unstructured, namespace string) *sight {
	s := &sight{want: want, object: facts.Object{Ref: manifest.RefOf(want)}}
	object, gvk := &s.object, want.GroupVersionKind()
	mapping, err := manifest.MappingFor(o.Mapper, gvk)
	switch {
	case meta.IsNoMatchError(err):
		object.Error = fmt.Sprintf("the API server has no kind %s in %s", gvk.Kind, gvk.GroupVersion())
		return s
	case err != nil:
		s.err = fmt.Errorf("find the resource of %s: %w", object.Ref, err)
		return s
	}
	if object.Name == "" {
		object.Error = "the manifest gives it no name"
		return s
	}
	if served := mapping.GroupVersionKind.GroupVersion(); served != gvk.GroupVersion() {
		object.Error = fmt.Sprintf("the API server has %s no longer in %s, but in %s", gvk.Kind, gvk.GroupVersion(), served)
	}
	object.Namespace = ""
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		object.Namespace = cmp.Or(want.GetNamespace(), namespace)
	}
	s.from, s.known = place{mapping.Resource, object.Namespace}, true
	return s
}

// get reads one object.
func (o Observer) get(ctx context.Context, s *sight) *unstructured.Unstructured {
	live, err := o.at(s.from).Get(ctx, s.object.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case apierrors.IsForbidden(err):
		s.object.Error = "it may not be read"
		s.gap = &problem.MissingPermission{Permission: problem.Permission{
			Verb: "get", Group: s.from.resource.Group, Resource: s.from.resource.Resource,
			Namespace: s.object.Namespace, Name: s.object.Name, Why: "see the objects of the release",
		}, Reason: err.Error()}
		return nil
	case err != nil:
		s.object.Error = "it could not be read"
		s.err = fmt.Errorf("read %s: %w", s.object.Ref, err)
		return nil
	}
	return live
}

// describe fills in what the live object says.
func describe(object *facts.Object, want, live *unstructured.Unstructured, release, namespace string, scaled bool) {
	ready := health.Ready(live)
	object.Exists = true
	object.UID = string(live.GetUID())
	object.Created = live.GetCreationTimestamp().Time
	labels, annotations := live.GetLabels(), live.GetAnnotations()
	object.Owner = ownership.NamedRelease(annotations).String()
	object.Owned = ownership.OwnerOf(labels, annotations) == ownership.Release{Namespace: namespace, Name: release}
	object.Deleting = live.GetDeletionTimestamp() != nil
	object.Kept = ownership.KeptByPolicy(want.GetAnnotations()) || ownership.KeptByPolicy(annotations)
	object.Ready, object.Failed, object.Reason = ready.Ready, ready.Failed, ready.Reason
	object.Complete = health.Complete(live)
	if held := live.GetFinalizers(); object.Deleting && len(held) > 0 {
		object.Reason = fmt.Sprintf("it is being deleted and held by finalizers %q", held)
	}
	object.Drift = drift(want, live, release, namespace, scaled)
}

// gather turns what was seen into the answer: objects, one Problem for all that
// may not be read, and the errors of what could not be.
func gather(seen []*sight, release, namespace string) ([]facts.Object, error) {
	objects := make([]facts.Object, len(seen))
	var gaps []problem.MissingPermission
	var errs []error
	for i, s := range seen {
		objects[i] = s.object
		if s.gap != nil {
			gaps = append(gaps, *s.gap)
		}
		if s.err != nil {
			errs = append(errs, s.err)
		}
	}
	if len(gaps) > 0 {
		return objects, &problem.Problem{
			Reason:  problem.PermissionMissing,
			Tried:   fmt.Sprintf("read the objects of release %s in namespace %s", release, namespace),
			Cause:   fmt.Errorf("%d of %d may not be read, first: %s", len(gaps), len(seen), gaps[0].Reason),
			Next:    "Grant the verb get on these resources, then run again.",
			Missing: gaps,
		}
	}
	return objects, errors.Join(errs...)
}
