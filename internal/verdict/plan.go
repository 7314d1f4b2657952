package verdict

import (
	"fmt"
	"strings"
	"time"
)

// Step is one thing the engine performs. Each kind runs at most once a run.
type Step string

// The steps.
const (
	StepPromote Step = "promote" // the last record becomes deployed
	StepUnlock  Step = "unlock"  // the last record becomes failed
	StepDedupe  Step = "dedupe"  // older deployed records become superseded
	StepInstall Step = "install" // first revision
	StepReplace Step = "replace" // install over records that were never deployed
	StepUpgrade Step = "upgrade"
)

// OnStuck is what the user wants done with a dead operation's record.
type OnStuck string

// The policies.
const (
	OnStuckAuto    OnStuck = "auto"    // promote our own when all is in place, else unlock and deploy
	OnStuckPromote OnStuck = "promote" // promote, also what is not ours, or stop
	OnStuckUnlock  OnStuck = "unlock"  // mark it failed
	OnStuckFail    OnStuck = "fail"    // touch nothing
)

// Policy is what the user decided beforehand.
type Policy struct {
	OnStuck         OnStuck
	AssumeDeadAfter time.Duration // 0: never
}

// Plan is the ordered steps, or the reason why none is taken.
type Plan struct {
	Steps   []Step
	Refusal *Problem
}

// refuse opens with what was found, as a sentence.
func refuse(end Ending, found, next string) Plan {
	return Plan{Refusal: &Problem{Ending: end, Headline: sentence(found), Next: sentence(next)}}
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}

// PlanDeploy is what deploy does with a release in the diagnosed state.
func PlanDeploy(f *Facts, d Diagnosis, p Policy) Plan {
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
	case StateRecordingFailed, StateAbandoned:
		return planOverStuck(f, d, p)
	case StateUninstalling, StateLive, StateUnknownHolder, StateUnreadable, StateDisagreeing, StateForeign, StateTerminating:
		return refusal(f, d)
	}
	return refuse(EndInternal, fmt.Sprintf("plan a deploy for the unknown state %q", d.State), "please report this")
}

// planOverStuck mends a dead operation's record and deploys over it. A record
// that may not be promoted is unlocked: a new deploy is about to replace it
// anyhow.
func planOverStuck(f *Facts, d Diagnosis, p Policy) Plan {
	own := !f.Last().Stamp.Zero()
	if p.OnStuck == OnStuckAuto && (d.State == StateAbandoned || !own) {
		return Plan{Steps: []Step{StepUnlock, overFailed(f)}}
	}
	plan := PlanRepair(f, d, p)
	if plan.Refusal != nil {
		return plan
	}
	next := StepUpgrade
	if plan.Steps[0] == StepUnlock {
		next = overFailed(f)
	}
	plan.Steps = append(plan.Steps, next)
	return plan
}

// PlanRepair is what repair does: it mends the record and deploys nothing.
func PlanRepair(f *Facts, d Diagnosis, p Policy) Plan {
	switch d.State {
	case StateAbsent:
		return refuse(EndNotFound, d.Cause, "check the release and namespace names, or run berth deploy")
	case StateDeployed, StateFailed, StateUninstalled, StateNoneDeployed:
		return Plan{}
	case StateTwoDeployed:
		return Plan{Steps: []Step{StepDedupe}}
	case StateRecordingFailed:
		return planPromote(f, d, p)
	case StateAbandoned:
		if p.OnStuck == OnStuckUnlock {
			return Plan{Steps: []Step{StepUnlock}}
		}
		return refuse(EndInconsistent,
			fmt.Sprintf("%s; it cannot be promoted: %s", d.Cause, strings.Join(d.Why, "; ")),
			"run berth deploy to deploy over it, or berth repair --on-stuck unlock to mark it failed")
	case StateUninstalling, StateLive, StateUnknownHolder, StateUnreadable, StateDisagreeing, StateForeign, StateTerminating:
		return refusal(f, d)
	}
	return refuse(EndInternal, fmt.Sprintf("plan a repair for the unknown state %q", d.State), "please report this")
}

// planPromote decides on a record whose deploy succeeded and whose recording
// failed. What Berth did not begin is promoted only when asked to.
func planPromote(f *Facts, d Diagnosis, p Policy) Plan {
	last := f.Last()
	switch p.OnStuck {
	case OnStuckUnlock:
		return Plan{Steps: []Step{StepUnlock}}
	case OnStuckFail:
		return refuse(EndInconsistent, d.Cause, "on-stuck is fail, so nothing was touched: run berth repair --on-stuck promote")
	case OnStuckAuto:
		if last.Stamp.Zero() {
			return refuse(EndInconsistent, d.Cause+"; Berth did not begin it, so it is not promoted unasked",
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

// overFailed is how to deploy over a failed last revision. An upgrade runs
// only upgrade hooks, so a release that was never deployed and whose install
// hooks are unproven is installed in place of the failed one.
func overFailed(f *Facts) Step {
	if installHooksUnproven(f) {
		return StepReplace
	}
	return StepUpgrade
}

// refusal words the states in which nothing is touched.
func refusal(f *Facts, d Diagnosis) Plan {
	switch d.State {
	case StateLive:
		return refuse(EndLive, d.Cause, "wait for it to end, or give a longer lock-timeout")
	case StateUnknownHolder:
		if !f.Last().Stamp.Zero() {
			return refuse(EndUnknownHolder, d.Cause, "run again after that: Berth then heals it by itself")
		}
		return refuse(EndUnknownHolder, d.Cause,
			"if you know that nothing works on it any more, run berth repair --on-stuck promote (or unlock) with a short --assume-dead-after")
	case StateUninstalling:
		return refuse(EndInconsistent, d.Cause+": an uninstall did not come to its end", "run berth teardown to finish it, then deploy again")
	case StateUnreadable:
		return refuse(EndUnreadable, d.Cause, "restore the record from a backup, or remove the release with berth teardown")
	case StateDisagreeing:
		return refuse(EndInconsistent, d.Cause, "correct the label status of the record by hand, or remove the release with berth teardown")
	case StateForeign:
		return refuse(EndForeign, d.Cause, "give this branch another slug, namespace or release name")
	case StateTerminating:
		return refuse(EndTerminating, d.Cause, "wait until it is gone, or remove what blocks it: kubectl get namespace "+f.Namespace.Name+" -o yaml")
	case StateAbsent, StateDeployed, StateTwoDeployed, StateFailed, StateNoneDeployed, StateUninstalled, StateRecordingFailed, StateAbandoned:
	}
	return refuse(EndInternal, fmt.Sprintf("refuse in state %q", d.State), "please report this")
}
