package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// companions are what Berth itself puts beside the release: copies of Secrets, and quotas.
type companions struct {
	api      Companions
	access   Access
	report   *reporter
	budget   budget
	lock     *lock
	chart    *chartSource
	ns       *namespace
	verb     verb.Verb
	release  string // as companions call it: its name, and the identity of its branch
	identity string
	copies   bool // the input copy-secret names some
	quota    bool // the input quota is given

	looking chan looked // a look that is under way, beside what else comes before the first write
	plan    verdict.CompanionPlan
	done    bool
}

// looked is what was found of them.
type looked struct {
	since          time.Time
	wanted, others []facts.Companion
	err            error
}

// needs returns the permissions that they take where the namespace is in this phase.
func (c *companions) needs(phase facts.NamespacePhase) (needs []problem.Permission) {
	if c.copies {
		needs = c.access.SourceNeeds()
	}
	if phase == facts.NamespaceAbsent {
		return needs
	}
	return append(needs, c.access.CompanionNeeds(c.verb, c.copies, c.quota && c.withoutQuota() == "")...)
}

// withoutQuota returns why no quota is applied in the namespace, or "".
func (c *companions) withoutQuota() string { return verdict.WithoutQuota(c.ns.now, c.identity) }

// conceal keeps what the copies hold out of all that is shown: whatever the verb, the app and
// the hooks have them, and may quote them as they fail.
func (c *companions) conceal(ctx context.Context) {
	if c.ns.now.Phase == facts.NamespaceAbsent || !c.mayCopy() {
		return
	}
	ctx, cancel := c.budget.limit(ctx)
	defer cancel()
	if err := c.api.Conceal(ctx); err != nil && (c.copies || c.ns.now.Copies) {
		c.report.note(result.LevelNotice, "Copies not read",
			"What the copies of Secrets hold is not known, so it may be shown where others quote it: %v", err)
	}
}

// mayCopy returns whether there may be copies: the input names some, it is noted on the namespace, or
// nothing is noted on it and the run may list Secrets for its records anyway.
func (c *companions) mayCopy() bool {
	return c.copies || c.ns.now.Copies || !c.ns.now.Labelled && c.listsSecrets()
}

// readSources reads the Secrets that are to be copied, and refuses what is not copied, before
// anything is made.
func (c *companions) readSources(ctx context.Context) error {
	if !c.copies {
		return nil
	}
	ctx, cancel := c.budget.limit(ctx)
	defer cancel()
	sources, err := c.api.Sources(ctx)
	if err != nil {
		return err
	}
	for _, s := range sources {
		if p := verdict.RefuseSource(s); p != nil {
			return p
		}
	}
	return nil
}

// scopes returns what is looked at for the inputs, and what with those that are not wanted any
// more: where it is noted on the namespace that there may be some, and where nothing is noted on
// it and the run may list Secrets for its records anyway.
func (c *companions) scopes(fresh bool) (given, all facts.CompanionScope) {
	counts := c.withoutQuota() == ""
	given = facts.CompanionScope{Copies: c.copies, Quota: c.quota && counts, Quotas: c.quota && counts, Fresh: fresh}
	all = given
	all.Copies = c.mayCopy()
	all.Quotas = given.Quotas || c.ns.now.Quota // also where none counts any more, since another branch has come
	return given, all
}

// listsSecrets returns whether the run lists Secrets whatever the inputs say: its records are some.
func (c *companions) listsSecrets() bool {
	return slices.ContainsFunc(c.access.StorageNeeds(c.verb), func(p problem.Permission) bool {
		return p.Verb == "list" && p.Resource == "secrets"
	})
}

// beginLook begins to look for them.
func (c *companions) beginLook(ctx context.Context, fresh bool) {
	_, scope := c.scopes(fresh)
	if !scope.Copies && !scope.Quotas {
		return
	}
	looking := make(chan looked, 1)
	c.looking = looking
	go func() {
		is := looked{since: c.report.clock()}
		is.wanted, is.others, is.err = c.api.Look(ctx, scope)
		looking <- is
	}()
}

