// Package objects compares the objects of a release with the cluster (Observer)
// and deletes those that are left over (Remover).
package objects

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/contents"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/kube/namespaces"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// Observer reads the objects of a manifest from the cluster.
type Observer struct {
	Dynamic dynamic.Interface
	Mapper  meta.RESTMapper
	// Client reads what tells that an object is as ready as it will be; nil: nothing is
	// read for that.
	Client kubernetes.Interface
	// Hide is told of every object as it lives, before anything can quote it: what is secret in it
	// may have changed since it was recorded. nil: nobody is told.
	Hide   func(*unstructured.Unstructured)
	Mask   func(string) string // see contents.Options
	Ignore []string            // of which objects it does not matter whether they are ready; see facts.Ref.Matches
}

// Observe reads every object of a manifest (YAML, as Helm stores it) and returns
// for each, in the manifest's order, whether it exists, belongs to the release,
// is as the manifest says, and is ready. Objects without a namespace are looked
// for in the given one. One whose version the server has no more is looked for in the
// version that it has; a kind that it does not know is told in that object's Error.
//
// With a *problem.Problem that lists the missing permissions, or with the API
// server's error, wrapped, some of the objects were not read: what is not known
// is never taken for absent. Hooks can be observed as well: whose they are is in
// HookOf, since Helm writes no ownership on them, and their Contents mean nothing.
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
		lookups[i].object.Leniency = o.leniency(want, lookups[i].object.Ref)
		lookups[i].object.Defines = defines(want)
	}
	keepListed(lookups, text)
	owner := ownership.Release{Namespace: namespace, Name: release}
	scaled := contents.Autoscaled(wanted)
	reader{o.Dynamic}.readAll(ctx, lookups, func(l *lookup, live *unstructured.Unstructured) {
		if o.Hide != nil {
			o.Hide(live)
		}
		l.object.Ready, l.object.Failed, l.object.Reason, l.object.Remark = o.judge(ctx, live)
		describe(l, live, contents.Options{Release: owner, Scaled: scaled.Has(l.want), Mask: o.Mask})
	})
	return gather(lookups, owner)
}

// keepListed notes which objects of a manifest are of a List that is to be kept. That is no field
// of theirs: whether they live as recorded does not depend on it.
func keepListed(lookups []*lookup, text string) {
	spread := manifest.Spread(text, ownership.AnnotationResourcePolicy, ownership.KeptByPolicy)
	if spread == text {
		return
	}
	objects, err := manifest.Parse(spread)
	for i, l := range lookups {
		l.listed = err == nil && i < len(objects) && ownership.KeptByPolicy(objects[i].GetAnnotations())
	}
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

// defines returns the kind that a definition defines, or "".
func defines(want *unstructured.Unstructured) string {
	if kinds := manifest.DefinedKinds(want); len(kinds) > 0 {
		return kinds[0].Kind
	}
	return ""
}

// leniency returns what the manifest, and the run's options, say of an object.
func (o Observer) leniency(want *unstructured.Unstructured, ref facts.Ref) facts.Leniency {
	l := facts.Leniency{
		Custom:  health.IsCustom(want.GroupVersionKind().Group),
		Ignored: slices.ContainsFunc(o.Ignore, ref.Matches),
	}
	if ttl, ok := health.TimeToLive(want); ok {
		l.TTL = &ttl
	}
	return l
}

// judge returns whether an object is ready, as a rollout judges it.
func (o Observer) judge(ctx context.Context, live *unstructured.Unstructured) (ready, failed bool, reason string, remark facts.Remark) {
	r := health.Ready(live)
	if !r.Ready && o.Client != nil {
		if why, excused := rollout.Excuse(ctx, o.Client, live); excused {
			r = health.Readiness{Ready: true, Remark: why}
		}
	}
	return r.Ready, r.Failed, r.Reason, facts.Remark(r.Remark)
}

// describe fills in what the live object says, but for whether it is ready.
func describe(l *lookup, live *unstructured.Unstructured, o contents.Options) {
	object, want := &l.object, l.want
	labels, annotations := live.GetLabels(), live.GetAnnotations()
	object.Exists = true
	object.UID = string(live.GetUID())
	object.Created = live.GetCreationTimestamp().Time
	object.Owner = ownership.NamedRelease(annotations).String()
	object.Owned = ownership.OwnerOf(labels, annotations) == o.Release
	object.IsHook = ownership.IsHook(annotations)
	object.HookOf = ownership.HookOf(annotations)
	object.KeepWhy, _ = ownership.KeepMarkBeside(labels, annotations, want.GetLabels(), want.GetAnnotations())
	object.Deleting = live.GetDeletionTimestamp() != nil
	taken := ownership.WhyTaken(annotations)
	object.KeepWhy = cmp.Or(object.KeepWhy, taken)
	byPolicy := l.listed || ownership.KeptByPolicy(want.GetAnnotations()) || ownership.KeptByPolicy(annotations) || taken != ""
	object.Kept = byPolicy || object.Owned && object.KeepWhy != ""
	object.Complete = health.Complete(live)
	switch gvk := live.GroupVersionKind(); {
	case gvk.Group == "" && gvk.Kind == "PersistentVolumeClaim":
		object.Maker = namespaces.MakerOfClaim(live.GetManagedFields())
		object.Volume, _, _ = unstructured.NestedString(live.Object, "spec", "volumeName")
	case gvk.Group == "apps" && gvk.Kind == "StatefulSet":
		object.TakesClaims = takesClaims(live)
	}
	if held := health.Holding(live.GetFinalizers()); object.Deleting && held != "" {
		object.Reason = "it is being deleted: " + held
	}
	switch {
	case byPolicy && !object.Owned:
		object.Notes = []string{"it is kept and belongs to something else, so it was not compared"}
		return
	case !object.Owned && object.HookOf != o.Release.String():
		// Whoever may write a record may name any object in it, and is told nothing of what is not the release's.
		object.Reason, object.Remark = "", facts.Remark{}
		object.Notes = []string{"it does not belong to the release, so it was not compared"}
		return
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
