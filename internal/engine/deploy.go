package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/verdict"
)

// deploy walks: prepare → lock → facts → plan → steps → check.
func deploy(ctx context.Context, r *run) error {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	ctx, unlock, err := r.acquire(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	facts, err := r.settledFacts(ctx)
	if err != nil {
		return err
	}
	if err := r.deployWithin(ctx, facts); err != nil {
		return r.afterFailure(ctx, err)
	}
	return r.prove(ctx, r.want) // with a budget of its own
}

// deployWithin is the part of a deploy that the timeout bounds.
func (r *run) deployWithin(ctx context.Context, facts *verdict.Facts) error {
	ctx, cancel := r.budget(ctx)
	defer cancel()
	_, _, err := r.carryOut(ctx, facts, verdict.PlanDeploy, func(f *verdict.Facts, plan verdict.Plan) error {
		if err := r.refuseStrangers(f, "deploy over"); err != nil || plan.Again {
			return err
		}
		return r.beforeSteps(ctx, f, plan)
	})
	return err
}

// performAll runs a plan's steps in their order, until one fails.
func (r *run) performAll(ctx context.Context, plan verdict.Plan, f *verdict.Facts) error {
	for i, s := range plan.Steps {
		var err error
		switch s {
		case verdict.StepRollback:
			err = r.rollBack(ctx, plan.Target, f)
		case verdict.StepCleanHooks:
			err = r.cleanHooks(ctx, f, plan.Steps[i+1])
		case verdict.StepRelabel, verdict.StepQuarantine, verdict.StepDiscard, verdict.StepPromote, verdict.StepUnlock,
			verdict.StepDedupe, verdict.StepUninstall, verdict.StepInstall, verdict.StepReplace, verdict.StepUpgrade, verdict.StepSweep:
			err = r.perform(ctx, s, f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// plan diagnoses, says so and decides.
func (r *run) plan(f *verdict.Facts, decide decision) verdict.Plan {
	d := verdict.Diagnose(f, r.Options.Policy)
	if last := f.Last(); last != nil {
		r.result.Revision, r.result.Status, r.result.Chart = last.Revision, last.Payload, last.Chart
	}
	p := decide(f, d, r.Options.Policy)
	if p.Refusal == nil && d.State != verdict.StateDeployed && d.State != verdict.StateAbsent {
		r.Say("Found: " + d.Cause)
		r.result.Evidence = append(r.result.Evidence, d.Cause)
		for _, w := range d.Why {
			r.result.Evidence = append(r.result.Evidence, "not promoted, since "+w)
		}
	}
	return p
}

// beforeSteps does what can still refuse without having written: rendering the
// chart for the revision to come, and the right to prune where this run will.
func (r *run) beforeSteps(ctx context.Context, f *verdict.Facts, plan verdict.Plan) error {
	if r.Options.MaxHistory > 0 && len(f.Records) >= r.Options.MaxHistory {
		if err := r.ask(ctx, r.Access.StorageNeeds("prune"), ""); err != nil {
			return err
		}
	}
	revision, upgrade := 1, plan.Does(verdict.StepUpgrade)
	if upgrade {
		revision = f.Last().Revision + 1
	}
	if plan.Does(verdict.StepRollback) {
		revision++ // which takes one itself
	}
	if r.rendered && !upgrade {
		return nil // before the namespace was made
	}
	defer r.step("Render the chart")()
	return r.Releases.Render(ctx, revision, upgrade)
}

// perform runs one step of a plan.
func (r *run) perform(ctx context.Context, s verdict.Step, f *verdict.Facts) error {
	switch s {
	case verdict.StepPromote:
		return r.promote(ctx, f)
	case verdict.StepUnlock:
		return r.unlock(ctx, f)
	case verdict.StepDedupe:
		return r.dedupe(ctx, f)
	case verdict.StepRelabel:
		return r.relabel(ctx, f)
	case verdict.StepQuarantine:
		return r.quarantine(ctx, f)
	case verdict.StepDiscard:
		return r.discard(ctx, f)
	case verdict.StepUninstall:
		return r.uninstallStuck(ctx, f)
	case verdict.StepInstall:
		return r.operate(ctx, "Install the release", f, func() verdict.Outcome { return r.Releases.Perform(ctx, s) })
	case verdict.StepReplace:
		return r.operate(ctx, "Install the release anew", f, func() verdict.Outcome { return r.Releases.Perform(ctx, s) })
	case verdict.StepUpgrade:
		return r.operate(ctx, "Upgrade the release", f, func() verdict.Outcome { return r.Releases.Perform(ctx, s) })
	case verdict.StepSweep:
		return r.sweep(ctx, f)
	case verdict.StepRollback, verdict.StepCleanHooks: // they need the plan
	}
	return fmt.Errorf("perform step %q: it is not known", s)
}

// rollBack applies a stored revision anew (R3, R5).
func (r *run) rollBack(ctx context.Context, to int, before *verdict.Facts) error {
	err := r.operate(ctx, fmt.Sprintf("Roll back to revision %d", to), before, func() verdict.Outcome { return r.Releases.Rollback(ctx, to) })
	if err == nil && r.result.Verb == "repair" {
		r.repaired("rollback", "Revision %d was applied anew, as revision %d.", to, r.result.Revision)
	}
	return err
}

// operate runs Helm and then believes what was stored, not what was returned.
func (r *run) operate(ctx context.Context, what string, before *verdict.Facts, call func() verdict.Outcome) error {
	done := r.step(what)
	r.wrote, r.operated = true, true
	out := call()
	done()
	r.noteOutcome(out)
	if out.Diagnostics != nil { // those of a failure stay when a rollback mends it
		r.result.Diagnostics = out.Diagnostics
	}
	r.result.ChartNote = out.Notes
	if out.Chart != "" {
		r.result.Chart = out.Chart
	}
	r.attempt = verdict.Attempt{Run: r.Options.Run, Revision: max(out.Revision, next(before)), Outcome: "failed", HooksProven: out.Applied && len(out.Unproven) == 0}
	if !out.Applied {
		return r.failed(ctx, out, before)
	}
	r.attempt.Outcome = "deployed"
	r.result.Revision, r.result.Status = out.Revision, verdict.StatusDeployed
	r.want = verdict.Want{Revision: out.Revision, Manifest: out.Manifest}
	if err := first(r.Releases.WriteFailure(), out.Err); err != nil {
		return r.finishRecord(ctx, out, err)
	}
	return nil
}

// noteOutcome tells what an operation met on its way.
func (r *run) noteOutcome(out verdict.Outcome) {
	if len(out.Adopted) > 0 {
		r.repaired("adopt", "The records of `%s` were gone and its objects were not: %s were taken in again. "+
			"This happens when somebody deletes the Secrets that Helm keeps its records in.", r.Options.App.Release, strings.Join(out.Adopted, ", "))
	}
	if len(out.Taken) > 0 {
		r.repaired("take-over", "%s belonged to a release of which no record is left, and belong to `%s` now.", strings.Join(out.Taken, ", "), r.Options.App.Release)
	}
	for _, h := range out.Unproven {
		r.note(verdict.LevelWarning, "Hook not proven", "%s was deleted while it ran, and nothing shows that it came to its end. Helm counts that as its success.", h)
	}
}

// next is the revision that an operation over these facts creates.
func next(f *verdict.Facts) int {
	if last := f.Last(); last != nil {
		return last.Revision + 1
	}
	return 1
}

// finishRecord makes good a final write that did not succeed (R1): Helm has
// done all it should, only the record does not say so. A write that was denied
// is not tried again; a person has to act first.
func (r *run) finishRecord(ctx context.Context, out verdict.Outcome, failure error) error {
	facts, err := r.gather(ctx, false)
	if err != nil {
		return errors.Join(failure, err)
	}
	last := facts.Last()
	if last != nil {
		r.result.Status = last.Payload
	}
	p := verdict.ProblemOf(failure)
	if err := r.lockLost(ctx); err != nil {
		return err
	}
	if last != nil && last.Revision == out.Revision && last.Payload == verdict.StatusDeployed {
		return r.dedupe(ctx, facts) // only the revision before was not superseded
	}
	stuck := last != nil && last.Revision == out.Revision && last.Payload.Pending() && last.Stamp.Run == r.Options.Run
	if p.Ending == verdict.EndPermission || !stuck {
		unrecorded := *p
		unrecorded.Cause = fmt.Errorf("everything of revision %d is in place, but its record still says %s, and every later Helm operation will trip over it: %w",
			out.Revision, r.result.Status, p.Cause)
		return &unrecorded
	}
	r.Say("Record what Helm could not record: " + p.Error())
	if err := r.Releases.Settle(ctx, last, verdict.StatusDeployed, "recorded by Berth: Helm's own last write failed"); err != nil {
		return err
	}
	r.repaired("record", "Helm's last write of revision %d failed (%v); Berth made it good.", out.Revision, failure)
	return r.dedupe(ctx, facts)
}
