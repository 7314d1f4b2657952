package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// PlanRepair returns what repair does with a release in the diagnosed state: it
// repairs the records and deploys nothing. The plan of a healthy release has no
// steps. Records that nothing shows to be Berth's are somebody's, and not mended unasked.
func PlanRepair(f *facts.Facts, d Diagnosis, p Policy) Plan {
	plan, first := planRecordRepair(f, d, p)
	if !first {
		plan = planRepair(f, d, p)
	}
	if p.LeavesRecords() && (plan.Does(StepDiscard) || plan.Does(StepQuarantine)) {
		return refuseUnasked(reasonOf(d.State), d.Cause)
	}
	if len(plan.Steps) > 0 && !chosen(plan, p) {
		if stranger := refuseUnmarked(f, p, "repair it"); stranger != nil {
			return Plan{Refusal: stranger}
		}
	}
	return plan
}

// LeavesRecords returns whether no record is deleted or moved away: one of many is repaired, and nobody
// has said what is to be done.
func (p Policy) LeavesRecords() bool { return p.OfMany && p.OnStuck == OnStuckAuto }

// RefuseToMove refuses to move away a record that turned out to be unreadable as its labels were to
// be written anew.
func RefuseToMove(rec *facts.Record) *problem.Problem {
	return refuseUnasked(problem.RecordUnreadable,
		fmt.Sprintf("revision %d lacks its labels and cannot be read: %s", rec.Revision, rec.DecodeError)).Refusal
}

func refuseUnasked(reason problem.ExitReason, cause string) Plan {
	return refuse(reason, cause+"; to mend it, its record has to be deleted or moved away, which is not done unasked "+
		"where many are repaired", "look at it, then run berth repair for it alone")
}

// chosen returns whether the user has named what the plan does: a status that a record gets,
// by which nothing is deleted and nothing becomes Berth's; and whatever on-stuck says where the
// release is named by its own name, and not found by what a template made of a branch.
func chosen(plan Plan, p Policy) bool {
	if p.ByName && p.OnStuck != OnStuckAuto && p.OnStuck != OnStuckFail && p.OnStuck != "" {
		return true
	}
	return p.OnStuck == OnStuckPromote && plan.Does(StepPromote) || p.OnStuck == OnStuckUnlock && plan.Does(StepUnlock)
}

func planRepair(f *facts.Facts, d Diagnosis, p Policy) Plan {
	switch d.State {
	case StateAbsent:
		return refuse(problem.NotFound, d.Cause, "check the release and namespace names"+advice(f, ", or run berth deploy", ""))
	case StateDeployed, StateFailed:
		return Plan{}
	case StateUninstalled:
		return dedupeFirst(f)
	case StateNoneDeployed:
		return planNoneDeployed(f, d, p)
	case StateTwoDeployed:
		return planOf(StepDedupe)
	case StateRecordingFailed:
		return planPromote(f, d, p)
	case StateAbandoned:
		return planAbandoned(f, d, p)
	case StateUninstalling:
		if p.OnStuck == OnStuckUninstall {
			return planOf(StepUninstall)
		}
		return refuse(problem.Inconsistent, d.Cause+": an uninstall did not come to its end",
			advice(f, "run berth teardown (or berth repair --on-stuck uninstall) to finish it, or berth deploy to begin anew",
				"run berth repair --on-stuck uninstall to finish it"))
	case StateLive, StateLivenessUnknown, StateUnreadable, StateDisagreeing, StateForeign, StateTerminating:
		return Plan{Refusal: Refuse(f, d)}
	}
	return refuse(problem.Internal, fmt.Sprintf("plan a repair for the unknown state %q", d.State), "report this, please")
}

// planNoneDeployed plans for a last record that is superseded: by what, no record tells.
// Without a deploy, nothing but a rollback makes a revision that is in service.
func planNoneDeployed(f *facts.Facts, d Diagnosis, p Policy) Plan {
	if p.OnStuck == OnStuckRollback {
		return dedupeFirst(f).thenRollback(rollbackCandidate(f, f.Last().Revision+1))
	}
	return refuse(problem.Inconsistent, d.Cause,
		"run "+advice(f, "berth deploy, or ", "")+"berth repair --on-stuck rollback, which applies the last good revision anew")
}

