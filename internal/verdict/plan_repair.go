package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// PlanRepair is what repair does: it mends the record and deploys nothing.
func PlanRepair(f *facts.Facts, d Diagnosis, p Policy) Plan {
	if first, ok := planFirst(f, d, p); ok {
		return first
	}
	switch d.State {
	case StateAbsent:
		return refuse(problem.NotFound, d.Cause, "check the release and namespace names, or run berth deploy")
	case StateDeployed, StateFailed, StateUninstalled, StateNoneDeployed:
		return Plan{}
	case StateTwoDeployed:
		return Plan{Steps: []Step{StepDedupe}}
	case StateRecordingFailed:
		return planPromote(f, d, p)
	case StateAbandoned:
		return planAbandoned(f, d, p)
	case StateUninstalling:
		if p.OnStuck == OnStuckUninstall {
			return Plan{Steps: []Step{StepUninstall}}
		}
		return refuse(problem.Inconsistent, d.Cause+": an uninstall did not come to its end",
			"run berth teardown (or berth repair --on-stuck uninstall) to finish it, or berth deploy to begin anew")
	case StateLive, StateUnknownHolder, StateUnreadable, StateDisagreeing, StateForeign, StateTerminating:
		return refusal(f, d)
	}
	return refuse(problem.Internal, fmt.Sprintf("plan a repair for the unknown state %q", d.State), "report this, please")
}

// planFirst is what has to be mended before anything else can be decided: records
// that Helm does not see, labels that contradict the payload, a record that
// nobody can read. None of it is done while somebody may be at work.
func planFirst(f *facts.Facts, d Diagnosis, p Policy) (Plan, bool) {
	switch d.State {
	case StateLive, StateUnknownHolder, StateForeign, StateTerminating, StateAbsent:
		return Plan{}, false
	case StateUnreadable:
		if f.Last().DecodeError == "" { // readable, but of a status from the future
			return Plan{}, false
		}
	case StateDeployed, StateTwoDeployed, StateFailed, StateNoneDeployed, StateUninstalled, StateUninstalling,
		StateRecordingFailed, StateAbandoned, StateDisagreeing:
	}
	hidden := slices.ContainsFunc(f.Records, func(r facts.Record) bool { return r.Hidden })
	if p.OnStuck == OnStuckFail {
		if hidden || d.State == StateUnreadable || d.State == StateDisagreeing {
			return refuse(endOf(d.State), d.Cause+hiddenNote(hidden), "run berth repair: on-stuck is fail, so nothing was touched"), true
		}
		return Plan{}, false
	}
	switch {
	case d.State == StateUnreadable:
		return Plan{Steps: []Step{StepQuarantine}, GatherAgain: true}, true
	case hidden, d.State == StateDisagreeing:
		return Plan{Steps: []Step{StepRelabel}, GatherAgain: true}, true
	}
	return Plan{}, false
}

func endOf(s State) problem.ExitReason {
	if s == StateUnreadable {
		return problem.RecordUnreadable
	}
	return problem.Inconsistent
}

func hiddenNote(hidden bool) string {
	if hidden {
		return "; some of its records lack the labels by which Helm finds them"
	}
	return ""
}

// planPromote decides on a record whose deploy succeeded and whose recording
// failed. What Berth did not begin is promoted only when asked to.
func planPromote(f *facts.Facts, d Diagnosis, p Policy) Plan {
	last := f.Last()
	switch p.OnStuck {
	case OnStuckUnlock:
		return Plan{Steps: []Step{StepUnlock}}
	case OnStuckFail:
		return refuse(problem.Inconsistent, d.Cause, "run berth repair --on-stuck promote: on-stuck is fail, so nothing was touched")
	case OnStuckRollback, OnStuckUninstall:
		return planAbandoned(f, d, p)
	case OnStuckAuto:
		if last.Stamp.Zero() {
			return refuse(problem.Inconsistent, d.Cause+"; Berth did not begin it, so it is not promoted unasked",
				"run berth repair --on-stuck promote")
		}
	case OnStuckPromote:
	}
	steps := []Step{StepPromote}
	if deployedBefore(f) > 0 {
		steps = append(steps, StepDedupe)
	}
	return Plan{Steps: steps}
}

