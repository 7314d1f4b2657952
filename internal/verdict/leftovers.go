package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
)

// RevisionsToSweep returns the revisions whose objects Helm has forgotten, newest
// first: those that failed since the last deploy of Berth's that went well, which deletes
// what they left as its last step. A rollback does not, nor does a record that is corrected,
// nor Helm itself; and unless the last run is known to have ended in order, every revision
// that failed counts. An uninstall deletes what its own revision has, and no more, so that the one that was
// deployed before it counts, too.
func RevisionsToSweep(f *facts.Facts) []*facts.Record {
	done := func(good *facts.Record) bool { return f.Lock.State == facts.LockEnded && swept(good) }
	all := failed(f, done)
	if last := outlived(f, done); last != nil {
		all = append(all, last)
	}
	slices.SortStableFunc(all, func(a, b *facts.Record) int { return cmp.Compare(b.Revision, a.Revision) })
	return all
}

// outlived returns the revision that was deployed when one was uninstalled that had failed, or nil; what
// those before it left went with its own deploy. done says that nothing below a revision is left.
func outlived(f *facts.Facts, done func(good *facts.Record) bool) *facts.Record {
	uninstalled := false
	for i := range slices.Backward(f.Records) {
		r := &f.Records[i]
		switch {
		case isGood(r) && uninstalled:
			return r
		case isGood(r) && done(r):
			return nil
		}
		uninstalled = uninstalled || r.EffectiveStatus() == facts.StatusUninstalled
	}
	return nil
}

// isGood returns whether a revision was deployed, whatever has become of it since.
func isGood(r *facts.Record) bool {
	status := r.EffectiveStatus()
	return status == facts.StatusDeployed || status == facts.StatusSuperseded
}

// sinceUninstall returns the records since the newest one that was uninstalled: what was in service
// before is so no more, whatever its record says.
func sinceUninstall(f *facts.Facts) []facts.Record {
	for i := range slices.Backward(f.Records) {
		if f.Records[i].EffectiveStatus() == facts.StatusUninstalled {
			return f.Records[i+1:]
		}
	}
	return f.Records
}

// swept returns whether the deploy of a revision is known to have deleted what failed ones
// before it had left.
func swept(r *facts.Record) bool {
	return r.Loaded && r.DecodeError == "" && !r.Stamp.Zero() && facts.Swept(r.Description)
}

// FailedSinceDeployed returns the revisions that failed since the newest one that
// did not, newest first.
func FailedSinceDeployed(f *facts.Facts) []*facts.Record {
	return failed(f, func(*facts.Record) bool { return true })
}

