package ownership

import "strings"

// AnnotationHookOf is what Berth writes on each object that a hook of a release makes:
// the release, as namespace/name. Helm writes no owner on them.
const AnnotationHookOf = "berth.dev/hook-of"

// HookOf returns the release, as Release.String has it, of which a hook made an object, or
// "" where the object does not say so.
func HookOf(annotations map[string]string) string { return HookRelease(annotations).String() }

// HookRelease is HookOf as a release. Either part is empty where it is not told.
func HookRelease(annotations map[string]string) Release {
	namespace, name, _ := strings.Cut(annotations[AnnotationHookOf], "/")
	return Release{namespace, name}
}

// LabelInstance is by custom the name of the release.
const LabelInstance = "app.kubernetes.io/instance"

// HookObject is an object that has the name of a release's hook.
type HookObject struct {
	Labels, Annotations map[string]string
	Controller          string            // the object that controls it, as kind/name; "": none does
	Wanted              map[string]string // the labels that the hook's manifest gives it
	Recorded            bool              // a stored record of the release names the hook
	Made                bool              // that hook has run, by what does not mark what it makes
	Elsewhere           bool              // it is not in the release's namespace: in another one, or in none
}

// NotByHookOf returns why an object is not to be taken for one that a hook of the
// release has made, or "". Helm deletes whatever has the name of a hook before it makes
// the hook's object, so that this has to be shown.
//
// What an earlier Berth or Helm itself has made carries no mark. It passes as the
// release's own where Helm's annotation says that a hook made it, nothing on it speaks
// for somebody else, and a record of the release or the usual label names the release. The
// label tells the release's name alone, and a record what was to be made: in another namespace
// than the release's own, or in none, a release of that name and chart may have made it, so that
// it has to be known that the hook has run.
func NotByHookOf(r Release, o HookObject) string {
	if owner := OtherOwner(r, nil, o.Annotations); owner != "" {
		return "it belongs to " + owner
	}
	switch made := HookOf(o.Annotations); {
	case made == r.String() || OwnerOf(o.Labels, o.Annotations) == r:
		return ""
	case made != "":
		return "a hook of release " + made + " made it"
	case !IsHook(o.Annotations):
		return "no hook made it"
	case o.Controller != "":
		return "it belongs to " + o.Controller
	}
	if why, keep := KeepMark(o.Labels, o.Annotations); keep {
		return why
	}
	switch instance := o.Labels[LabelInstance]; {
	case o.Elsewhere && !o.Made:
		return "a hook made it outside the release's namespace, and nothing shows that this was one of release " + r.String()
	case instance == r.Name:
		return ""
	case !o.Recorded:
		return "a hook made it, and nothing shows that this was one of release " + r.String()
	case instance != "" && instance != o.Wanted[LabelInstance]:
		return "its label " + LabelInstance + " says " + instance
	}
	return ""
}

// KeptFromHook returns why an object that is the release's is not deleted before a hook of its
// name is made, or "". wanted are the annotations that the hook's manifest gives it, and claim
// says that it is a PersistentVolumeClaim.
//
// A chart's own policy keep counts for nothing on what a hook of it made, as with Helm, which
// makes that anew: but for a claim, whose data nobody could make. What the manifest has made is
// another thing. Helm deletes it when the chart makes a hook of it, with the data that it was to
// keep.
func KeptFromHook(live, wanted map[string]string, claim bool) string {
	switch byHook := IsHook(live); {
	case KeptByPolicy(live) && (claim || !byHook || !KeptByPolicy(wanted)):
		return WhyPolicy
	case claim && !byHook:
		return "no hook made it, and it holds data"
	}
	return ""
}
