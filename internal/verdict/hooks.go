package verdict

import (
	"fmt"
	"slices"

	"github.com/berth-dev/berth/internal/facts"
)

// hookOwner says whose an object is that bears the name of one of the release's hooks.
// In a namespace that releases share, another one's hook may bear it, too.
type hookOwner int

const (
	hookOurs    hookOwner = iota // it says that this release made it
	hookTheirs                   // it says that something else did
	hookUnknown                  // it says nothing: Helm itself made it, or a person
)

func ownerOfHook(f *facts.Facts, o facts.Object) hookOwner {
	own := f.Namespace.Name + "/" + f.Release
	switch {
	case o.Owner != "" && o.Owner != own, o.HookOf != "" && o.HookOf != own:
		return hookTheirs
	case o.HookOf == own, o.Owned:
		return hookOurs
	}
	return hookUnknown
}

// BlockedBy returns those of a coming operation's hooks that a leftover would make
// fail, because Helm creates them over it. Helm deletes a leftover first where the
// delete policy says so of the hook that it is about to create, whatever the policy was
// when the leftover was made.
func BlockedBy(hooks []facts.Hook, next StepKind) []facts.Hook {
	as := facts.StatusPendingInstall
	switch next {
	case StepUpgrade:
		as = facts.StatusPendingUpgrade
	case StepRollback:
		as = facts.StatusPendingRollback
	case StepInstall, StepReplace, StepRelabel, StepQuarantine, StepQuarantineUnreadable, StepDiscard, StepPromote, StepUnlock, StepDedupe,
		StepUninstall, StepTakeDown, StepDiscardQuarantined, StepSweep:
	}
	return slices.DeleteFunc(slices.Clone(hooks), func(h facts.Hook) bool { return h.Recreated || !runsDuring(h, as) })
}

// LeftoverHooks returns the objects of earlier hooks that are to be deleted before the
// coming ones are created: the release's own, and none that is running or that was made to
// stay. One that does not say whose it is has to look like a hook of the last record in
// every way.
func LeftoverHooks(f *facts.Facts, seen []facts.HookObject) []facts.Object {
	var leftovers []facts.Object
	for _, h := range seen {
		o := h.Object
		owner := ownerOfHook(f, o)
		ours := owner == hookOurs || owner == hookUnknown && looksLikeHook(f, o)
		if o.Exists && ours && !o.Deleting && !keeps(o) && !hookRuns(o) && putBack(f, h) == "" && isDone(madeBy(f, h)) {
			leftovers = append(leftovers, o)
		}
	}
	return leftovers
}

// madeBy returns a hook's object with the hook that has made it, as far as the records that were
// read tell, in place of the coming one of its name: what that one's policy is says nothing of
// what is there. Nor does that of a revision whose record is younger, which has failed on it. Times
// are whole seconds, so that what is of the same one may be an earlier revision's. What none of
// them shows to have made counts as there to stay.
func madeBy(f *facts.Facts, h facts.HookObject) facts.HookObject {
	made, _ := madeByRecord(f, h)
	return made
}

// putBack returns why an object that bears the marks of a hook's is not what the hook has made, or "": a person's client
// made it, or it came when the hook had run to its end, which its policy deletes it at.
func putBack(f *facts.Facts, h facts.HookObject) string {
	made, by := madeByRecord(f, h)
	switch {
	case h.Object.Maker != "" && h.Object.Maker != helmsClient:
		return fmt.Sprintf("it was made with %s, from what bears the marks of this release", h.Object.Maker)
	case by != nil && made.Hook.Succeeded && made.Hook.Temporary && !by.Touched.IsZero() && h.Object.Created.After(by.Touched):
		return fmt.Sprintf("it was made after revision %d, whose hook it looks like, had ended", by.Revision)
	case f.Last() != nil:
		return PutBack(f.Last(), h.Object)
	}
	return ""
}

// madeByRecord is madeBy, with the record of the revision, or nil.
func madeByRecord(f *facts.Facts, h facts.HookObject) (made facts.HookObject, by *facts.Record) {
	shown, manifest := false, h.Hook.Manifest
	h.Hook.Temporary, h.Hook.TemporaryFailed = false, false
	for i := range f.Records {
		r := &f.Records[i]
		at := slices.IndexFunc(r.Hooks, func(by facts.Hook) bool {
			return by.Makes(h.Object.Ref, f.Namespace.Name) || manifest != "" && by.Manifest == manifest // of a List, which has several
		})
		if at < 0 || h.Object.Created.Before(r.Created) {
			continue
		}
		if !shown || h.Object.Created.After(r.Created) {
			h.Hook, shown, by = r.Hooks[at], true, r
		}
	}
	return h, by
}

// isDone returns whether nobody loses by it when a hook's object goes: a Job or Pod that
// has ended, and what Helm itself would have deleted once the hook had succeeded. What
// else a hook makes is there to stay, with its data: a claim, a generated password, a
// database.
func isDone(h facts.HookObject) bool {
	switch kind := h.Object.Kind; {
	case holdsOthers[kind]:
		return false
	case kind == "Job" || kind == "Pod":
		return true
	}
	return h.Hook.Temporary
}

// keeps returns whether an object is marked as one to be kept.
func keeps(o facts.Object) bool { return o.Kept || o.KeepWhy != "" }

// looksLikeHook returns whether an object carries Helm's annotation of a hook, the last
// record has a hook of that name, and it is not older than the release. Outside the release's
// namespace it may be that of a release of the same name in another one.
func looksLikeHook(f *facts.Facts, o facts.Object) bool {
	last := f.Last()
	if last == nil || !o.IsHook || o.Namespace != f.Namespace.Name {
		return false
	}
	named := slices.ContainsFunc(last.Hooks, func(h facts.Hook) bool { return h.Makes(o.Ref, f.Namespace.Name) })
	return named && madeByRelease(f, o)
}

// madeByRelease returns whether an object is not older than the release's first
// stored revision. Where the history is cut, its age tells nothing.
func madeByRelease(f *facts.Facts, o facts.Object) bool {
	first := f.Records[0]
	return first.Revision > 1 || !o.Created.Before(first.Created)
}

// MakesWorkload returns whether a hook of a deploy makes something that is to go on
// running, and leaves it: a database that a chart installs before its own objects, say.
func MakesWorkload(h facts.Hook) bool {
	deploys := runsDuring(h, facts.StatusPendingInstall) || runsDuring(h, facts.StatusPendingUpgrade) ||
		runsDuring(h, facts.StatusPendingRollback)
	return deploys && !h.Temporary && slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}, h.Kind)
}

// isPart returns whether a hook's workload is part of what the last revision has
// running: it says so, or the hooks of that very revision made it. What an earlier
// revision's made may have been removed on purpose.
func isPart(f *facts.Facts, h facts.HookObject) bool {
	switch {
	case h.Object.Error != "":
		return true
	case !h.Object.Exists:
		return h.Hook.Succeeded
	}
	switch ownerOfHook(f, h.Object) {
	case hookOurs:
		return true
	case hookTheirs:
		return h.Hook.Succeeded
	case hookUnknown:
	}
	return h.Hook.Succeeded && !h.Object.Created.Before(f.Last().Created)
}
