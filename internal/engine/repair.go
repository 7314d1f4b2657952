package engine

import (
	"context"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// repair mends a stuck record under the lock, and does nothing to a release
// that is well.
func repair(ctx context.Context, r *run) error {
	if err := r.find(ctx); err != nil {
		return err
	}
	if err := r.askFirst(ctx); err != nil {
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
	if err := r.repairWithin(ctx, seen); err != nil || r.result.Status != facts.StatusDeployed {
		return err // failed or uninstalled is well too: the record says so
	}
	return r.prove(ctx, verdict.Reported{Revision: r.result.Revision})
}

// repairWithin is the part of a repair that the timeout bounds.
func (r *run) repairWithin(ctx context.Context, seen *facts.Facts) error {
	ctx, cancel := r.budget(ctx)
	defer cancel()
	seen, plan, err := r.carryOut(ctx, seen, verdict.PlanRepair, r.mayRepair)
	if plan.Refusal != nil {
		if plan.Refusal.Reason == problem.NotFound && len(r.repairs) > 0 {
			return nil // the record that was moved away was the only one
		}
		r.keepObserved(seen)
	}
	if err != nil || r.operated {
		return err
	}
	r.result.Status = facts.StatusUninstalled
	if last := seen.Last(); last != nil {
		r.result.Status = last.Payload
	}
	return nil
}

// mayRepair refuses to remove anything of a release that nothing shows to be
// Berth's.
func (r *run) mayRepair(f *facts.Facts, plan verdict.Plan) error {
	for _, s := range []verdict.Step{verdict.StepQuarantine, verdict.StepDiscard, verdict.StepUninstall, verdict.StepRollback} {
		if plan.Does(s) {
			return r.refuseStrangers(f, string(s))
		}
	}
	return nil
}

// keepObserved shows the objects of a record that was left alone.
func (r *run) keepObserved(f *facts.Facts) {
	if f.Observed {
		r.keep(f, verdict.Reported{})
	}
}

// preflight asks all that a deploy would need and changes nothing.
func preflight(ctx context.Context, r *run) error {
	if err := r.lookAtNamespace(ctx); err != nil {
		return err
	}
	r.Options.Preflight = true
	r.result.User = r.Cluster.User(ctx)
	needs := append(r.Access.ClusterNeeds(verb.Deploy, r.namespace.Phase), r.Access.StorageNeeds(verb.Deploy)...)
	needs = append(needs, r.Access.PruneNeeds()...)
	err := r.ask(ctx, needs, "")
	r.result.RBAC = r.Access.RBAC(r.result.User, nil)
	return err
}
