package verdict

import (
	"fmt"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/text"
)

// Step is one thing the engine performs. Each kind runs at most once a plan.
type Step string

// The steps. The number is the repair's in the specification of the records.
const (
	StepRelabel    Step = "relabel"     // labels are written anew from the payload
	StepQuarantine Step = "quarantine"  // R14: the last record is moved out of the way
	StepDiscard    Step = "discard"     // R6: the record of an install that made nothing is removed
	StepPromote    Step = "promote"     // R2: the last record becomes deployed
	StepUnlock     Step = "unlock"      // R4: the last record becomes failed
	StepDedupe     Step = "dedupe"      // R10: older deployed records become superseded
	StepUninstall  Step = "uninstall"   // R7: the release goes, with its records
	StepRollback   Step = "rollback"    // R3, R5: the target revision is applied anew
	StepCleanHooks Step = "clean-hooks" // R9: leftovers of hooks that would be in the way
	StepInstall    Step = "install"     // first revision
	StepReplace    Step = "replace"     // install over records that were never deployed
	StepUpgrade    Step = "upgrade"
	StepSweep      Step = "sweep" // R11: what dead revisions left behind is removed
)

// OnStuck is what the user wants done with a dead operation's record.
type OnStuck string

// The policies.
const (
	OnStuckAuto      OnStuck = "auto"      // promote our own when all is in place, else unlock and deploy
	OnStuckPromote   OnStuck = "promote"   // promote, also what is not ours, or stop
	OnStuckUnlock    OnStuck = "unlock"    // mark it failed
	OnStuckRollback  OnStuck = "rollback"  // go back to the newest good revision
	OnStuckUninstall OnStuck = "uninstall" // take the release away
	OnStuckFail      OnStuck = "fail"      // touch nothing
)

// OnFailure is what the user wants done after a deploy that failed.
type OnFailure string

// The policies.
const (
	OnFailureKeep      OnFailure = "keep"      // leave everything as it is, to be looked at
	OnFailureRollback  OnFailure = "rollback"  // go back to the newest good revision
	OnFailureUninstall OnFailure = "uninstall" // take the release away
)

// Policy is what the user decided beforehand.
type Policy struct {
	OnStuck         OnStuck
	OnFailure       OnFailure
	AssumeDeadAfter time.Duration // 0: never
	// Grace is how long after a deadline or a Lease's end an operation of ours
	// still counts as possibly alive: its fence closes at that moment, and what
	// was in flight must have landed.
	Grace time.Duration
}

// Plan is the ordered steps, or the reason why none is taken.
type Plan struct {
	Steps  []Step
	Target int // the revision that StepRollback applies anew
	// Again says that the facts have to be gathered anew after the steps,
	// since only these bring to light what there is to decide.
	GatherAgain bool
	Refusal     *problem.Problem
}

// Does says whether a step is part of the plan.
func (p Plan) Does(s Step) bool { return slices.Contains(p.Steps, s) }

// PlanDeploy is what deploy does with a release in the diagnosed state.
func PlanDeploy(f *facts.Facts, d Diagnosis, p Policy) Plan {
	if first, ok := planFirst(f, d, p); ok {
		return first
	}
	plan := planOver(f, d, p)
	if plan.Refusal != nil {
		return plan
	}
	last := plan.Steps[len(plan.Steps)-1]
	if len(LeftoverHooks(f, last)) > 0 {
		plan.Steps = slices.Insert(plan.Steps, len(plan.Steps)-1, StepCleanHooks)
	}
	if len(AbandonedRevisions(f)) > 0 && !plan.Does(StepPromote) && !plan.Does(StepUninstall) && !plan.Does(StepDiscard) {
		plan.Steps = append(plan.Steps, StepSweep)
	}
	return plan
}

// planOver ends in the step that deploys.
func planOver(f *facts.Facts, d Diagnosis, p Policy) Plan {
	switch d.State {
	case StateAbsent:
		return Plan{Steps: []Step{StepInstall}}
	case StateDeployed:
		return Plan{Steps: []Step{StepUpgrade}}
	case StateTwoDeployed:
		return Plan{Steps: []Step{StepDedupe, StepUpgrade}}
	case StateFailed, StateNoneDeployed:
		return Plan{Steps: []Step{overFailed(f)}}
	case StateUninstalled:
		return Plan{Steps: []Step{StepReplace}}
	case StateUninstalling:
		return planOverUninstall(d, p)
	case StateRecordingFailed, StateAbandoned:
		return planOverStuck(f, d, p)
	case StateLive, StateUnknownHolder, StateUnreadable, StateDisagreeing, StateForeign, StateTerminating:
		return refusal(f, d)
	}
	return refuse(problem.Internal, fmt.Sprintf("plan a deploy for the unknown state %q", d.State), "report this, please")
}

// planOverUninstall ends what an uninstall began and deploys from the start:
// nobody can tell which of its objects still stand.
func planOverUninstall(d Diagnosis, p Policy) Plan {
	if p.OnStuck == OnStuckFail || p.OnStuck == OnStuckPromote {
		return refuse(problem.Inconsistent, d.Cause+": an uninstall did not come to its end",
			fmt.Sprintf("run berth teardown to finish it, then deploy again: on-stuck is %s, so nothing was touched", p.OnStuck))
	}
	return Plan{Steps: []Step{StepUninstall, StepInstall}}
}

// planOverStuck mends a dead operation's record and deploys over it. A record
// that may not be promoted is unlocked: a new deploy is about to replace it
// anyhow.
func planOverStuck(f *facts.Facts, d Diagnosis, p Policy) Plan {
	own := !f.Last().Stamp.Zero()
	if p.OnStuck == OnStuckAuto && (d.State == StateAbandoned || !own) {
		if madeNothing(f) {
			return Plan{Steps: []Step{StepDiscard, StepInstall}}
		}
		return Plan{Steps: []Step{StepUnlock, overFailed(f)}}
	}
	plan := PlanRepair(f, d, p)
	switch {
	case plan.Refusal != nil:
		return plan
	case plan.Does(StepUninstall), plan.Does(StepDiscard):
		plan.Steps = append(plan.Steps, StepInstall)
	case plan.Does(StepUnlock) && !plan.Does(StepRollback):
		plan.Steps = append(plan.Steps, overFailed(f))
	default:
		plan.Steps = append(plan.Steps, StepUpgrade)
	}
	return plan
}

// overFailed is how to deploy over a failed last revision. An upgrade runs
// only upgrade hooks, so a release that was never deployed and whose install
// hooks are unproven is installed in place of the failed one.
func overFailed(f *facts.Facts) Step {
	if installHooksUnproven(f) {
		return StepReplace
	}
	return StepUpgrade
}

// madeNothing says that the only record is that of an install which made none of
// its objects: the record alone is all there is of it.
func madeNothing(f *facts.Facts) bool {
	last := f.Last()
	exists := func(o facts.Object) bool { return o.Exists || o.Error != "" }
	return len(f.Records) == 1 && last.Payload == facts.StatusPendingInstall && f.Observed &&
		!slices.ContainsFunc(f.Objects, exists) && !slices.ContainsFunc(f.HookJobs, exists)
}

// refuse opens with what was found, as a sentence.
func refuse(end problem.ExitReason, found, next string) Plan {
	return Plan{Refusal: &problem.Problem{Reason: end, Headline: text.Sentence(found), Next: text.Sentence(next)}}
}
