package verdict

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// PlanDeploy returns what deploy does with a release in the diagnosed state.
func PlanDeploy(f *facts.Facts, d Diagnosis, p Policy) Plan {
	plan := planDeploy(f, d, p)
	if plan.Refusal == nil {
		if stranger := refuseUnmarked(f, p, "deploy over it"); stranger != nil {
			return Plan{Refusal: stranger}
		}
		if other := cmp.Or(refuseOtherApp(f, p), refuseOtherChart(f, p)); other != nil {
			return Plan{Refusal: other}
		}
	}
	return plan
}

func planDeploy(f *facts.Facts, d Diagnosis, p Policy) Plan {
	if plan, first := planRecordRepair(f, d, p); first {
		return plan
	}
	plan := planByState(f, d, p)
	if plan.Refusal != nil {
		return plan
	}
	unswept := RevisionsToSweep(f)
	if plan.Does(StepPromote) { // which makes a good one of the last
		unswept = slices.DeleteFunc(unswept, func(r *facts.Record) bool { return r == f.Last() })
	}
	if len(unswept) > 0 && !plan.Does(StepUninstall, StepDiscard) {
		plan = plan.then(StepSweep)
	}
	return plan
}

// planByState plans the deploy itself: the last step is an install, replace or
// upgrade.
func planByState(f *facts.Facts, d Diagnosis, p Policy) Plan {
	switch d.State {
	case StateAbsent:
		return planOf(StepInstall)
	case StateDeployed:
		return planOf(StepUpgrade)
	case StateTwoDeployed:
		return planOf(StepDedupe, StepUpgrade)
	case StateFailed, StateNoneDeployed:
		return dedupeFirst(f).then(deployOverFailed(f))
	case StateUninstalled:
		return dedupeFirst(f).then(StepReplace)
	case StateUninstalling:
		return planOverUninstall(d, p)
	case StateRecordingFailed, StateAbandoned:
		return planOverStuck(f, d, p)
	case StateLive, StateLivenessUnknown, StateUnreadable, StateDisagreeing, StateForeign, StateTerminating:
		return Plan{Refusal: Refuse(f, d)}
	}
	return refuse(problem.Internal, fmt.Sprintf("plan a deploy for the unknown state %q", d.State), "report this, please")
}

// dedupeFirst is the plan that marks what is superfluously deployed, which the coming
// operation would leave beside its own revision: Helm supersedes one record at most.
func dedupeFirst(f *facts.Facts) Plan {
	if len(Superfluous(f)) > 0 {
		return planOf(StepDedupe)
	}
	return Plan{}
}

// planOverUninstall finishes a dead uninstall and installs from the start, since
// nobody can tell which of the release's objects are left.
func planOverUninstall(d Diagnosis, p Policy) Plan {
	if p.OnStuck == OnStuckFail || p.OnStuck == OnStuckPromote {
		return refuse(problem.Inconsistent, d.Cause+": an uninstall did not come to its end",
			fmt.Sprintf("run berth teardown to finish it, then deploy again: on-stuck is %s, so nothing was touched", p.OnStuck))
	}
	return planOf(StepUninstall, StepInstall)
}

// planOverStuck repairs the record of a dead operation and deploys over it. With
// on-stuck auto, a record that may not be promoted is unlocked, since a new
// deploy replaces it at once.
func planOverStuck(f *facts.Facts, d Diagnosis, p Policy) Plan {
	byBerth := !f.Last().Stamp.Zero()
	if p.OnStuck == OnStuckAuto && (d.State == StateAbandoned || !byBerth) {
		if installedNothing(f) {
			return planOf(StepDiscard, StepInstall)
		}
		return overUnlocked(f)
	}
	plan := planRepair(f, d, p)
	switch {
	case plan.Refusal != nil:
		return plan
	case plan.Does(StepUninstall, StepDiscard):
		return plan.then(StepInstall)
	case plan.Does(StepUnlock) && !plan.Does(StepRollback):
		return overUnlocked(f)
	}
	return plan.then(StepUpgrade)
}

// overUnlocked is the plan that marks the last record failed and deploys over it. Of
// several that say deployed, the newest alone is the one in service then.
func overUnlocked(f *facts.Facts) Plan {
	plan := planOf(StepUnlock)
	if countDeployedBefore(f) > 1 {
		plan = plan.then(StepDedupe)
	}
	return plan.then(deployOverFailed(f))
}

// deployOverFailed returns how to deploy over a failed last revision. An upgrade
// runs only upgrade hooks, so a release that was never deployed and whose install
// hooks are not proven to have run is installed in place of the failed one.
func deployOverFailed(f *facts.Facts) StepKind {
	if installHooksUnproven(f) {
		return StepReplace
	}
	return StepUpgrade
}