// planRecordRepair plans what has to be repaired before anything else can be
// decided, and returns whether there is such a thing: records that Helm does not
// see, labels that contradict the payload, a record that cannot be read. Nothing
// is planned while an operation may still be running.
func planRecordRepair(f *facts.Facts, d Diagnosis, p Policy) (Plan, bool) {
	switch d.State {
	case StateLive, StateLivenessUnknown, StateForeign, StateTerminating, StateAbsent:
		return Plan{}, false
	case StateUnreadable:
		if f.Last().DecodeError == "" { // readable, with a status that this version does not know
			return Plan{}, false
		}
	case StateDeployed, StateTwoDeployed, StateFailed, StateNoneDeployed, StateUninstalled, StateUninstalling,
		StateRecordingFailed, StateAbandoned, StateDisagreeing:
	}
	hidden := slices.ContainsFunc(f.Records, func(r facts.Record) bool { return r.Hidden })
	if p.OnStuck == OnStuckFail {
		if hidden || d.State == StateUnreadable || d.State == StateDisagreeing {
			return refuse(reasonOf(d.State), d.Cause+hiddenNote(hidden), "run berth repair: on-stuck is fail, so nothing was touched"), true
		}
		return Plan{}, false
	}
	switch {
	case d.State == StateUnreadable:
		return again(StepQuarantine), true
	case hidden, d.State == StateDisagreeing:
		return again(StepRelabel), true
	}
	return Plan{}, false
}

// again is the plan of one step after which the facts are gathered anew.
func again(kind StepKind) Plan {
	p := planOf(kind)
	p.GatherAgain = true
	return p
}

func reasonOf(s State) problem.ExitReason {
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

// planPromote plans for a record whose deploy succeeded and whose last write
// failed. An operation that Berth did not begin is promoted only with on-stuck
// promote.
func planPromote(f *facts.Facts, d Diagnosis, p Policy) Plan {
	last := f.Last()
	switch p.OnStuck {
	case OnStuckUnlock:
		return planOf(StepUnlock)
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
	if countDeployedBefore(f) > 0 {
		return planOf(StepPromote, StepDedupe)
	}
	return planOf(StepPromote)
}

// planAbandoned plans for a record that a dead operation left unfinished. Without
// a new deploy there is no safe way to finish it, so the user has to choose.
func planAbandoned(f *facts.Facts, d Diagnosis, p Policy) Plan {
	switch p.OnStuck {
	case OnStuckUnlock:
		return planOf(StepUnlock)
	case OnStuckUninstall:
		return planOf(StepUninstall)
	case OnStuckRollback:
		if target := rollbackTarget(f); target > 0 {
			return Plan{Steps: []Step{{Kind: StepUnlock}, {Kind: StepRollback, Target: target}}}
		}
		return refuse(problem.Inconsistent, d.Cause+"; there is no good revision to go back to",
			"run "+advice(f, "berth deploy to deploy over it, or ", "")+"berth repair --on-stuck uninstall to take it away")
	case OnStuckAuto:
		if installedNothing(f) {
			return planOf(StepDiscard)
		}
	case OnStuckPromote, OnStuckFail:
	}
	back := ""
	if rollbackTarget(f) > 0 {
		back = "rollback to go back, "
	}
	return refuse(problem.Inconsistent,
		fmt.Sprintf("%s; it cannot be promoted: %s", d.Cause, strings.Join(d.Blockers, "; ")),
		"run "+advice(f, "berth deploy to deploy over it, or ", "")+"berth repair --on-stuck with unlock to mark it failed, "+back+
			"uninstall to take it away")
}

// rollbackTarget returns the revision to roll back to, or 0 where there is none:
// the unfinished rollback's own revision, whose record holds what it was to
// apply, or else the newest revision before the last that was deployed.
func rollbackTarget(f *facts.Facts) int {
	if last := f.Last(); last.PayloadStatus == facts.StatusPendingRollback && !installHooksUnproven(f) {
		return last.Revision
	}
	return rollbackCandidate(f, f.Last().Revision)
}

// rollbackCandidate returns the newest readable revision before the given one that
// was in service since the release was last uninstalled: one that is deployed, else one that is
// superseded, else 0.
func rollbackCandidate(f *facts.Facts, revision int) int {
	records := sinceUninstall(f)
	for _, want := range []facts.Status{facts.StatusDeployed, facts.StatusSuperseded} {
		for i := range slices.Backward(records) {
			if r := &records[i]; r.Revision < revision && r.LabelStatus == want && r.DecodeError == "" {
				return r.Revision
			}
		}
	}
	return 0
}

// installedNothing returns whether the only record is that of an install which
// created none of its objects, so that the record is all there is of it.
func installedNothing(f *facts.Facts) bool {
	last := f.Last()
	mayExist := func(o facts.Object) bool { return o.Exists || o.Error != "" }
	return len(f.Records) == 1 && last.PayloadStatus == facts.StatusPendingInstall && f.Observed &&
		!slices.ContainsFunc(f.Objects, mayExist) && !slices.ContainsFunc(f.HookJobs, mayExist)
}
