package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

func init() { verbs[verb.Deploy] = func(s *session) verbRun { return &deploy{session: s} } }

// deploy brings the chart onto the cluster and proves that it is there:
// prepare → lock → facts → plan → steps → proof.
type deploy struct{ *session }

func (d *deploy) run(ctx context.Context) (err error) {
	expect, err := d.prepare(ctx)
	if err != nil {
		return err
	}
	ctx, release, err := d.lock.acquire(ctx, expect, d.chart.refresh)
	if err != nil {
		return err
	}
	defer func() { release(err) }()
	d.begun()
	d.noteCutOff()
	d.ns.beginStamp(ctx)
	d.companions.beginLook(ctx, expect.Absent)
	f, err := d.awaitIdle(ctx, scope{}, false)
	if err != nil {
		return err
	}
	if err := d.companions.foresee(ctx); err != nil {
		return err
	}
	ends := d.report.clock().Add(d.options.Timeout)
	applied, err := d.carryOutWithin(ctx, f)
	if err != nil {
		return d.afterFailure(ctx, err)
	}
	if applied.Revision == 1 {
		if err := d.ns.confirm(ctx); err != nil {
			return err
		}
	}
	if err := d.prover.proveUntil(ctx, applied, ends); err != nil { // with a budget of its own
		return err
	}
	d.companions.drop(ctx)
	return d.proveServing(ctx)
}

func (d *deploy) success() string { return d.proven(d.options.App.Source.SHA) }

// noteCutOff warns that the run before this one did not end in order.
func (d *deploy) noteCutOff() {
	found := d.lock.found
	if at, ok := found.ExpiredAt(found.Run); ok && found.State == facts.LockExpired {
		d.report.note(result.LevelWarning, "A run was cut off",
			"The run before this one, %q, did not end in order: it stopped renewing its lock at %s. What it left is looked at and mended below.",
			found.Holder, at.UTC().Format(time.RFC3339))
	}
}

// prepare is all that comes before the first write to the release: the chart is
// fetched while the namespace is read and permissions are asked for. It returns
// what is known of the lock.
func (d *deploy) prepare(ctx context.Context) (LockExpected, error) {
	began, parts := d.report.clock(), []result.Event(nil)
	done := d.report.stepWithParts("Prepare chart, namespace, permissions")
	defer func() { done(parts) }()
	if p := verdict.RefuseAdoption(d.ns.name, d.options.Policy); p != nil {
		return LockExpected{}, p
	}
	if err := d.inspect(ctx); err != nil {
		return LockExpected{}, err
	}
	made := false
	if d.ns.now.Phase == facts.NamespaceAbsent {
		from := d.report.clock()
		err := d.chart.render(ctx, rendering{revision: 1})
		parts = append(parts, result.Event{At: from.Sub(began), Took: d.report.clock().Sub(from), What: "Render the chart"})
		if err != nil {
			return LockExpected{}, err // nothing was made yet
		}
		if err := d.askBeforeNamespace(ctx); err != nil {
			return LockExpected{}, err
		}
		if made, err = d.createNamespace(ctx); err != nil {
			return LockExpected{}, err
		}
	} else if err := d.askAhead(ctx); err != nil {
		return LockExpected{}, err
	}
	return LockExpected{Absent: made, Renewable: d.permissions.may(d.backend.Access.RenewLock())}, nil
}

// inspect fetches the chart and meanwhile finds out whether the namespace and the
// permissions allow the deploy. An error of the chart comes first: it is the
// user's own to correct.
func (d *deploy) inspect(ctx context.Context) error {
	fetched := make(chan error, 1)
	go func() { fetched <- d.chart.fetch(ctx) }()
	waited, err := d.inspectCluster(ctx)
	if ferr := <-fetched; ferr != nil {
		return ferr
	}
	if err != nil {
		return err
	}
	if waited { // not before Fetch has returned, which begins to ask the API server
		d.chart.refresh()
	}
	return nil
}

// inspectCluster reads the namespace, waits for one that is being deleted, and
// asks for permissions. It returns whether it waited.
func (d *deploy) inspectCluster(ctx context.Context) (waited bool, err error) {
	answered := d.permissions.reviewEarly(ctx)
	err = d.ns.read(ctx)
	answered(err == nil)
	if err != nil {
		return false, err
	}
	if waited, err = d.ns.awaitGone(ctx, d.options.LockTimeout); err != nil {
		return waited, err
	}
	if waited {
		d.permissions.forget()
	}
	if err := d.ns.mustBeUsable(ctx, d.options.CreateNamespace); err != nil {
		return waited, err
	}
	phase := d.ns.now.Phase
	if err := d.permissions.require(ctx, append(d.permissions.ofVerb(phase), d.companions.needs(phase)...), ""); err != nil {
		return waited, err
	}
	if len(d.permissions.pending) > 0 {
		return waited, nil // the run ends by that, once all is asked
	}
	d.companions.conceal(ctx)
	return waited, d.companions.readSources(ctx)
}

