package objects

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
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

// Remover deletes objects that an Observer has seen. It does not decide whether
// they may be deleted, but makes sure that they are still the same.
type Remover struct {
	Dynamic dynamic.Interface
	Mapper  meta.RESTMapper
	Inside  *Inside // looks at what takes along what others have in it; nil: nobody looks
}

// Remove deletes each object and, by garbage collection, what it owns. It deletes
// only the very object that was observed: one with another UID or another owner
// is kept, and kept has a sentence on each. An object that does not exist is no
// error and not among the removed.
//
// Deletions that are denied become one *problem.Problem that lists the missing
// permissions. The other objects are deleted all the same.
func (r Remover) Remove(ctx context.Context, objects []facts.Object) (removed []facts.Ref, kept []string, err error) {
	return summarize(r.removeAll(ctx, objects, metav1.DeletePropagationBackground))
}

// RemoveAndWait does what Remove does and returns when the deleted objects are gone,
// with their pods, so that their names are free and nothing runs beside what takes
// them. When ctx ends first, the error names what
// still exists and what holds it.
func (r Remover) RemoveAndWait(ctx context.Context, objects []facts.Object) (removed []facts.Ref, kept []string, err error) {
	removals := r.removeAll(ctx, objects, metav1.DeletePropagationForeground)
	removed, kept, err = summarize(removals)
	if err != nil {
		return removed, kept, err
	}
	var going manifest.Objects
	for _, one := range removals {
		if one.deleting {
			going = append(going, rollout.Named(one.served, one.uid))
		}
	}
	err = (&rollout.Waiter{Clients: rollout.Clients{Dynamic: r.Dynamic, Mapper: r.Mapper}}).WaitForDelete(ctx, going)
	var held *rollout.NotReadyError
	if errors.As(err, &held) {
		err = &problem.Problem{Reason: problem.Inconsistent, Tried: "see what was deleted go", Cause: err,
			Next: "See what holds these objects: their finalizers, and the controllers that should take them off. Then run again."}
	}
	return removed, kept, err
}

// removal is what became of one object.
type removal struct {
	ref      facts.Ref // as it was observed
	served   facts.Ref // the same, in the version that the API server has
	uid      types.UID // of the object that was deleted
	deleting bool      // it existed, and is being deleted
	deleted  bool      // by this run
	kept     string    // why it was not deleted
	err      error
}

// removeAll deletes the objects in parallel.
func (r Remover) removeAll(ctx context.Context, objects []facts.Object, policy metav1.DeletionPropagation) []removal {
	removals := make([]removal, len(objects))
	var deletes errgroup.Group
	deletes.SetLimit(parallelDeletes)
	for i, o := range objects {
		deletes.Go(func() error {
			removals[i] = r.remove(ctx, o, policy)
			return nil
		})
	}
	_ = deletes.Wait() // each removal keeps its own error
	return removals
}

// remove finds the object's resource and deletes the object.
func (r Remover) remove(ctx context.Context, o facts.Object, policy metav1.DeletionPropagation) removal {
	done := removal{ref: o.Ref, served: o.Ref}
	if !o.Exists {
		return done
	}
	mapping, err := manifest.MappingFor(r.Mapper, schema.FromAPIVersionAndKind(o.APIVersion, o.Kind))
	switch {
	case meta.IsNoMatchError(err): // its kind is gone, and the object with it
		return done
	case err != nil:
		done.err = fmt.Errorf("find the resource of %s to delete it: %w", o.Ref, err)
		return done
	}
	done.served.APIVersion = mapping.GroupVersionKind.GroupVersion().String()
	resource := dynamic.ResourceInterface(r.Dynamic.Resource(mapping.Resource))
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		resource = r.Dynamic.Resource(mapping.Resource).Namespace(o.Namespace)
	}
	if !hasPods(mapping.GroupVersionKind.Group) {
		policy = metav1.DeletePropagationBackground
	}
	if !o.Deleting { // else it is only waited for, which needs no look at what is in it
		if why, err := r.strangersIn(ctx, done.served); err != nil || why != "" {
			done.err = err
			if err == nil {
				done.kept = fmt.Sprintf("%s was kept: %s", o.Ref, why)
			}
			return done
		}
	}
	done.removeFrom(ctx, resource, o, policy)
	return done
}

