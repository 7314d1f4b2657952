package engine

import (
	"context"
	"fmt"

	"github.com/berth-dev/berth/internal/facts"
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
	seen, err := r.settledFacts(ctx)
	if err != nil {
		return err
	}
	if err := r.deployWithin(ctx, seen); err != nil {
		return r.afterFailure(ctx, err)
	}
	return r.prove(ctx, r.want) // with a budget of its own
}

// deployWithin is the part of a deploy that the timeout bounds.
func (r *run) deployWithin(ctx context.Context, seen *facts.Facts) error {
	ctx, cancel := r.budget(ctx)
	defer cancel()
	_, _, err := r.carryOut(ctx, seen, verdict.PlanDeploy, func(f *facts.Facts, plan verdict.Plan) error {
		if err := r.refuseStrangers(f, "deploy over"); err != nil || plan.GatherAgain {
			return err
		}
		return r.beforeSteps(ctx, f, plan)
	})
	return err
}

// performAll runs a plan's steps in their order, until one fails.
func (r *run) performAll(ctx context.Context, plan verdict.Plan, f *facts.Facts) error {
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
func (r *run) plan(f *facts.Facts, decide decision) verdict.Plan {
	d := verdict.Diagnose(f, r.Options.Policy)
	if last := f.Last(); last != nil {
		r.result.Revision, r.result.Status, r.result.Chart = last.Revision, last.Payload, last.Chart
	}
	p := decide(f, d, r.Options.Policy)
	if p.Refusal == nil && d.State != verdict.StateDeployed && d.State != verdict.StateAbsent {
		r.Say("Found: " + d.Cause)
		r.result.Evidence = append(r.result.Evidence, d.Cause)
		for _, w := range d.Blockers {
			r.result.Evidence = append(r.result.Evidence, "not promoted, since "+w)
		}
	}
	return p
}

// beforeSteps does what can still refuse without having written: rendering the
// chart for the revision to come, and the right to prune where this run will.
func (r *run) beforeSteps(ctx context.Context, f *facts.Facts, plan verdict.Plan) error {
	if r.Options.MaxHistory > 0 && len(f.Records) >= r.Options.MaxHistory {
		if err := r.ask(ctx, r.Access.PruneNeeds(), ""); err != nil {
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
func (r *run) perform(ctx context.Context, s verdict.Step, f *facts.Facts) error {
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
		return r.deployChart(ctx, "Install the release", facts.ModeInstall, f)
	case verdict.StepReplace:
		return r.deployChart(ctx, "Install the release anew", facts.ModeReplace, f)
	case verdict.StepUpgrade:
		return r.deployChart(ctx, "Upgrade the release", facts.ModeUpgrade, f)
	case verdict.StepSweep:
		return r.sweep(ctx, f)
	case verdict.StepRollback, verdict.StepCleanHooks: // they need the plan
	}
	return fmt.Errorf("perform step %q: it is not known", s)
}
