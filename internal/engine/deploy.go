package engine

import (
	"context"
	"errors"
	"fmt"

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
	if err := r.deployWithin(ctx); err != nil {
		return err
	}
	return r.prove(ctx, r.want) // with a budget of its own
}

// deployWithin is the part of a deploy that the timeout bounds.
func (r *run) deployWithin(ctx context.Context) error {
	ctx, cancel := r.budget(ctx)
	defer cancel()
	facts, err := r.gather(ctx, false)
	if err != nil {
		return err
	}
	plan := r.plan(facts, verdict.PlanDeploy)
	if plan.Refusal != nil {
		return plan.Refusal
	}
	if err := r.refuseStrangers(facts, "deploy over"); err != nil {
		return err
	}
	if err := r.beforeSteps(ctx, facts, plan); err != nil {
		return err
	}
	return r.performAll(ctx, plan, facts)
}

// performAll runs a plan's steps in their order, until one fails.
func (r *run) performAll(ctx context.Context, plan verdict.Plan, f *verdict.Facts) error {
	for _, s := range plan.Steps {
		if err := r.perform(ctx, s, f); err != nil {
			return err
		}
	}
	return nil
}

// plan diagnoses, says so and decides.
func (r *run) plan(f *verdict.Facts, decide func(*verdict.Facts, verdict.Diagnosis, verdict.Policy) verdict.Plan) verdict.Plan {
	d := verdict.Diagnose(f, r.Options.Policy.AssumeDeadAfter)
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
	revision, upgrade := 1, plan.Steps[len(plan.Steps)-1] == verdict.StepUpgrade
	if upgrade {
		revision = f.Last().Revision + 1
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
	case verdict.StepInstall, verdict.StepReplace, verdict.StepUpgrade:
		return r.operate(ctx, s, f)
	}
	return fmt.Errorf("perform step %q: it is not known", s)
}

// operate runs Helm and then believes what was stored, not what was returned.
func (r *run) operate(ctx context.Context, s verdict.Step, before *verdict.Facts) error {
	done := r.step(map[verdict.Step]string{
		verdict.StepInstall: "Install the release", verdict.StepReplace: "Install the release anew",
		verdict.StepUpgrade: "Upgrade the release"}[s])
	r.wrote = true
	out := r.Releases.Perform(ctx, s)
	done()
	r.result.ChartNote = out.Notes
	if out.Chart != "" {
		r.result.Chart = out.Chart
	}
	r.attempt = verdict.Attempt{Run: r.Options.Run, Revision: max(out.Revision, next(before)), Outcome: "failed", HooksProven: out.Applied}
	if !out.Applied {
		return r.failed(ctx, out, before)
	}
	r.attempt.Outcome = "deployed"
	r.result.Revision = out.Revision
	r.want = verdict.Want{Revision: out.Revision, Manifest: out.Manifest}
	if err := first(r.Releases.WriteFailure(), out.Err); err != nil {
		return r.finishRecord(ctx, out, err)
	}
	return nil
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
