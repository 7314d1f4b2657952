package engine

import (
	"context"
	"slices"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verdict"
)

// drop does away with the copies that the release needs no more, now that it is deployed and
// proven without them. What fails of that leaves them to the next deploy.
func (c *companions) drop(ctx context.Context) {
	if len(c.plan.After) == 0 {
		return
	}
	defer c.report.step("Remove the copies that are not needed any more")()
	ctx, cancel := c.budget.limit(ctx)
	defer cancel()
	c.plan = verdict.CompanionPlan{Steps: c.plan.After}
	err := c.persist(ctx, func() error {
		c.beginLook(ctx, false)
		err := c.foresee(ctx)
		c.plan = verdict.CompanionPlan{Steps: c.plan.After}
		return err
	})
	if err != nil {
		c.report.note(result.LevelWarning, "Copies not removed",
			"What copy-secret does not name any more may still be there; the next deploy removes it: %v", err)
	}
}

// of says whose they are where the run was given no branch: as the release's records have it.
func (c *companions) of(release, identity string) {
	if c.identity == "" {
		c.release = release + "/" + identity
	}
}

// leave removes the companions that the release is the last to have, once it is gone and its
// namespace stays. What is not to be told for Berth's any more is left, and named.
func (c *companions) leave(ctx context.Context) error {
	scope := facts.CompanionScope{Copies: c.mayCopy() || c.listsSecrets(), Quotas: c.ns.now.Quota}
	if !scope.Copies && !scope.Quotas {
		return nil
	}
	look := func() error {
		all, err := c.standing(ctx, scope)
		if isDenied(err) && scope.Quotas {
			c.report.note(result.LevelWarning, notLookedFor, "What the input quota had may still be there: %v", err)
			scope.Quotas = false
			all, err = c.standing(ctx, scope)
		}
		if isDenied(err) && !c.copies {
			c.report.note(result.LevelWarning, notLookedFor, "Copies of Secrets may still be there: %v", err)
			err = nil
		}
		plan := verdict.PlanCompanions(c.release, nil, all)
		c.plan = verdict.CompanionPlan{Steps: slices.Concat(plan.Steps, plan.After), Left: plan.Left}
		return err
	}
	if err := look(); err != nil {
		return err
	}
	if err := c.persist(ctx, look); err != nil {
		return err
	}
	for _, left := range c.plan.Left {
		c.report.note(result.LevelWarning, leftTitle, "%s", text.Sentences(left.In(c.ns.name)+" stays: "+verdict.WhyLeft(left)))
	}
	return nil
}

// leaveCompanions removes them unless there is a record of the release all the same: it was
// deployed again meanwhile, by a run without a Lease, or is kept with another HELM_DRIVER. It
// needs them.
func (t *teardown) leaveCompanions(ctx context.Context) error {
	records, err := t.backend.Records.Records(ctx)
	if err != nil || len(records) > 0 {
		return err
	}
	_, has, _, err := t.backend.Records.Elsewhere(ctx)
	if err != nil || has {
		return err
	}
	return t.companions.leave(ctx)
}

// notLookedFor is the title of what may not be listed.
const notLookedFor = "Not looked for"

// standing returns what there is, whatever is wanted.
func (c *companions) standing(ctx context.Context, s facts.CompanionScope) ([]facts.Companion, error) {
	if !s.Copies && !s.Quotas {
		return nil, nil
	}
	wanted, others, err := c.api.Look(ctx, s)
	for _, w := range wanted {
		if w.Exists() {
			others = append(others, w)
		}
	}
	return others, err
}

// check looks whether the copies are there. Whether they still hold what they are copies of is
// told where that may be read.
func (c *companions) check(ctx context.Context) error {
	if !c.copies {
		return nil
	}
	sources, unread := c.api.Sources(ctx)
	wanted, _, err := c.api.Look(ctx, facts.CompanionScope{})
	if err != nil {
		return err
	}
	if p := verdict.CheckCompanions(wanted, c.release); p != nil {
		return p
	}
	gone := map[string]bool{}
	for _, s := range sources {
		gone[s.String()] = !s.Exists
	}
	for _, w := range wanted {
		switch {
		case unread != nil || w.Same:
		case gone[w.Source]:
			c.report.note(result.LevelWarning, "Source gone", "%s is there, and %s, of which it is a copy, is not any more: a deploy ends at that.",
				w.In(c.ns.name), w.Source)
		default:
			c.report.note(result.LevelWarning, "Copy out of date", "%s does not hold what %s holds by now. A deploy copies it anew.",
				w.In(c.ns.name), w.Source)
		}
	}
	return nil
}
