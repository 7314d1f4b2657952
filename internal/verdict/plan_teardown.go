package verdict

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// PlanTeardown returns what teardown does with a release in the diagnosed state.
// The plan of a release without records has no steps. What becomes of the
// namespace is decided by DecideNamespace once the release is gone.
func PlanTeardown(f *facts.Facts, d Diagnosis, p Policy) Plan {
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
	return Plan{Steps: []Step{
		{Kind: StepQuarantineUnreadable}, {Kind: StepTakeDown, WithNamespace: f.Namespace.Ours}, {Kind: StepDiscardQuarantined},
	}}
}

// NamespaceAction is what teardown does with the release's namespace.
type NamespaceAction string

// The actions. Only a namespace that Berth made for this branch, that holds
// nothing of others and that nobody wants to keep is deleted.
const (
	NamespaceDelete         NamespaceAction = "delete"
	NamespaceStays          NamespaceAction = "stays"             // Berth did not make it
	NamespaceHoldsReleases  NamespaceAction = "holds-releases"    // records of other releases are in it
	NamespaceHoldsKept      NamespaceAction = "holds-kept"        // an object of the release was kept in it
	NamespaceMarkedToBeKept NamespaceAction = "marked-to-be-kept" // somebody marked it
)

// DecideNamespace returns what teardown does with a namespace once the release is
// gone. others are the other releases with a record in it; kept describes the
// objects that the uninstall left.
func DecideNamespace(ns facts.Namespace, others, kept []string) NamespaceAction {
	switch {
	case !ns.Ours:
		return NamespaceStays
	case len(others) > 0:
		return NamespaceHoldsReleases
	case len(kept) > 0:
		return NamespaceHoldsKept
	case ns.Keep:
		return NamespaceMarkedToBeKept
	}
	return NamespaceDelete
}

// TeardownResult is what a teardown left when its steps were over.
type TeardownResult struct {
	NamespaceGone bool
	Unreadable    []string // records that were quarantined unread
	Kept          []string // what was kept, and why
}

// Problem returns why the teardown is not complete, or nil. A namespace that is
// gone took with it whatever the unreadable records described.
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
		Headline: fmt.Sprintf("Not everything was taken down: %d kept, since they are or may be somebody else's.", len(t.Kept)),
		Next:     "See what was kept and why, and remove it by hand if it is nobody's."}
}