// foresee plans what is done about them, and refuses, before the first write to the release.
func (c *companions) foresee(ctx context.Context) error {
	if c.looking == nil {
		return nil
	}
	is := <-c.looking
	c.looking = nil
	if c.report.clock().Sub(is.since) > lateAfter { // another run was at work meanwhile
		if err := c.readSources(ctx); err != nil {
			return err
		}
		_, scope := c.scopes(false)
		is.wanted, is.others, is.err = c.api.Look(ctx, scope)
	}
	if given, scope := c.scopes(false); isDenied(is.err) && (given != scope) {
		if ns := c.ns.now; ns.Copies || ns.Quota {
			c.report.note(result.LevelWarning, notLookedFor, "What an earlier deploy has put beside the release may still be there: %v",
				is.err)
		}
		is.wanted, is.others, is.err = c.api.Look(ctx, given)
	}
	if is.err != nil {
		return is.err
	}
	c.plan = verdict.PlanCompanions(c.release, is.wanted, is.others)
	if c.plan.Refusal != nil {
		return c.plan.Refusal
	}
	return nil
}

// isDenied returns whether an error is one of missing permissions.
func isDenied(err error) bool {
	return err != nil && problem.Of(err).Reason == problem.PermissionMissing
}

// apply makes them, so that they are there before the chart's objects are.
func (c *companions) apply(ctx context.Context) error {
	if c.done {
		return nil
	}
	if why := c.withoutQuota(); c.quota && why != "" {
		c.report.note(result.LevelWarning, "Quota not applied", "The input quota is for namespaces that Berth makes for one branch. Of %s: %s.",
			c.ns.name, why)
	}
	c.plan = c.plan.MakeWay(c.chart.makesSecret)
	if len(c.plan.Steps) == 0 {
		return nil
	}
	defer c.report.step("Copy Secrets and apply the quota")()
	err := c.persist(ctx, func() error {
		if err := c.readSources(ctx); err != nil {
			return err
		}
		c.beginLook(ctx, false)
		err := c.foresee(ctx)
		c.plan = c.plan.MakeWay(c.chart.makesSecret)
		return err
	})
	if err == nil {
		c.done = true
	}
	return err
}

// persist carries out the plan, and plans anew where an object was changed meanwhile.
func (c *companions) persist(ctx context.Context, again func() error) error {
	err := c.carryOut(ctx)
	for looks := 1; errors.Is(err, facts.ErrChanged) && looks < maxLooks; looks++ {
		if err = again(); err == nil {
			err = c.carryOut(ctx)
		}
	}
	if errors.Is(err, facts.ErrChanged) {
		return &problem.Problem{Reason: problem.Unanswered, Tried: "write what Berth puts beside the release",
			Cause: fmt.Errorf("it changed between looking at it and writing it %d times", maxLooks),
			Next:  "Find what keeps changing it, then run again."}
	}
	return err
}

// carryOut carries out the plan.
func (c *companions) carryOut(ctx context.Context) error {
	for _, s := range c.plan.Steps {
		if err := c.lock.lost(ctx); err != nil {
			return err
		}
		if err := c.perform(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (c *companions) perform(ctx context.Context, s verdict.CompanionStep) error {
	one := s.Companion
	name := one.In(c.ns.name)
	switch s.Action {
	case verdict.CompanionShare:
		return c.api.Share(ctx, one, s.Releases)
	case verdict.CompanionRemove:
		if err := c.api.Remove(ctx, one); err != nil {
			return err
		}
		c.report.note(result.LevelNotice, "Removed", "%s, which Berth had made for this release, is gone.", name)
		return nil
	case verdict.CompanionWrite:
	}
	if err := c.api.Write(ctx, one, s.Releases); err != nil {
		return err
	}
	if one.Source != "" {
		c.report.note(result.LevelNotice, "Secret copied", "%s holds what %s holds.", name, one.Source)
		return nil
	}
	counts, err := c.api.Enforced(ctx, one)
	if err == nil && !counts {
		c.report.note(result.LevelWarning, "Quota not counted yet",
			"Kubernetes has not begun to count by %s: what it limits may be refused until then.", name)
	}
	return err
}
