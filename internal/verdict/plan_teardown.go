package verdict

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/text"
)

// PlanTeardown returns what teardown does with a release in the diagnosed state.
// The plan of a release without records has no steps. What becomes of the
// namespace is decided by DecideNamespace once the release is gone; namespaceGoes is
// what that says beforehand.
func PlanTeardown(f *facts.Facts, d Diagnosis, p Policy, namespaceGoes bool) Plan {
	switch d.State {
	case StateAbsent:
		return Plan{}
	case StateForeign, StateLive, StateTerminating:
		return Plan{Refusal: Refuse(f, d)}
	case StateLivenessUnknown:
		if f.Last().PayloadStatus != facts.StatusUninstalling { // an unfinished uninstall is what this run continues
			return Plan{Refusal: Refuse(f, d)}
		}
	case StateUnreadable, StateDeployed, StateTwoDeployed, StateFailed, StateNoneDeployed,
		StateUninstalled, StateUninstalling, StateRecordingFailed, StateAbandoned, StateDisagreeing:
	}
	if stranger := refuseUnmarked(f, p, "take it down"); stranger != nil {
		return Plan{Refusal: stranger}
	}
	if other := refuseOtherApp(f, p); other != nil {
		return Plan{Refusal: other}
	}
	if other := inUseByAnother(f); other != nil {
		return Plan{Refusal: other}
	}
	if since := deployedSince(f); since != nil {
		return Plan{Refusal: since}
	}
	own := TenancyOf(f.Namespace, f.Identity) == TenancyOwn
	takeDown := Step{Kind: StepTakeDown, WithNamespace: namespaceGoes, StopAtKept: own && !p.DeleteKept, StopAtMarked: own && !p.DeleteForeign}
	return Plan{Steps: []Step{{Kind: StepQuarantineUnreadable}, takeDown, {Kind: StepDiscardQuarantined}}}
}

// InUse reports whether a release is in order as it is, and is not this teardown's to end.
func InUse(f *facts.Facts) bool { return inUseByAnother(f) != nil || deployedSince(f) != nil }

// OtherPull returns the number of the pull request that a release was deployed for last, where that
// is another one than this run's, or 0.
func OtherPull(f *facts.Facts) int {
	own, marked := f.Origin.PullRequest, newestMarked(f)
	if own == 0 || marked == nil || marked.Origin.PullRequest == own {
		return 0
	}
	return marked.Origin.PullRequest
}

// inUseByAnother returns why a release stays that was deployed for another pull request of the
// same branch since, or nil: one that is opened anew, or to another base, before the old one is
// closed. It goes with that one.
func inUseByAnother(f *facts.Facts) *problem.Problem {
	own, other := f.Origin.PullRequest, OtherPull(f)
	if other == 0 || f.OtherEnded {
		return nil
	}
	return &problem.Problem{Reason: problem.NothingToDo, // to whoever closes the old one, this is in order
		Headline: fmt.Sprintf("Nothing was taken down: `%s` in `%s` is pull request %d's by now, of the same branch as %d.",
			f.Release, f.Namespace.Name, other, own),
		Next: fmt.Sprintf("Leave it until pull request %d is closed, or its branch is deleted; or give pull-request %d to take it down now.",
			other, other)}
}

// deployedSince returns why a release stays that was deployed for a later event than the one
// that this run was made for, or nil. A pull request may be closed and opened anew before the
// first run begins, and anybody may repeat that run when the review app is in use again. So it
// is where an environment is stopped that the release has left for another one.
func deployedSince(f *facts.Facts) *problem.Problem {
	marked := newestMarked(f)
	if marked == nil || marked.Later == facts.NotLater {
		return nil
	}
	p := &problem.Problem{Reason: problem.NothingToDo,
		Headline: fmt.Sprintf("Nothing was taken down: `%s` in `%s` was deployed for a later event than the one that this run is for.",
			f.Release, f.Namespace.Name),
		Cause: fmt.Errorf("revision %d was deployed by %s", marked.Revision, marked.RunURL),
		Next:  "Start a new run of teardown to take it down now: this one, repeated, stays as old as its event."}
	if marked.Later == facts.InLaterEnvironment {
		p.Headline = fmt.Sprintf("Nothing was taken down: `%s` in `%s` was deployed by a later pipeline, to another environment than "+
			"the one that this job stops.", f.Release, f.Namespace.Name)
		p.Next = "Take it down by stopping that environment, or by the stop job of its pipeline: this one, repeated, stays as old as its own."
	}
	return p
}

