package verdict

import (
	"fmt"
	"slices"

	"github.com/berth-dev/berth/internal/facts"
)

// An upgrade that fails before it deletes anything leaves what it does not have any more, and Helm's
// uninstall deletes what the last revision has. The rest is outgrown: only older revisions have it.

// volumeKind is that of what stores the data of a claim.
const volumeKind = "PersistentVolume"

// Older is an object that only older revisions of a release have.
type Older struct {
	facts.Object
	// MadeAfter is the revision, the first one after these, that was there before the object was; 0:
	// none is known to have been. What made the object was none of the release's revisions.
	MadeAfter int
	// Back is why the object is none of the revision's, which was uninstalled before; "": nothing says so.
	Back string
}

// OlderOf returns an object that the record at an index has, and none after it.
func OlderOf(records []facts.Record, at int, o facts.Object) Older {
	if at+1 < len(records) {
		if next := records[at+1]; !next.Created.IsZero() && o.Created.After(next.Created) {
			return Older{Object: o, MadeAfter: next.Revision}
		}
	}
	return Older{Object: o, Back: PutBack(&records[at], o)}
}

// whoseElse returns why an object that bears the release's marks is not one that a revision of it has made,
// or "": it came after, or a person made it, from what was saved of the release.
func (o Older) whoseElse() string {
	switch {
	case o.Back != "":
		return o.Back
	case o.MadeAfter > 0:
		return fmt.Sprintf("it was made after revision %d, which does not have it", o.MadeAfter)
	case o.Maker != "" && o.Maker != helmsClient:
		return fmt.Sprintf("it was made with %s, from what bears the marks of this release", o.Maker)
	}
	return ""
}

// PutBack returns why an object that bears the release's marks was none of it when it was uninstalled, as its record says,
// or "": somebody has made it since, from what was saved of it. What is being deleted may be by the uninstall.
func PutBack(uninstalled *facts.Record, o facts.Object) string {
	switch {
	case uninstalled.PayloadStatus != facts.StatusUninstalled, o.Deleting:
		return ""
	case o.Maker != "" && o.Maker != helmsClient:
		return fmt.Sprintf("it was made with %s, from what bears the marks of this release", o.Maker)
	case !uninstalled.Touched.IsZero() && o.Created.After(uninstalled.Touched):
		return "it was made after the release was uninstalled"
	}
	return ""
}

// Outgrown returns why an object of an older revision outlives its release, or "": a
// definition that the chart has moved to its crds folder, whose definitions no release deletes,
// was left for the objects of its kind, a Namespace for those in it, and a PersistentVolume for the
// data in it: its deletion waits for a claim that nothing need delete, and is never taken back.
func Outgrown(o facts.Object) string {
	switch o.Kind {
	case "CustomResourceDefinition":
		return "the chart has it in its manifest no more, and what is of its kind may need it"
	case "Namespace":
		return "the chart has it in its manifest no more, and what is in it may need it"
	case volumeKind:
		return "the chart has it in its manifest no more, and data may be in it"
	}
	return ""
}

// IsVolume returns whether an object is a PersistentVolume.
func IsVolume(o facts.Object) bool { return o.Kind == volumeKind }

// DeletionOrder returns objects in the order in which they are deleted, some at a time: volumes after the claims
// that may be bound to them, and Namespaces and definitions of kinds last, with which others would go.
func DeletionOrder(objects []facts.Object) [][]facts.Object {
	waves := make([][]facts.Object, 3)
	for _, o := range objects {
		at := 0
		switch o.Kind {
		case volumeKind:
			at = 1
		case "Namespace", "CustomResourceDefinition":
			at = 2
		}
		waves[at] = append(waves[at], o)
	}
	return waves
}

// GoesWithClaims returns whether an object is a PersistentVolume that was deleted and is gone once the
// claim is that is bound to it.
func GoesWithClaims(o facts.Object) bool { return IsVolume(o) && o.Deleting }

// OlderRemains returns what goes of what only older revisions have made, and what stays: the data in
// a claim outlive the release, unless it is said that they go, and what something else has made is not
// the release's. Where another install is to come, whose chart may name it, all of it stays.
func OlderRemains(older []Older, p RemainPolicy, atEnd bool) (going []facts.Object, staying []Remain) {
	for _, o := range older {
		stays := func(d Disposal, why string) {
			staying = append(staying, Remain{Object: o.Object, Disposal: d, Why: why})
		}
		switch {
		case o.whoseElse() != "":
			stays(DisposalUnproven, o.whoseElse())
		case o.Deleting:
			going = append(going, o.Object)
		case o.Kind == claimKind && !p.Claims:
			stays(DisposalStays, "an older revision made it, and it holds data; delete-claims deletes it")
		case !atEnd:
			stays(DisposalStays, "an older revision made it, and the chart may name it by now")
		default:
			going = append(going, o.Object)
		}
	}
	return going, staying
}

// HoldsData returns whether data would go in, or with, an object.
func HoldsData(o facts.Object) bool {
	return o.Kind == claimKind || o.Kind == volumeKind || o.TakesClaims
}

// DataOf returns those of the objects of a revision in which, or with which, data would go, where the revision was
// deployed, or may have been before it was uninstalled.
func DataOf(r *facts.Record, objects []facts.Object) (data []facts.Object) {
	served := isGood(r) || r.EffectiveStatus() == facts.StatusUninstalled
	for _, o := range objects {
		if served && HoldsData(o) {
			data = append(data, o)
		}
	}
	return data
}

// WithoutData returns the leftovers without the data, whichever revision has them, and a sentence on each of these.
func WithoutData(leftovers, data []facts.Object) (going []facts.Object, kept []string) {
	for _, o := range leftovers {
		switch {
		case !slices.ContainsFunc(data, func(d facts.Object) bool { return sameObject(d.Ref, o.Ref) }):
			going = append(going, o)
		case o.TakesClaims:
			kept = append(kept, fmt.Sprintf("%s was kept: an older revision made it, and its claims would go with it, which hold data", o.Ref))
		default:
			kept = append(kept, fmt.Sprintf("%s was kept: an older revision made it, and it holds data", o.Ref))
		}
	}
	return going, kept
}

// WithoutVolumes returns what goes of the leftovers without PersistentVolumes where a claim among the
// leftovers stays, which may be bound to one, and a sentence on each of these.
func WithoutVolumes(going, leftovers []facts.Object) (without []facts.Object, kept []string) {
	stays := slices.ContainsFunc(leftovers, func(o facts.Object) bool {
		return o.Kind == claimKind && !slices.ContainsFunc(going, func(g facts.Object) bool { return sameObject(g.Ref, o.Ref) })
	})
	for _, o := range going {
		if stays && o.Kind == volumeKind {
			kept = append(kept, fmt.Sprintf("%s was kept: a claim that was kept may be bound to it", o.Ref))
			continue
		}
		without = append(without, o)
	}
	return without, kept
}

// WithoutStrange returns the leftovers without what no revision of the release has made, and a sentence on
// each of these. made tells of each which revision was there before it, and does not have it, and who made it.
func WithoutStrange(leftovers []facts.Object, made []Older) (going []facts.Object, kept []string) {
	for _, o := range leftovers {
		at := slices.IndexFunc(made, func(m Older) bool { return sameObject(m.Ref, o.Ref) }) // the newest that has it
		whose := Older{Object: o}
		if at >= 0 {
			whose.MadeAfter = made[at].MadeAfter
		}
		if why := whose.whoseElse(); why != "" {
			kept = append(kept, fmt.Sprintf("%s was kept: %s", o.Ref, why))
			continue
		}
		going = append(going, o)
	}
	return going, kept
}
