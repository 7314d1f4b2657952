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
	if err := r.repairWithin(ctx); err != nil || r.result.Status != verdict.StatusDeployed {
		return err // failed or uninstalled is well too: the record says so
	}
	return r.prove(ctx, verdict.Want{Revision: r.result.Revision})
}

// repairWithin is the part of a repair that the timeout bounds.
func (r *run) repairWithin(ctx context.Context) error {
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
	if err := r.performAll(ctx, plan, facts); err != nil {
		return err
	}
	r.result.Status = facts.Last().Payload
	return nil
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
	r.result.RBAC = r.Access.RBAC(r.result.User, nil)
	return err
}