// TeardownResult is what a teardown left when its steps were over.
type TeardownResult struct {
	NamespaceGone bool
	Unreadable    []string // records that were quarantined unread
	Kept          []string // what was kept, and why
}

// StopAtKept returns the problem of a teardown that leaves the records, since nothing else
// would tell the next one that these objects in the namespace are to be kept.
func StopAtKept(release, namespace string, kept []facts.Object) *problem.Problem {
	names, flags := make([]string, len(kept)), ""
	for i, o := range kept {
		names[i] = o.In(namespace)
		if flag := " " + flagFor(o); !strings.Contains(flags, flag) {
			flags += flag
		}
	}
	return &problem.Problem{Reason: problem.Foreign,
		Headline: fmt.Sprintf("`%s` is taken down but for what is to be kept, and so is namespace `%s`: %s.", release, namespace,
			strings.Join(names, ", ")),
		Cause: errors.New(WhyKept(kept[0])),
		Next:  "Remove it by hand once nobody needs it, then run again; or let it go with the namespace:\n$ berth teardown" + flags}
}

// OfferToSkipHooks adds to the problem of an uninstall of which a hook failed how to go on without it.
func OfferToSkipHooks(p *problem.Problem) *problem.Problem {
	if strings.Contains(p.Next, "\n$ ") {
		return p
	}
	offered := *p
	offered.Next = p.Next + " To go on without the hooks that fail:\n$ berth teardown --skip-failed-hooks"
	return &offered
}

// SkippedHook tells of a hook that failed and without which a release went.
func SkippedHook(name string, err error) string {
	return text.Sentences(fmt.Sprintf("The hook %s failed, and the release went without it, as skip-failed-hooks says: what it was to do is "+
		"not done", name), firstLine(err))
}

// flagFor returns what lets a kept object go with its namespace.
func flagFor(o facts.Object) string {
	if o.KeepWhy != "" {
		return "--delete-foreign"
	}
	return "--delete-kept"
}

// StopsAt returns those of the kept objects for which a take-down leaves the records.
func (s Step) StopsAt(namespace string, kept []facts.Object) []facts.Object {
	return slices.DeleteFunc(KeptIn(namespace, kept), func(o facts.Object) bool {
		if o.KeepWhy != "" {
			return !s.StopAtMarked
		}
		return !s.StopAtKept
	})
}

// KeptIn returns those of the kept objects that would go with a namespace.
func KeptIn(namespace string, kept []facts.Object) []facts.Object {
	return slices.DeleteFunc(slices.Clone(kept), func(o facts.Object) bool { return o.Namespace != namespace })
}

// Problem returns why the teardown is not complete, or nil. A namespace that is
// gone took with it whatever the unreadable records described there.
func (t TeardownResult) Problem() *problem.Problem {
	if len(t.Unreadable) > 0 && !t.NamespaceGone {
		return &problem.Problem{Reason: problem.RecordUnreadable,
			Headline: fmt.Sprintf("The release is gone, but what %s described is not known and may still be there.",
				strings.Join(t.Unreadable, ", ")),
			Next: "Look through the namespace for what is left of it. The records were moved to where the warnings say."}
	}
	if len(t.Kept) == 0 {
		return nil
	}
	return &problem.Problem{Reason: problem.Foreign,
		Headline: keptHeadline(len(t.Kept)),
		Next: "See below what was kept, and why. Delete it by hand if nobody needs it, or run the teardown with the input `delete-foreign`, " +
			"which lets all of it go with the namespace. Name in `namespace-owns` what your own workflow adds to it, " +
			"or put the label `berth.dev/with-app` on it: then it goes with the app."}
}

func keptHeadline(n int) string {
	if n == 1 {
		return "The release is gone; one thing was kept, since it is or may be somebody else's."
	}
	return fmt.Sprintf("The release is gone; %d things were kept, since they are or may be somebody else's.", n)
}
