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
	return leftBehind(abandoned, deployed, func(o facts.Object) bool { return o.Owned })
}

// LeftoversOfOthers returns the objects of abandoned revisions that would be deleted if
// they were not somebody else's by now.
func LeftoversOfOthers(abandoned, deployed []facts.Object) []facts.Object {
	return leftBehind(abandoned, deployed, func(o facts.Object) bool { return !o.Owned })
}

// leftBehind returns the abandoned objects that exist and may go, once each.
func leftBehind(abandoned, deployed []facts.Object, wanted func(facts.Object) bool) []facts.Object {
	var left []facts.Object
	for _, o := range abandoned {
		same := func(other facts.Object) bool { return sameObject(o.Ref, other.Ref) }
		if o.Exists && wanted(o) && !o.Kept && !o.Deleting && !slices.ContainsFunc(deployed, same) && !slices.ContainsFunc(left, same) {
			left = append(left, o)
		}
	}
	return left
}

// HeldBy returns why a Namespace of a release stays for an object of the same manifest that
// was left in it, or "".
func HeldBy(o facts.Object, objects []facts.Object) string {
	if o.Kind != "Namespace" {
		return ""
	}
	for _, in := range objects {
		if in.Namespace == o.Name && in.Exists && (in.Kept || !in.Owned) {
			return in.In(o.Name) + ", which is left, is in it"
		}
	}
	return ""
}

// Outgrown returns why an object of an older revision outlives its release, or "": a
// definition that the chart has moved to its crds folder, whose definitions no release deletes,
// was left for the objects of its kind.
func Outgrown(o facts.Object) string {
	if o.Kind == "CustomResourceDefinition" {
		return "the chart has it in its manifest no more, and what is of its kind may need it"
	}
	return ""
}

// RecordedHooks returns the hooks that the loaded records name: an object of the name of
// one can be what a hook of the release has made.
func RecordedHooks(f *facts.Facts) []facts.Hook {
	var all []facts.Hook
	for i := range f.Records {
		all = append(all, f.Records[i].Hooks...)
	}
	return all
}

// sameObject compares without the API version: an object stays the same one when
// the chart moves to another version of its kind. Two kinds of the same name in
// different groups are taken for the same, which keeps the object.
func sameObject(a, b facts.Ref) bool {
	return a.Kind == b.Kind && a.Namespace == b.Namespace && a.Name == b.Name
}