// failed returns the revisions that did not end well, newest first: all of them or, with last,
// those since the newest one that did and of which that is true.
func failed(f *facts.Facts, last func(good *facts.Record) bool) []*facts.Record {
	var unsuccessful []*facts.Record
	for i := range slices.Backward(f.Records) {
		r := &f.Records[i]
		switch r.EffectiveStatus() {
		case facts.StatusDeployed, facts.StatusSuperseded, facts.StatusUninstalled:
			if last != nil && last(r) {
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

// leftBehind returns the abandoned objects that exist and may go, once each: whichever revision says that one is to
// be kept holds it.
func leftBehind(abandoned, deployed []facts.Object, wanted func(facts.Object) bool) []facts.Object {
	var left []facts.Object
	for _, o := range abandoned {
		same := func(other facts.Object) bool { return sameObject(o.Ref, other.Ref) }
		isKept := slices.ContainsFunc(abandoned, func(other facts.Object) bool { return other.Kept && same(other) })
		if o.Exists && wanted(o) && !isKept && !o.Deleting && !slices.ContainsFunc(deployed, same) && !slices.ContainsFunc(left, same) {
			left = append(left, o)
		}
	}
	return left
}

// WithoutHeld returns the leftovers without what would take along another object that a revision which failed has,
// and that stays, and a sentence on each of these.
func WithoutHeld(leftovers, abandoned []facts.Object) (going []facts.Object, kept []string) {
	staying := slices.DeleteFunc(slices.Clone(abandoned), func(o facts.Object) bool {
		return o.Deleting || slices.ContainsFunc(leftovers, func(l facts.Object) bool { return sameObject(l.Ref, o.Ref) })
	})
	for i := range staying {
		staying[i].Kept = true // whatever it is for
	}
	for _, o := range leftovers {
		if why := HeldBy(o, staying); why != "" {
			kept = append(kept, fmt.Sprintf("%s was kept: %s", o.Ref, why))
			continue
		}
		going = append(going, o)
	}
	return going, kept
}

// WithoutHooks returns the leftovers without what the chart has as a hook by now, and a sentence
// on each of these. Nothing would make it anew: a claim, say, of which the chart makes a hook of
// its install to have it outlive the release. What runs to an end is made anew by each run.
func WithoutHooks(leftovers []facts.Object, ofHooks []facts.HookObject) (going []facts.Object, kept []string) {
	for _, o := range leftovers {
		same := func(h facts.HookObject) bool { return sameObject(o.Ref, h.Object.Ref) }
		if o.Kind != "Job" && o.Kind != "Pod" && slices.ContainsFunc(ofHooks, same) {
			kept = append(kept,
				fmt.Sprintf("%s was kept: the chart has it as a hook by now, which this operation does not run", o.In(o.Namespace)))
			continue
		}
		going = append(going, o)
	}
	return going, kept
}

// WithoutNeeded returns the leftovers without what would take along objects that the release
// has, and a sentence on each of these. definitions are the names of what the chart has in its
// crds folder by now.
func WithoutNeeded(leftovers, deployed []facts.Object, definitions []string) (going []facts.Object, kept []string) {
	for _, o := range leftovers {
		if why := neededFor(o, deployed, definitions); why != "" {
			kept = append(kept, fmt.Sprintf("%s was kept: %s", o.Ref, why))
			continue
		}
		going = append(going, o)
	}
	return going, kept
}

// WithoutClaimed returns the leftovers without the claims that a StatefulSet of the release has as
// its own by now, by their names, and a sentence on each of these: its data are in them.
func WithoutClaimed(leftovers []facts.Object, claimed func(facts.Ref) bool) (going []facts.Object, kept []string) {
	for _, o := range leftovers {
		if o.Kind == claimKind && claimed(o.Ref) {
			kept = append(kept, fmt.Sprintf("%s was kept: a StatefulSet of the release has it, or may have it, as its claim", o.Ref))
			continue
		}
		going = append(going, o)
	}
	return going, kept
}

// WithoutNamed returns the leftovers without what an object of the release names, and a sentence on
// each of these: the next of its pods would not run without the Secret, and a claim holds data.
func WithoutNamed(leftovers []facts.Object, named []facts.Named, namespace string) (going []facts.Object, kept []string) {
	for _, o := range leftovers {
		if at := slices.IndexFunc(named, func(n facts.Named) bool { return n.Is(o.Ref) }); at >= 0 {
			kept = append(kept, fmt.Sprintf("%s was kept: %s of the release names it", o.In(namespace), named[at].By))
			continue
		}
		going = append(going, o)
	}
	return going, kept
}

// neededFor returns why what takes along other objects stays for one that the release has, or "".
// Whether that one is there does not count: it may be made at any moment.
func neededFor(o facts.Object, deployed []facts.Object, definitions []string) string {
	if o.Kind == "CustomResourceDefinition" && slices.Contains(definitions, o.Name) {
		return "the chart has it in its crds folder"
	}
	for _, has := range deployed {
		switch {
		case o.Kind == "Namespace" && has.Namespace == o.Name:
			return has.In(o.Name) + ", of the release, is in it"
		case o.Kind == "CustomResourceDefinition" && isOfKind(has, o):
			return has.String() + ", of the release, is of its kind"
		}
	}
	return ""
}

// isOfKind returns whether an object is of the kind that a definition defines, whose name is
// the kind's plural and group. One that does not tell the kind may define any of its group.
func isOfKind(o, definition facts.Object) bool {
	_, group, _ := strings.Cut(definition.Name, ".")
	of, _, grouped := strings.Cut(o.APIVersion, "/")
	return grouped && of == group && (definition.Defines == "" || definition.Defines == o.Kind)
}

// HeldBy returns why an object of a release stays for another one of the same manifest that was left: a
// Namespace for what is in it, a definition for what is of its kind, and a PersistentVolume for the claim
// that is bound to it and is to be kept. It returns "" where nothing holds it.
func HeldBy(o facts.Object, objects []facts.Object) string {
	for _, by := range objects {
		if !by.Exists || by.Owned && !by.Kept {
			continue
		}
		switch {
		case o.Kind == "Namespace" && by.Namespace == o.Name:
			return by.In(o.Name) + ", which is left, is in it"
		case o.Kind == "CustomResourceDefinition" && isOfKind(by, o):
			return by.String() + ", which is left, is of its kind"
		case o.Kind == volumeKind && by.Volume == o.Name && by.Owned:
			return by.String() + ", which is left, is bound to it"
		}
	}
	return ""
}

// sameObject compares without the API version: an object stays the same one when
// the chart moves to another version of its kind. Two kinds of the same name in
// different groups are taken for the same, which keeps the object.
func sameObject(a, b facts.Ref) bool {
	return a.Kind == b.Kind && a.Namespace == b.Namespace && a.Name == b.Name
}
