package engine

import (
	"context"
	"slices"
	"sync"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verdict"
)

// deletedObjects are what an uninstall says that it has deleted, from a goroutine of its own.
type deletedObjects struct {
	mu  sync.Mutex
	all []facts.Object
}

func (d *deletedObjects) set(all []facts.Object) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = all
}

func (d *deletedObjects) get() []facts.Object {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.all)
}

// leavingObjects is the wait for objects that were deleted for a release.
func leavingObjects(api Objects, objects []facts.Object, f *facts.Facts, p verdict.Policy) leaving {
	var deleted deletedObjects
	deleted.set(objects)
	return deleted.leaving(api, f, p)
}

// leaving is the wait for these objects.
func (d *deletedObjects) leaving(api Objects, f *facts.Facts, p verdict.Policy) leaving {
	own := f.Namespace.Name + "/" + f.Release
	return leaving{what: "what was deleted is gone",
		look: func(ctx context.Context) (facts.Going, error) {
			objects := d.get()
			if len(objects) == 0 {
				return facts.Going{}, nil
			}
			return api.GoingOf(ctx, objects)
		},
		mayStrip: func(b facts.Blocker) bool { return verdict.StripsOfRelease(b, own, p) }}
}

// uninstallAndTell has Helm delete the release's objects, and tells while it waits what keeps
// them from going.
func (r *releaseRemover) uninstallAndTell(ctx context.Context, f *facts.Facts, pods bool) (result.Outcome, leaving) {
	var deleted deletedObjects
	going := deleted.leaving(r.gather.objects, f, r.policy)
	var out result.Outcome
	err := r.departure.await(ctx, going, func(ctx context.Context) error {
		out = r.operations.Uninstall(ctx, facts.Uninstall{Pods: pods, SkipFailedHooks: r.skipHooks, HooksWithin: r.policy.OfMany,
			Deleted: deleted.set})
		return out.Err
	})
	out.Err = err // of taking finalizers off, where that failed
	return out, going
}

// awaitLeft waits for the objects that an earlier uninstall has deleted and that were still there
// at its end, where a teardown was told to take finalizers off. Else they are only named.
func (r *releaseRemover) awaitLeft(ctx context.Context, f *facts.Facts, withNamespace bool) error {
	last := f.Last()
	if last == nil || !r.departure.strips {
		return nil
	}
	objects, err := r.gather.objectsOf(ctx, last)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(objects), func(o facts.Object) bool {
		return !isLeft(o) || !o.Deleting || withNamespace && verdict.GoesWithClaims(o)
	})
	if len(left) == 0 {
		return nil
	}
	if err := r.await(ctx, f, left, "Wait for what is being deleted already"); err != nil {
		return untilGone(err)
	}
	return nil
}

// finishUninstall deletes what an earlier uninstall has left of the last revision, since it was to be kept or others had
// something in it, and that is so no more. Nothing else would, once the release is recorded as uninstalled. With the
// namespace, nobody waits for a PersistentVolume before.
func (r *releaseRemover) finishUninstall(ctx context.Context, f *facts.Facts, withNamespace bool) error {
	if err := r.awaitLeft(ctx, f, withNamespace); err != nil {
		return err
	}
	last := f.Last()
	if last == nil {
		return nil
	}
	objects, err := r.gather.objectsOf(ctx, last)
	if err != nil {
		return err
	}
	for _, wave := range verdict.DeletionOrder(objects) {
		var going []facts.Object
		for _, o := range wave {
			if !isLeft(o) || o.Deleting || verdict.PutBack(last, o) != "" {
				continue // proveGone names it
			}
			spared, err := r.spared(ctx, o, objects)
			if err != nil {
				return err
			}
			if !spared {
				going = append(going, o)
			}
		}
		if err := r.delete(ctx, f, going, "Delete what an earlier uninstall left", withNamespace); err != nil {
			return err
		}
	}
	return nil
}

// delete deletes objects, and waits until they are gone but, with the namespace, for volumes.
func (r *releaseRemover) delete(ctx context.Context, f *facts.Facts, doomed []facts.Object, step string, withNamespace bool) error {
	if len(doomed) == 0 {
		return nil
	}
	defer r.report.step(step)()
	going := leavingObjects(r.gather.objects, doomed, f, r.policy)
	wait := !withNamespace || !slices.ContainsFunc(doomed, verdict.IsVolume)
	var kept []string
	err := r.departure.await(ctx, going, func(ctx context.Context) (err error) {
		kept, err = r.gather.objects.Remove(ctx, doomed, wait)
		return err
	})
	if err != nil {
		return untilGone(r.departure.explain(ctx, err, going))
	}
	r.report.left(kept)
	return nil
}

// await waits until objects are gone that are being deleted.
func (r *releaseRemover) await(ctx context.Context, f *facts.Facts, left []facts.Object, step string) error {
	defer r.report.step(step)()
	going := leavingObjects(r.gather.objects, left, f, r.policy)
	err := r.departure.await(ctx, going, func(ctx context.Context) error {
		kept, err := r.gather.objects.Remove(ctx, left, true)
		if err == nil && len(kept) > 0 {
			err = &problem.Problem{Reason: problem.Inconsistent, Tried: "wait for what is being deleted", Cause: named(kept),
				Next: "Look at what became of these objects."}
		}
		return err
	})
	if err != nil {
		return r.departure.explain(ctx, err, going)
	}
	return nil
}

// tellSkipped warns of the hooks that failed and without which the release went.
func (r *releaseRemover) tellSkipped(failed []result.FailedHook) {
	for _, h := range failed {
		if !h.Skipped {
			continue
		}
		r.report.note(result.LevelWarning, "Hook failed", "%s", verdict.SkippedHook(h.Name, h.Err))
		r.report.result.Diagnostics = r.report.result.Diagnostics.And(h.Diagnostics)
	}
}
