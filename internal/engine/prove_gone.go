package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verdict"
)

// survivors are what there is of the release's objects once those of its last revision are gone.
type survivors struct {
	kept []facts.Object // what is to be kept
	// outgrown is what only older revisions have: an upgrade that failed before it deleted that leaves
	// it, and once the records are gone, nothing tells of it.
	outgrown []verdict.Older
	volumes  []facts.Object   // that go once the namespace does, with the claims in it
	along    []verdict.Remain // that only older revisions have, and the namespace is to take along
}

// proveGone refuses to go on while an object of the last record exists. Where the namespace is to
// go as well, it takes along what older revisions left in it, and claims for which a PersistentVolume
// that was deleted still waits. What of theirs is among the remains, since the chart has made a hook or
// a claim of it, is looked after with these.
func (r *releaseRemover) proveGone(ctx context.Context, f *facts.Facts, withNamespace bool, remains []verdict.Remain) (s survivors,
	err error) {
	defer r.report.step("Prove that its objects are gone")()
	seen, left := map[facts.Ref]bool{}, []string(nil)
	res := &r.report.result
	res.Objects = nil
	for i := range slices.Backward(f.Records) {
		objects, err := r.gather.objectsOf(ctx, &f.Records[i])
		if err != nil {
			return survivors{}, err
		}
		older := i < len(f.Records)-1
		for _, o := range objects {
			again, same := seen[o.Ref], func(known verdict.Older) bool { return known.Ref == o.Ref }
			seen[o.Ref] = true
			if isKept(o) && (!again || slices.ContainsFunc(s.outgrown, same)) { // whichever revision says so
				s.kept, s.outgrown = append(s.kept, o), slices.DeleteFunc(s.outgrown, same)
			}
			if again || !isLeft(o) {
				continue
			}
			if why := verdict.Outgrown(o); older && why != "" {
				o.KeepWhy = why
				s.kept = append(s.kept, o)
				continue
			}
			if withNamespace && verdict.GoesWithClaims(o) {
				s.volumes = append(s.volumes, o)
				continue
			}
			if older && verdict.IsRemain(remains, o) {
				continue
			}
			if older && withNamespace && o.Namespace == f.Namespace.Name {
				s.along = append(s.along, verdict.Remain{Object: o, Disposal: verdict.DisposalGoesAlong})
				continue
			}
			spared, err := r.spared(ctx, o, objects)
			back := verdict.PutBack(&f.Records[i], o)
			switch {
			case err != nil:
				return survivors{}, err
			case spared:
			case !older && back != "":
				o.KeepWhy = back
				s.kept = append(s.kept, o)
			case older:
				s.outgrown = append(s.outgrown, verdict.OlderOf(f.Records, i, o))
			default:
				res.Objects = append(res.Objects, o)
				left = append(left, fmt.Sprintf("%s, of revision %d, is still there", o.Ref, f.Records[i].Revision))
			}
		}
	}
	if len(left) == 0 {
		return s, nil
	}
	return survivors{}, r.departure.explain(ctx, &problem.Problem{Reason: problem.Inconsistent, Cause: named(left),
		Headline: fmt.Sprintf("Release `%s` is not gone: %d of its objects are still there.", r.release, len(left)),
		Next:     "See their finalizers. The records are kept, so the next teardown goes on from here."},
		leavingObjects(r.gather.objects, res.Objects, f, r.policy))
}

// spared returns whether an object was left since others have something in it, or one of
// the release's objects that was left is in it, and says so.
func (r *releaseRemover) spared(ctx context.Context, o facts.Object, objects []facts.Object) (bool, error) {
	if o.Deleting {
		return false, nil
	}
	why, err := r.gather.objects.Inside(ctx, o.Ref)
	if why == "" {
		why = verdict.HeldBy(o, objects)
	}
	if err != nil || why == "" {
		return false, err
	}
	res := &r.report.result
	if said := fmt.Sprintf("%s was kept: %s", o.In(o.Namespace), why); !slices.Contains(res.Kept, said) {
		res.Kept = append(res.Kept, said)
	}
	return true, nil
}