// strangersIn returns why an object is not to be deleted for what others have in it, or "".
func (r Remover) strangersIn(ctx context.Context, ref facts.Ref) (string, error) {
	if r.Inside == nil {
		return "", nil
	}
	why, err := r.Inside.Strangers(ctx, ref)
	return why, apifailure.Classify(err, fmt.Sprintf("see what others have in %s", ref))
}

// hasPods returns whether objects of an API group run pods that Kubernetes' own
// controllers make. Others may make theirs again as long as the owner is there.
func hasPods(group string) bool { return group == "apps" || group == "batch" }

// removeFrom reads the object again and deletes it if it is the one that was
// observed, in the version that was read. Where it changes meanwhile, it is read anew.
func (r *removal) removeFrom(ctx context.Context, resource dynamic.ResourceInterface, o facts.Object, policy metav1.DeletionPropagation) {
	err := apifailure.RetryConflicts(func() error {
		live, err := resource.Get(ctx, o.Name, metav1.GetOptions{})
		if err != nil {
			r.fail("read", err)
			return nil
		}
		uid, version := live.GetUID(), live.GetResourceVersion()
		if r.uid = uid; !r.mayGo(live, o) {
			return nil
		}
		err = resource.Delete(ctx, o.Name, metav1.DeleteOptions{
			PropagationPolicy: &policy, Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version},
		})
		if err == nil {
			r.deleted, r.deleting = true, true
		}
		return err
	})
	if err != nil {
		r.fail("delete", err)
	}
}

// mayGo returns whether an object is to be deleted still, or notes why not.
func (r *removal) mayGo(live *unstructured.Unstructured, o facts.Object) bool {
	owner, marked := ownership.NamedRelease(live.GetAnnotations()).String(), markedSince(live)
	switch {
	case string(live.GetUID()) != o.UID:
		r.kept = fmt.Sprintf("%s was kept: it was made anew since it was seen", o.Ref)
	case owner != o.Owner:
		r.kept = fmt.Sprintf("%s was kept: it changed hands since it was seen, from %q to %q", o.Ref, o.Owner, owner)
	case live.GetAnnotations()[ownership.AnnotationHookOf] != o.HookOf:
		r.kept = fmt.Sprintf("%s was kept: the hook that it names changed since it was seen", o.Ref)
	case live.GetDeletionTimestamp() != nil:
		r.deleting = true
	case marked != "":
		r.kept = fmt.Sprintf("%s was kept: %s", o.Ref, marked)
	default:
		return true
	}
	return false
}

// markedSince returns why an object is to be kept by now, which was not when it was seen, or
// "". A GitOps controller's marks do not tell: the chart may have put them there.
func markedSince(live *unstructured.Unstructured) string {
	labels, annotations := live.GetLabels(), live.GetAnnotations()
	if why, keep := ownership.KeepMarkBeside(labels, annotations, labels, annotations); keep {
		return why
	}
	if ownership.KeptByPolicy(annotations) {
		return "its resource policy is keep"
	}
	return ownership.WhyTaken(annotations)
}

// fail records an error, unless it says that the object is gone.
func (r *removal) fail(verb string, err error) {
	if !apierrors.IsNotFound(err) {
		r.err = apifailure.Classify(err, fmt.Sprintf("%s %s", verb, r.ref))
	}
}

// summarize returns what was deleted, what was kept and why, and as an error one
// Problem for all that was denied, or else the other errors.
func summarize(removals []removal) (removed []facts.Ref, kept []string, err error) {
	var (
		missing []problem.MissingPermission
		errs    []error
	)
	for _, one := range removals {
		var p *problem.Problem
		switch {
		case one.deleted:
			removed = append(removed, one.ref)
		case one.kept != "":
			kept = append(kept, one.kept)
		case errors.As(one.err, &p) && len(p.Missing) > 0:
			missing = append(missing, p.Missing...)
		case one.err != nil:
			errs = append(errs, one.err)
		}
	}
	if len(missing) > 0 {
		return removed, kept, &problem.Problem{
			Reason:  problem.PermissionMissing,
			Tried:   "delete what is left over",
			Cause:   fmt.Errorf("%d of %d may not be, first: %s", len(missing), len(removals), missing[0].Reason),
			Next:    apifailure.NextGrant,
			Missing: missing,
		}
	}
	return removed, kept, errors.Join(errs...)
}
