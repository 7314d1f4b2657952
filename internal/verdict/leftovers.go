package verdict

import (
	"slices"

	"github.com/berth-dev/berth/internal/facts"
)

// RevisionsToSweep returns the revisions whose objects Helm has forgotten, newest
// first: those that failed since the one that is deployed, with which alone Helm
// compares. Each deploy deletes what they left as its last step; so unless the last
// run is known to have ended in order, every revision that failed counts.
func RevisionsToSweep(f *facts.Facts) []*facts.Record {
	return failed(f, f.Lock.State != facts.LockEnded)
}

// FailedSinceDeployed returns the revisions that failed since the newest one that
// did not, newest first.
func FailedSinceDeployed(f *facts.Facts) []*facts.Record { return failed(f, false) }

// failed returns the revisions that did not end well, newest first: all of them, or
// those since the newest one that did.
func failed(f *facts.Facts, all bool) []*facts.Record {
	var unsuccessful []*facts.Record
	for i := range slices.Backward(f.Records) {
		r := &f.Records[i]
		switch r.EffectiveStatus() {
		case facts.StatusDeployed, facts.StatusSuperseded, facts.StatusUninstalled:
			if !all {
				return unsuccessful
			}
		case facts.StatusFailed, facts.StatusPendingInstall, facts.StatusPendingUpgrade, facts.StatusPendingRollback, facts.StatusUninstalling,
			facts.StatusUnknown:
			unsuccessful = append(unsuccessful, r)
		}
	}
	return unsuccessful
}

// Leftovers returns the objects of abandoned revisions that are to be deleted:
// those that exist, belong to the release, have no policy to be kept, and are not
// among the deployed objects.
func Leftovers(abandoned, deployed []facts.Object) []facts.Object {
	var left []facts.Object
	for _, o := range abandoned {
		same := func(other facts.Object) bool { return sameObject(o.Ref, other.Ref) }
		if o.Exists && o.Owned && !o.Kept && !o.Deleting && !slices.ContainsFunc(deployed, same) && !slices.ContainsFunc(left, same) {
			left = append(left, o)
		}
	}
	return left
}

// sameObject compares without the API version: an object stays the same one when
// the chart moves to another version of its kind. Two kinds of the same name in
// different groups are taken for the same, which keeps the object.
func sameObject(a, b facts.Ref) bool {
	return a.Kind == b.Kind && a.Namespace == b.Namespace && a.Name == b.Name
}

// LeftoverHooks returns the objects of earlier hooks that would make the next step
// fail, because it creates them again: Helm leaves them unless their delete policy
// says otherwise. Only hooks of the last record count, and none that is running.
func LeftoverHooks(f *facts.Facts, next StepKind) []facts.Object {
	last := f.Last()
	if last == nil || last.DecodeError != "" {
		return nil
	}
	as := facts.StatusPendingUpgrade
	if next == StepInstall || next == StepReplace {
		as = facts.StatusPendingInstall
	}
	var leftovers []facts.Object
	for _, h := range last.Hooks {
		o, seen := hookObject(f, h)
		if seen && !h.Recreated && runsDuring(h, as) && o.Exists && !o.Deleting && !hookRuns(o) && madeByRelease(f, o) {
			leftovers = append(leftovers, o)
		}
	}
	return leftovers
}

// madeByRelease returns whether an object is not older than the release's first
// stored revision. Where the history is cut, its age tells nothing.
func madeByRelease(f *facts.Facts, o facts.Object) bool {
	first := f.Records[0]
	return first.Revision > 1 || !o.Created.Before(first.Created)
}
