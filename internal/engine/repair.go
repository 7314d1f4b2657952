package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

func init() { verbs[verb.Repair] = func(s *session) verbRun { return &repairRelease{s} } }

// repairRelease repairs a stuck release under the lock. It deploys nothing, and
// changes nothing of a healthy release.
type repairRelease struct{ *session }

func (r *repairRelease) run(ctx context.Context) (err error) {
	if err := r.find(ctx); err != nil {
		return err
	}
	if err := r.permissions.require(ctx, r.permissions.ofVerb(r.ns.now.Phase), ""); err != nil {
		return err
	}
	ctx, release, err := r.lock.acquire(ctx, LockExpected{Break: r.options.BreakLock}, r.chart.refresh)
	if err != nil {
		return err
	}
	defer func() { release(err) }()
	f, err := r.awaitIdle(ctx, scope{}, false)
	if err != nil {
		return err
	}
	if r.backend.Agree != nil {
		if err := r.backend.Agree(ctx, f); err != nil {
			return err
		}
	}
	res := &r.report.result
	applied, err := r.carryOutWithin(ctx, f)
	if err == nil && (r.report.hasRepaired("uninstall") || r.report.hasRepaired("discard")) {
		r.companions.of(r.options.App.Release, f.Identity)
		err = r.companions.leave(ctx) // the release is gone, and nothing of it is there
	}
	if err != nil || res.Status != facts.StatusDeployed {
		return err // failed or uninstalled is an end, too: the record says so
	}
	applied.Revision = res.Revision
	return r.prover.prove(ctx, applied)
}

// carryOutWithin plans and performs within the timeout, and returns what a rollback
// applied.
func (r *repairRelease) carryOutWithin(ctx context.Context, f *facts.Facts) (verdict.Reported, error) {
	ctx, cancel := r.budget.begin(ctx)
	defer cancel()
	out, err := r.carryOut(ctx, f, scope{}, verdict.PlanRepair, func(f *facts.Facts, plan verdict.Plan) error {
		return r.askForPlan(ctx, f, plan)
	})
	if refusal := out.plan.Refusal; refusal != nil {
		if refusal.Reason == problem.NotFound && len(r.report.repairs) > 0 {
			return verdict.Reported{}, nil // the record that was moved away was the only one
		}
		if out.facts.Observed {
			r.report.observed(out.facts, verdict.Reported{}) // what was left alone
		}
	}
	r.noteRollbacks(out)
	if err != nil || out.operated {
		return out.applied, err
	}
	if last := out.facts.Last(); last != nil {
		r.report.result.Status = last.PayloadStatus
	} else {
		r.report.removed()
	}
	return verdict.Reported{}, nil
}

func (r *repairRelease) success() string {
	res := &r.report.result
	revision, where := r.revision(), fmt.Sprintf("in `%s`", res.Namespace)
	switch lower := strings.ToLower(revision[:1]) + revision[1:]; {
	case res.Repair == "":
		return fmt.Sprintf("Nothing to repair: %s %s is %s.", lower, where, res.Status)
	case res.Repair == "promote":
		return fmt.Sprintf("Repaired: the record of %s %s now says deployed, as everything it describes is. No pod was restarted.", lower, where)
	case res.Status == facts.StatusDeployed:
		return ""
	case r.report.hasRepaired("uninstall"):
		return fmt.Sprintf("`%s` was removed, objects and records, %s%s.", res.Release, where, butRemains(res))
	case res.Status == "":
		return fmt.Sprintf("No record of `%s` is left %s.", res.Release, where)
	}
	return fmt.Sprintf("%s %s is %s, and its record says so.", revision, where, res.Status)
}