// planAbandoned decides on what a dead operation left unfinished. Short of a new
// deploy there is no safe way to finish it, so a person has to choose.
func planAbandoned(f *facts.Facts, d Diagnosis, p Policy) Plan {
	switch p.OnStuck {
	case OnStuckUnlock:
		return Plan{Steps: []Step{StepUnlock}}
	case OnStuckUninstall:
		return Plan{Steps: []Step{StepUninstall}}
	case OnStuckRollback:
		if target := rollbackTarget(f); target > 0 {
			return Plan{Steps: []Step{StepUnlock, StepRollback}, Target: target}
		}
		return refuse(problem.Inconsistent, d.Cause+"; there is no good revision to go back to",
			"run berth deploy to deploy over it, or berth repair --on-stuck uninstall to take it away")
	case OnStuckAuto:
		if madeNothing(f) {
			return Plan{Steps: []Step{StepDiscard}}
		}
	case OnStuckPromote, OnStuckFail:
	}
	return refuse(problem.Inconsistent,
		fmt.Sprintf("%s; it cannot be promoted: %s", d.Cause, strings.Join(d.Blockers, "; ")),
		"run berth deploy to deploy over it, or berth repair --on-stuck with unlock to mark it failed, rollback to go back, uninstall to take it away")
}

// rollbackTarget is the revision to go back to, or 0: what an unfinished rollback
// was about to apply, which is stored under its own number (R3), else the newest
// good one before the last (R5).
func rollbackTarget(f *facts.Facts) int {
	if last := f.Last(); last.Payload == facts.StatusPendingRollback && !installHooksUnproven(f) {
		return last.Revision
	}
	return DeployedBefore(f, f.Last().Revision)
}

// DeployedBefore is the newest revision before this one that was in service, or 0:
// deployed, else superseded.
func DeployedBefore(f *facts.Facts, revision int) int {
	for _, want := range []facts.Status{facts.StatusDeployed, facts.StatusSuperseded} {
		for i := len(f.Records) - 1; i >= 0; i-- {
			if r := &f.Records[i]; r.Revision < revision && r.Label == want && r.DecodeError == "" {
				return r.Revision
			}
		}
	}
	return 0
}

// refusal words the states in which nothing is touched.
func refusal(f *facts.Facts, d Diagnosis) Plan {
	switch d.State {
	case StateLive:
		return refuse(problem.LiveOperation, d.Cause, "wait for it to end, or give a longer lock-timeout")
	case StateUnknownHolder:
		if !f.Last().Stamp.Zero() {
			return refuse(problem.LivenessUnknown, d.Cause, "run again after that, or give a longer lock-timeout: Berth then heals it by itself")
		}
		return refuse(problem.LivenessUnknown, d.Cause,
			"make sure that nothing works on it any more, then run berth repair --on-stuck promote (or unlock) with a short --assume-dead-after")
	case StateUnreadable:
		return refuse(problem.RecordUnreadable, d.Cause, "restore the record from a backup, or remove the release with berth teardown")
	case StateForeign:
		return refuse(problem.NotOurs, d.Cause, "give this branch another slug, namespace or release name")
	case StateTerminating:
		return refuse(problem.NamespaceTerminating, d.Cause, "wait until it is gone, or remove what blocks it: kubectl get namespace "+f.Namespace.Name+" -o yaml")
	case StateAbsent, StateDeployed, StateTwoDeployed, StateFailed, StateNoneDeployed, StateUninstalled, StateUninstalling,
		StateRecordingFailed, StateAbandoned, StateDisagreeing:
	}
	return refuse(problem.Internal, fmt.Sprintf("refuse in state %q", d.State), "report this, please")
}
