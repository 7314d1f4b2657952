package verdict

import (
	"fmt"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// Disposal is what becomes of an object that outlives its release: Helm's uninstall
// deletes neither what hooks made nor the claims of StatefulSets.
type Disposal string

// The disposals.
const (
	DisposalDelete    Disposal = "delete"     // it is the release's own, and its policy or an input says that it goes
	DisposalStays     Disposal = "stays"      // it is the release's own, and nothing says that it goes
	DisposalForeign   Disposal = "foreign"    // it only bears the name, and is something else's
	DisposalUnproven  Disposal = "unproven"   // nothing shows whose it is
	DisposalUnread    Disposal = "unread"     // it could not be looked at
	DisposalGoesAlong Disposal = "goes-along" // its namespace is to go, with what is in it
)

// Remain is an object that outlives its release, and what becomes of it.
type Remain struct {
	Object   facts.Object
	Disposal Disposal
	Why      string
	// Kept says that it is the release's own and marked as one to be kept.
	Kept bool
}

// RemainPolicy is what the user wants deleted of what outlives the release.
type RemainPolicy struct {
	Hooks  bool // what its hooks made, claims excepted: these are data
	Claims bool // the claims of its StatefulSets and hooks
}

// RemainsOf returns what outlives the release of all that its records' hooks made and
// its StatefulSets claimed. withNamespace says that the namespace is to go after them.
func RemainsOf(f *facts.Facts, hooks []facts.HookObject, claims []facts.Claim, p RemainPolicy, withNamespace bool) []Remain {
	var remains []Remain
	add := func(o facts.Object, judge func() (Disposal, string)) {
		known := slices.ContainsFunc(remains, func(r Remain) bool { return r.Object.Ref == o.Ref })
		switch {
		case known, !o.Exists && o.Error == "":
		case o.Error != "":
			remains = append(remains, Remain{Object: o, Disposal: DisposalUnread, Why: o.Error})
		default:
			d, why := judge()
			r := Remain{o, d, why, d == DisposalStays && keeps(o)}
			if withNamespace && o.Namespace == f.Namespace.Name {
				r.Disposal, r.Why = DisposalGoesAlong, ""
			}
			remains = append(remains, r)
		}
	}
	for _, h := range hooks {
		add(h.Object, func() (Disposal, string) { return disposeOfHook(f, h, p) })
	}
	going := RemainsWith(remains, DisposalDelete) // a hook may have made a StatefulSet
	for _, c := range claims {
		add(c.Object, func() (Disposal, string) { return disposeOfClaim(f, c, going, p) })
	}
	return remains
}

// NamedRemains returns what else outlives the release: what older revisions have made, and a later one
// names. The release made it, so that it goes at its end, but for the data in a claim, and for what somebody has put
// back of it since; not where another install is to come, whose chart may name it. remains are known already.
func NamedRemains(f *facts.Facts, remains []Remain, named []Older, p RemainPolicy, atEnd, withNamespace bool) (also []Remain) {
	for _, o := range named {
		if IsRemain(remains, o.Object) || IsRemain(also, o.Object) || holdsOthers[o.Kind] {
			continue
		}
		r := Remain{Object: o.Object, Disposal: DisposalDelete, Why: "the release made it"}
		switch {
		case withNamespace && o.Namespace == f.Namespace.Name:
			r.Disposal, r.Why = DisposalGoesAlong, ""
		case o.whoseElse() != "":
			r.Disposal, r.Why = DisposalUnproven, o.whoseElse()
		case o.Kind == claimKind && p.Claims:
			r.Why = "delete-claims says so"
		case o.Kind == claimKind && !o.Deleting:
			r.Disposal, r.Why = DisposalStays, "an older revision made it, and it holds data; delete-claims deletes it"
		case !atEnd && !o.Deleting:
			r.Disposal, r.Why = DisposalStays, "an older revision made it, and a later one names it"
		}
		also = append(also, r)
	}
	return also
}

// disposeOfHook returns what becomes of an object that bears the name of a hook's.
func disposeOfHook(f *facts.Facts, h facts.HookObject, p RemainPolicy) (Disposal, string) {
	o := h.Object
	switch ownerOfHook(f, o) {
	case hookTheirs:
		return DisposalForeign, "it belongs to " + otherOwner(f, o)
	case hookUnknown:
		return DisposalUnproven, "nothing on it says that Berth made it for this release"
	case hookOurs:
	}
	switch {
	case keeps(o):
		return DisposalStays, WhyKept(o)
	case o.Deleting:
		return DisposalDelete, "it is being deleted already"
	case holdsOthers[o.Kind]:
		return DisposalStays, fmt.Sprintf("what others made may be in the %s", o.Kind)
	case putBack(f, h) != "":
		return DisposalUnproven, putBack(f, h)
	case spentHook(madeBy(f, h)): // what a later revision's policy is, that did not run it, says nothing of it
		return DisposalDelete, "its hook's delete policy says so"
	case o.Kind == claimKind && p.Claims:
		return DisposalDelete, "delete-claims says so"
	case o.Kind == claimKind:
		return DisposalStays, "a hook made it, and it holds data; delete-claims deletes it"
	case p.Hooks:
		return DisposalDelete, "delete-hooks says so"
	}
	return DisposalStays, "a hook made it, and no delete policy says that it goes; delete-hooks deletes it"
}

const claimKind = "PersistentVolumeClaim"

// holdsOthers are the kinds that take with them what others have made. Helm deletes no
// definition that a hook made either.
var holdsOthers = map[string]bool{"Namespace": true, "CustomResourceDefinition": true, "PersistentVolume": true}

// spentHook returns whether Helm would have deleted what a hook made, by its delete
// policy, had the run not ended before. With both policies, it would have at any end.
func spentHook(h facts.HookObject) bool {
	o := h.Object
	succeeded, failed := h.Hook.Succeeded, false
	if o.Kind == "Job" || o.Kind == "Pod" {
		succeeded, failed = o.Complete, o.Failed
	}
	return h.Hook.Temporary && (succeeded || h.Hook.TemporaryFailed) || h.Hook.TemporaryFailed && failed
}

// disposeOfClaim returns what becomes of a claim that bears a name of a StatefulSet's.
// going are objects that are to be deleted, too.
func disposeOfClaim(f *facts.Facts, c facts.Claim, going []Remain, p RemainPolicy) (Disposal, string) {
	own := f.Namespace.Name + "/" + f.Release
	switch {
	case c.Owner != "" && c.Owner != own, c.HookOf != "" && c.HookOf != own:
		return DisposalForeign, "it belongs to " + otherOwner(f, c.Object)
	case c.By != "":
		return DisposalForeign, "it belongs to " + c.By
	case c.Holder != facts.Ref{} && !slices.ContainsFunc(going, func(r Remain) bool { return sameObject(r.Object.Ref, c.Holder) }):
		return DisposalStays, c.Holder.In(c.Namespace) + ", which is there, gives that name to its claims"
	case c.Doubtful:
		return DisposalUnproven, fmt.Sprintf("no revision of the release is known to have made %s", c.Set.In(c.Namespace))
	case !c.Labelled:
		return DisposalUnproven, fmt.Sprintf("it lacks the labels that %s gives to its claims", c.Set.In(c.Namespace))
	case !madeSince(began(f), c.Object):
		return DisposalUnproven, "it is older than the release"
	case keeps(c.Object):
		return DisposalStays, WhyKept(c.Object)
	case PutBack(f.Last(), c.Object) != "":
		return DisposalUnproven, PutBack(f.Last(), c.Object)
	case c.Deleting:
		return DisposalDelete, "it is being deleted already"
	case c.Going:
		return DisposalDelete, fmt.Sprintf("the retention policy of %s says so", c.Set.In(c.Namespace))
	case c.Maker != "" && c.Maker != helmsClient:
		return DisposalUnproven, fmt.Sprintf("it was made with %s, and not for %s", c.Maker, c.Set.In(c.Namespace))
	case p.Claims:
		return DisposalDelete, "delete-claims says so"
	}
	return DisposalStays, fmt.Sprintf("it holds data of %s; delete-claims deletes it", c.Set.In(c.Namespace))
}

// Claimants returns the manifests whose StatefulSets the release has made, the newest first, and those of which that is not
// known: a revision that failed may have failed before, and a hook need not have run. An uninstall writes over how its
// revision had ended, and has Helm say of all others that they were superseded.
func Claimants(f *facts.Facts) (made, perhaps []string) {
	uninstalled := slices.ContainsFunc(f.Records, func(r facts.Record) bool {
		return r.EffectiveStatus() == facts.StatusUninstalling || r.EffectiveStatus() == facts.StatusUninstalled
	})
	for i := range slices.Backward(f.Records) {
		r := &f.Records[i]
		add := func(manifest string, known bool) {
			if known {
				made = append(made, manifest)
			} else {
				perhaps = append(perhaps, manifest)
			}
		}
		add(r.Manifest, r.Deployed || isGood(r) && !uninstalled)
		for _, h := range r.Hooks {
			add(h.Manifest, h.Succeeded)
		}
	}
	return made, perhaps
}

// otherOwner names what an object belongs to that is not this release's.
func otherOwner(f *facts.Facts, o facts.Object) string {
	if own := f.Namespace.Name + "/" + f.Release; o.Owner != "" && o.Owner != own {
		return "release " + o.Owner
	}
	return "release " + o.HookOf
}

// WhyKept says by what an object is to be kept.
func WhyKept(o facts.Object) string {
	if o.KeepWhy != "" {
		return o.KeepWhy
	}
	return "its resource policy is keep"
}

// began returns when the release was first installed: by the server's clock where its
// first record is there, else by that of the run. It is zero where nothing tells.
func began(f *facts.Facts) time.Time {
	if first := f.Records[0]; first.Revision == 1 {
		return first.Created
	}
	for _, rec := range slices.Backward(f.Records) {
		if !rec.FirstDeployed.IsZero() {
			return rec.FirstDeployed
		}
	}
	return time.Time{}
}

// madeSince returns whether an object is known to be no older. The API server's times
// are whole seconds.
func madeSince(at time.Time, o facts.Object) bool {
	return !at.IsZero() && !o.Created.Before(at.Truncate(time.Second))
}

// IsRemain returns whether an object is among what outlives the release.
func IsRemain(remains []Remain, o facts.Object) bool {
	return slices.ContainsFunc(remains, func(r Remain) bool { return sameObject(r.Object.Ref, o.Ref) })
}

// RemainsWith returns those of these disposals.
func RemainsWith(remains []Remain, disposals ...Disposal) []Remain {
	return slices.DeleteFunc(slices.Clone(remains), func(r Remain) bool { return !slices.Contains(disposals, r.Disposal) })
}

// KeptRemains returns the objects of those that are the release's own and to be kept.
func KeptRemains(remains []Remain) (kept []facts.Object) {
	for _, r := range remains {
		if r.Kept {
			kept = append(kept, r.Object)
		}
	}
	return kept
}

// ByPolicyAlone returns whether nothing of these is deleted because an input says so.
func (p RemainPolicy) ByPolicyAlone() bool { return !p.Hooks && !p.Claims }

// Stay returns what a namespace was to take along that stays after all.
func Stay(along []Remain) []Remain {
	stay := slices.Clone(along)
	for i := range stay {
		stay[i].Disposal, stay[i].Why = DisposalStays, "it was to go with the namespace, which stays"
	}
	return stay
}

// StillThere returns what is left of objects that were to be deleted, by a second look
// at all that outlives the release.
func StillThere(doomed, again []Remain) []Remain {
	left := slices.DeleteFunc(slices.Clone(again), func(now Remain) bool {
		return !slices.ContainsFunc(doomed, func(was Remain) bool { return was.Object.Ref == now.Object.Ref })
	})
	for i, now := range left {
		if now.Disposal == DisposalDelete {
			left[i].Disposal, left[i].Why = DisposalStays, "it was to be deleted, since "+now.Why+", and is still there"
		}
	}
	return left
}

// DescribeRemains says of each what it is and why it stays, for a reader who knows the
// namespace.
func DescribeRemains(remains []Remain, namespace string) []string {
	lines := make([]string, len(remains))
	for i, r := range remains {
		lines[i] = r.Object.In(namespace) + ": " + r.Why
		if r.Disposal == DisposalUnread {
			lines[i] = "whether " + r.Object.In(namespace) + " is left is not known: " + r.Why
		}
	}
	return lines
}
