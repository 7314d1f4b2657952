package verdict

import "slices"

// DeadRevisions are those whose objects are nobody's business any more, newest
// first: Helm, which compares with the deployed revision alone, forgets them. The
// deploy of a good one sweeps them up last, so where no run is known to have
// ended in order, all that failed count.
func DeadRevisions(f *Facts) []*Record { return failed(f, f.Lock.State != LockEnded) }

// FailedSinceGood are the revisions that failed since the newest good one, newest
// first.
func FailedSinceGood(f *Facts) []*Record { return failed(f, false) }

func failed(f *Facts, all bool) []*Record {
	var dead []*Record
	for i := range slices.Backward(f.Records) {
		r := &f.Records[i]
		switch r.standing() {
		case StatusDeployed, StatusSuperseded, StatusUninstalled:
			if !all {
				return dead
			}
		case StatusFailed, StatusPendingInstall, StatusPendingUpgrade, StatusPendingRollback, StatusUninstalling, StatusUnknown:
			dead = append(dead, r)
		}
	}
	return dead
}

// Leftovers are the objects of dead revisions that no longer belong anywhere
// (R11): there, the release's own, not kept on purpose, not in what is deployed
// now.
func Leftovers(dead, deployed []Object) []Object {
	var left []Object
	for _, o := range dead {
		same := func(other Object) bool { return sameObject(o.Ref, other.Ref) }
		if o.Exists && o.Owned && !o.Kept && !o.Deleting && !slices.ContainsFunc(deployed, same) && !slices.ContainsFunc(left, same) {
			left = append(left, o)
		}
	}
	return left
}

// sameObject compares without the API version: an object keeps its identity when
// the chart moves to another version of its kind. Where the groups differ the
// kinds could too, and then the answer is the safe one: the same.
func sameObject(a, b Ref) bool {
	return a.Kind == b.Kind && a.Namespace == b.Namespace && a.Name == b.Name
}

// StaleHooks are the objects of earlier hooks which stop the step that is about
// to create them again (R9): Helm leaves them when their delete policy does not
// say otherwise, and then trips over the name. Only what a record names as its
// hook counts, and nothing that still runs.
func StaleHooks(f *Facts, next Step) []Object {
	last := f.Last()
	if last == nil || last.DecodeError != "" {
		return nil
	}
	as := StatusPendingUpgrade
	if next == StepInstall || next == StepReplace {
		as = StatusPendingInstall
	}
	var stale []Object
	for _, h := range last.Hooks {
		o, seen := hookObject(f, h)
		if seen && !h.Recreated && runsIn(h, as) && o.Exists && !o.Deleting && !activeHook(o) && sinceFirst(f, o) {
			stale = append(stale, o)
		}
	}
	return stale
}

// sinceFirst says that an object is not older than the release, as far as its
// history goes back.
func sinceFirst(f *Facts, o Object) bool {
	first := f.Records[0]
	return first.Revision > 1 || !o.Created.Before(first.Created)
}
