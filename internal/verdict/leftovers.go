package verdict

import (
	"slices"

	"github.com/berth-dev/berth/internal/facts"
)

// AbandonedRevisions are those whose objects are nobody's business any more, newest
// first: Helm, which compares with the deployed revision alone, forgets them. The
// deploy of a good one sweeps them up last, so where no run is known to have
// ended in order, all that failed count.
func AbandonedRevisions(f *facts.Facts) []*facts.Record {
	return failed(f, f.Lock.State != facts.LockEnded)
}

// FailedSinceDeployed are the revisions that failed since the newest good one, newest
// first.
func FailedSinceDeployed(f *facts.Facts) []*facts.Record { return failed(f, false) }

func failed(f *facts.Facts, all bool) []*facts.Record {
	var dead []*facts.Record
	for i := range slices.Backward(f.Records) {
		r := &f.Records[i]
		switch r.EffectiveStatus() {
		case facts.StatusDeployed, facts.StatusSuperseded, facts.StatusUninstalled:
			if !all {
				return dead
			}
		case facts.StatusFailed, facts.StatusPendingInstall, facts.StatusPendingUpgrade, facts.StatusPendingRollback, facts.StatusUninstalling, facts.StatusUnknown:
			dead = append(dead, r)
		}
	}
	return dead
}

// Leftovers are the objects of dead revisions that no longer belong anywhere
// (R11): there, the release's own, not kept on purpose, not in what is deployed
// now.
func Leftovers(dead, deployed []facts.Object) []facts.Object {
	var left []facts.Object
	for _, o := range dead {
		same := func(other facts.Object) bool { return sameObject(o.Ref, other.Ref) }
		if o.Exists && o.Owned && !o.Kept && !o.Deleting && !slices.ContainsFunc(deployed, same) && !slices.ContainsFunc(left, same) {
			left = append(left, o)
		}
	}
	return left
}

// sameObject compares without the API version: an object keeps its identity when
// the chart moves to another version of its kind. Where the groups differ the
// kinds could too, and then the answer is the safe one: the same.
func sameObject(a, b facts.Ref) bool {
	return a.Kind == b.Kind && a.Namespace == b.Namespace && a.Name == b.Name
}

// LeftoverHooks are the objects of earlier hooks which stop the step that is about
// to create them again (R9): Helm leaves them when their delete policy does not
// say otherwise, and then trips over the name. Only what a record names as its
// hook counts, and nothing that still runs.
func LeftoverHooks(f *facts.Facts, next StepKind) []facts.Object {
	last := f.Last()
	if last == nil || last.DecodeError != "" {
		return nil
	}
	as := facts.StatusPendingUpgrade
	if next == StepInstall || next == StepReplace {
		as = facts.StatusPendingInstall
	}
	var stale []facts.Object
	for _, h := range last.Hooks {
		o, seen := hookObject(f, h)
		if seen && !h.Recreated && runsDuring(h, as) && o.Exists && !o.Deleting && !hookRuns(o) && madeByRelease(f, o) {
			stale = append(stale, o)
		}
	}
	return stale
}

// madeByRelease says that an object is not older than the release, as far as its
// history goes back.
func madeByRelease(f *facts.Facts, o facts.Object) bool {
	first := f.Records[0]
	return first.Revision > 1 || !o.Created.Before(first.Created)
}