// createNamespace creates the namespace and then asks for what is needed in it: a
// controller that grants permissions in new namespaces may take a moment.
func (d *deploy) createNamespace(ctx context.Context) (made bool, err error) {
	if made, err = d.ns.create(ctx); err != nil {
		return made, err
	}
	d.permissions.forgetDenied()
	if err := d.ns.refuseOther(); err != nil {
		return made, err
	}
	needs := append(d.backend.Access.StorageNeeds(d.permissions.verb), d.companions.needs(facts.NamespaceActive)...)
	but := fmt.Sprintf("Namespace %s was made before this was found.", d.ns.now.Name)
	if err := d.permissions.require(ctx, needs, but); err != nil {
		return made, err
	}
	return made, d.askWithin(ctx, but)
}

// carryOutWithin plans and performs within the timeout, and returns what was
// applied.
func (d *deploy) carryOutWithin(ctx context.Context, f *facts.Facts) (verdict.Reported, error) {
	ctx, cancel := d.budget.begin(ctx)
	defer cancel()
	out, err := d.carryOut(ctx, f, scope{}, verdict.PlanDeploy, func(f *facts.Facts, plan verdict.Plan) error {
		// Not before this run is known to go ahead.
		if !plan.GatherAgain {
			if err := d.beforeSteps(ctx, f, plan); err != nil {
				return err
			}
		}
		if err := d.ns.stamp(ctx); err != nil || plan.GatherAgain {
			return err
		}
		return d.companions.apply(ctx)
	})
	d.noteRollbacks(out)
	if err == nil && d.options.Policy.Adopt.Namespace {
		// Not before the release is in it: whoever tears down an adopted namespace
		// deletes it with all that is in it, and a deploy may be refused to the last.
		d.ns.adopt(ctx)
	}
	return out.applied, err
}

// beforeSteps does what can still refuse before anything is written: the
// permission to prune where Helm will, and the rendering for the next revision.
func (d *deploy) beforeSteps(ctx context.Context, f *facts.Facts, plan verdict.Plan) error {
	if d.options.MaxHistory > 0 && len(f.Records) >= d.options.MaxHistory {
		if err := d.permissions.require(ctx, d.backend.Access.PruneNeeds(), ""); err != nil {
			return err
		}
		if plan.Does(verdict.StepSweep) {
			if err := d.steps.leftovers.readAhead(ctx, f); err != nil {
				return err
			}
		}
	}
	next := renderingOf(f, plan)
	if d.chart.has(next) {
		return nil
	}
	defer d.report.step("Render the chart")()
	return d.chart.render(ctx, next)
}

// renderingOf returns what the chart is rendered for by a plan.
func renderingOf(f *facts.Facts, plan verdict.Plan) rendering {
	next := rendering{revision: 1, upgrade: plan.Does(verdict.StepUpgrade)}
	if next.upgrade {
		next.revision = nextRevision(f)
	}
	if plan.Does(verdict.StepRollback) {
		next.revision++ // a rollback takes one itself
	}
	return next
}

// afterFailure does what on-failure asks for once the record says failed. A run
// that was interrupted or lost its lock does nothing more. The failure stays the
// run's end.
func (d *deploy) afterFailure(ctx context.Context, err error) error {
	var failed *failedOperation
	if !errors.As(err, &failed) || interrupted(ctx) != nil || d.lock.lost(ctx) != nil {
		return err
	}
	if keep := d.options.Policy.OnFailure; keep == verdict.OnFailureKeep || keep == "" {
		return err
	}
	done, trouble := d.onFailure(ctx, failed.revision)
	if trouble != nil {
		policy := d.options.Policy.OnFailure
		d.report.evidence("on-failure is %s, which failed as well: %v", policy, trouble)
		p := verdict.AfterFailure(failed.problem, "what on-failure asks for failed as well")
		p.Next = fmt.Sprintf("Run berth check to see where the release stands: on-failure is %s, and that failed as well (see the evidence).",
			policy)
		return p
	}
	return verdict.AfterFailure(failed.problem, done)
}

// onFailure rolls back or uninstalls, with a budget of its own, and returns what
// was done.
func (d *deploy) onFailure(ctx context.Context, failed int) (done string, err error) {
	ctx, cancel := d.budget.begin(ctx)
	defer cancel()
	f, err := d.gather.gatherStable(ctx, scope{})
	if err != nil {
		return "", err
	}
	plan := verdict.PlanAfterFailure(f, failed, d.options.Policy)
	if plan.Refusal != nil {
		return "", plan.Refusal
	}
	did, err := d.steps.perform(ctx, plan.Steps, f)
	d.report.kept(did.kept)
	if err != nil {
		return "", err
	}
	if plan.Does(verdict.StepTakeDown) {
		if err := d.companions.leave(ctx); err != nil {
			return "", err
		}
	}
	switch {
	case plan.Does(verdict.StepRollback):
		return fmt.Sprintf("revision %d is back, as revision %d", plan.Steps[0].Target, d.report.result.Revision), nil
	case plan.Does(verdict.StepTakeDown):
		return "it was taken away, as on-failure says" + butRemains(&d.report.result), nil
	}
	return "there is no good revision to go back to, so it was left as it is", nil
}
