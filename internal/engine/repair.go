package engine

import (
	"context"

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
	ctx, cancel := r.budget(ctx)
	defer cancel()
	facts, err := r.gather(ctx, false)
	if err != nil {
		return err
	}
	plan := r.plan(facts, verdict.PlanRepair)
	if plan.Refusal != nil {
		r.keepObserved(facts)
		return plan.Refusal
	}
	for _, s := range plan.Steps {
		if err := r.perform(ctx, s, facts); err != nil {
			return err
		}
	}
	last := facts.Last()
	if r.result.Status = last.Payload; last.Payload != verdict.StatusDeployed {
		return nil // failed or uninstalled, and the record says so
	}
	return r.prove(ctx, verdict.Want{Revision: last.Revision})
}

// keepObserved shows the objects of a record that was left alone.
func (r *run) keepObserved(f *verdict.Facts) {
	if f.Observed {
		r.keep(f, verdict.Want{})
	}
}

// preflight asks all that a deploy would need and changes nothing.
func preflight(ctx context.Context, r *run) error {
	if err := r.lookAtNamespace(ctx); err != nil {
		return err
	}
	r.Options.Preflight = true
	r.result.User = r.Cluster.User(ctx)
	needs := append(r.Access.ClusterNeeds("deploy", r.namespace.Phase), r.Access.StorageNeeds("deploy")...)
	needs = append(needs, r.Access.StorageNeeds("prune")...)
	err := r.ask(ctx, needs, "")
	r.result.RBAC = r.Access.RBAC(r.result.User, r.needs)
	return err
}
