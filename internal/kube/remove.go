package kube

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// parallelDeletes bounds how many objects are deleted at a time.
const parallelDeletes = 8

// Remover deletes objects that an Observer has seen. Whether they may go is
// decided before; here it is made sure that they are still the same.
type Remover struct {
	Dynamic dynamic.Interface
	Mapper  meta.RESTMapper
}

// Remove deletes each object, and by garbage collection what it owns, but only
// the very one that was observed: one that was made anew or has changed hands
// since is kept, and kept says why. What is gone already is no error and not
// among the removed.
//
// Deletions that are denied make one *problem.Problem with all the gaps. The
// rest is deleted all the same.
func (r Remover) Remove(ctx context.Context, objects []facts.Object) (removed []facts.Ref, kept []string, err error) {
	return report(r.each(ctx, objects))
}

// RemoveAndWait is Remove, and returns when what it deletes is gone, so that
// the names are free. When ctx ends first, the error names what is still there
// and what holds it.
func (r Remover) RemoveAndWait(ctx context.Context, objects []facts.Object) (removed []facts.Ref, kept []string, err error) {
	fates := r.each(ctx, objects)
	removed, kept, err = report(fates)
	if err != nil {
		return removed, kept, err
	}
	var going []facts.Ref
	for _, f := range fates {
		if f.going {
			going = append(going, f.served)
		}
	}
	err = (&rollout.Waiter{Clients: rollout.Clients{Dynamic: r.Dynamic, Mapper: r.Mapper}}).WaitForDelete(ctx, going)
	var held *rollout.NotReadyError
	if errors.As(err, &held) {
		err = &problem.Problem{Reason: problem.Inconsistent, Tried: "delete what is in the way", Cause: err,
			Next: "See what holds these objects: their finalizers, and the controllers that should take them off. Then run again."}
	}
	return removed, kept, err
}

// fate is what became of one object.
type fate struct {
	ref     facts.Ref
	served  facts.Ref // the same in the version that the API server has
	going   bool      // it was there, and is being deleted
	deleted bool      // by us
	kept    string    // why it was left
	err     error
}

func (r Remover) each(ctx context.Context, objects []facts.Object) []fate {
	fates := make([]fate, len(objects))
	var deletes errgroup.Group
	deletes.SetLimit(parallelDeletes)
	for i, o := range objects {
		deletes.Go(func() error {
			fates[i] = r.remove(ctx, o)
			return nil
		})
	}
	_ = deletes.Wait() // each keeps its own error
	return fates
}

func (r Remover) remove(ctx context.Context, o facts.Object) fate {
	f := fate{ref: o.Ref, served: o.Ref}
	if !o.Exists {
		return f
	}
	mapping, err := manifest.MappingFor(r.Mapper, schema.FromAPIVersionAndKind(o.APIVersion, o.Kind))
	switch {
	case meta.IsNoMatchError(err): // it went with its kind
		return f
	case err != nil:
		f.err = fmt.Errorf("find the resource of %s to delete it: %w", o.Ref, err)
		return f
	}
	f.served.APIVersion = mapping.GroupVersionKind.GroupVersion().String()
	resource := dynamic.ResourceInterface(r.Dynamic.Resource(mapping.Resource))
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		resource = r.Dynamic.Resource(mapping.Resource).Namespace(o.Namespace)
	}
	f.removeFrom(ctx, resource, o)
	return f
}

// removeFrom reads the object again and deletes it if it is the one observed.
func (f *fate) removeFrom(ctx context.Context, resource dynamic.ResourceInterface, o facts.Object) {
	live, err := resource.Get(ctx, o.Name, metav1.GetOptions{})
	if err != nil {
		f.fail("read", err)
		return
	}
	uid := live.GetUID()
	switch owner := ownership.NamedRelease(live.GetAnnotations()).String(); {
	case string(uid) != o.UID:
		f.kept = fmt.Sprintf("%s was kept: it was made anew since it was seen", o.Ref)
		return
	case owner != o.Owner:
		f.kept = fmt.Sprintf("%s was kept: it changed hands since it was seen, from %q to %q", o.Ref, o.Owner, owner)
		return
	case live.GetDeletionTimestamp() != nil:
		f.going = true
		return
	}
	background := metav1.DeletePropagationBackground
	err = resource.Delete(ctx, o.Name, metav1.DeleteOptions{
		PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &uid},
	})
	switch {
	case apierrors.IsConflict(err):
		f.kept = fmt.Sprintf("%s was kept: it was made anew since it was read", o.Ref)
	case err != nil:
		f.fail("delete", err)
	default:
		f.deleted, f.going = true, true
	}
}

// fail keeps an error. That the object is gone is none.
func (f *fate) fail(verb string, err error) {
	if !apierrors.IsNotFound(err) {
		f.err = apifailure.Classify(err, fmt.Sprintf("%s %s", verb, f.ref))
	}
}

// report gathers the fates: what was deleted, what was kept and why, and one
// Problem for all that was denied, or else the other errors.
func report(fates []fate) (removed []facts.Ref, kept []string, err error) {
	var (
		gaps []problem.MissingPermission
		errs []error
	)
	for _, f := range fates {
		var p *problem.Problem
		switch {
		case f.deleted:
			removed = append(removed, f.ref)
		case f.kept != "":
			kept = append(kept, f.kept)
		case errors.As(f.err, &p) && len(p.Missing) > 0:
			gaps = append(gaps, p.Missing...)
		case f.err != nil:
			errs = append(errs, f.err)
		}
	}
	if len(gaps) > 0 {
		return removed, kept, &problem.Problem{
			Reason:  problem.PermissionMissing,
			Tried:   "delete what is left over",
			Cause:   fmt.Errorf("%d of %d may not be, first: %s", len(gaps), len(fates), gaps[0].Reason),
			Next:    apifailure.NextGrant,
			Missing: gaps,
		}
	}
	return removed, kept, errors.Join(errs...)
}
