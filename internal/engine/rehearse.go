package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verdict"
)

// rehearse plans the deploy as one would that began now, has each of its writes tried, and tells what would
// change. Nothing is written, the lock is not taken, and nobody is waited for.
func (p *preflight) rehearse(ctx context.Context) error {
	ctx, cancel := p.budget.limit(ctx)
	defer cancel()
	if err := p.refuseBefore(ctx); err != nil {
		return err
	}
	f, err := p.gather.gatherStable(ctx, scope{})
	if err != nil {
		return err
	}
	d := verdict.Diagnose(f, p.options.Policy)
	plan := verdict.PlanDeploy(f, d, p.options.Policy)
	p.report.diagnosed(f, d, plan)
	if plan.Refusal != nil {
		return plan.Refusal
	}
	p.tellPlan(plan)
	if plan.GatherAgain || plan.Does(verdict.StepUninstall, verdict.StepRollback) {
		p.report.note(result.LevelNotice, "Not known what would change", "That shows once the release is repaired.")
		return nil
	}
	if plan.Does(verdict.StepPromote) {
		f = promoted(f)
	}
	next := renderingOf(f, plan)
	if !p.chart.has(next) {
		if err := p.chart.render(ctx, next); err != nil {
			return err
		}
	}
	p.report.result.Chart = p.chart.name()
	deploy, err := p.previewOf(ctx, f, next, plan)
	if err != nil {
		return err
	}
	defer p.report.step("Try what would be written")()
	p.backend.Operations.Expect(verdict.Expected(f)) // as a deploy does
	changes, err := p.backend.Operations.Preview(ctx, deploy)
	if err != nil {
		return err
	}
	p.report.result.Changes = changes
	return refusedChanges(changes, p.ns.name)
}

// refuseBefore ends the run by what a deploy is refused for before it looks at the release.
func (p *preflight) refuseBefore(ctx context.Context) error {
	if refusal := verdict.RefuseAdoption(p.ns.name, p.options.Policy); refusal != nil {
		return refusal
	}
	if err := p.ns.mustBeUsable(ctx, p.options.CreateNamespace); err != nil {
		return err
	}
	if err := p.refuseBusy(ctx); err != nil {
		return err
	}
	p.companions.conceal(ctx)
	if err := p.companions.readSources(ctx); err != nil {
		return err
	}
	if p.ns.now.Phase == facts.NamespaceAbsent {
		return nil // there is nothing beside the release
	}
	p.companions.beginLook(ctx, false)
	return p.companions.foresee(ctx)
}

// refuseBusy ends the run where another one is at work on the release: what a deploy would change shows when that has
// ended. A lock that may not be read is none.
func (p *preflight) refuseBusy(ctx context.Context) error {
	if p.ns.now.Phase != facts.NamespaceActive {
		return nil
	}
	if found, err := p.lock.current(ctx); err == nil {
		p.lock.found = found
	}
	if p.lock.found.State != facts.LockHeld {
		return nil
	}
	return &problem.Problem{Reason: problem.LiveOperation,
		Headline: fmt.Sprintf("Another run works on `%s`: what a deploy would change shows when that has ended.", p.options.App.Release),
		Cause:    fmt.Errorf("the lock is held and renewed by %s", p.lock.found.Holder), Next: "Run it again then. Nothing was touched."}
}

// tellPlan says what a deploy would do before it comes to the chart.
func (p *preflight) tellPlan(plan verdict.Plan) {
	for _, s := range plan.Steps {
		if what := s.Mends(); what != "" {
			p.report.note(result.LevelNotice, "Would be repaired first", "%s.", what)
		}
	}
}

// promoted returns the facts as they are once the last record is marked deployed: the deploy starts from it then.
func promoted(f *facts.Facts) *facts.Facts {
	after := *f
	after.Records = slices.Clone(f.Records)
	last := after.Last()
	last.LabelStatus, last.PayloadStatus = facts.StatusDeployed, facts.StatusDeployed
	return &after
}

// previewOf returns the deploy from the revision that Helm would go by.
func (p *preflight) previewOf(ctx context.Context, f *facts.Facts, next rendering, plan verdict.Plan) (facts.Preview, error) {
	deploy := facts.Preview{Mode: facts.ModeInstall, Absent: p.ns.now.Phase == facts.NamespaceAbsent}
	if plan.Does(verdict.StepReplace) {
		deploy.Mode = facts.ModeReplace
	}
	if !next.upgrade {
		return deploy, nil
	}
	deploy.Mode = facts.ModeUpgrade
	from := f.Last()
	for i := range slices.Backward(f.Records) {
		if f.Records[i].PayloadStatus == facts.StatusDeployed || f.Records[i].LabelStatus == facts.StatusDeployed {
			from = &f.Records[i]
			break
		}
	}
	if err := p.gather.load(ctx, from); err != nil {
		return deploy, err
	}
	deploy.From = from.Manifest
	var err error
	deploy.Failed, err = p.steps.operate.failedManifests(ctx, f)
	return deploy, err
}

// refusedChanges returns the problem of what the API server would not take, or nil: somebody else's objects
// before all else.
func refusedChanges(c *result.Changes, namespace string) error {
	var theirs, refused []error
	for i := range c.All {
		change := &c.All[i]
		why := fmt.Errorf("%s: %s", change.In(namespace), change.Why)
		switch {
		case change.Action != facts.ActionRefused:
		case change.Foreign:
			theirs = append(theirs, why)
		default:
			refused = append(refused, why)
		}
	}
	switch {
	case len(theirs) > 0:
		return &problem.Problem{Reason: problem.Foreign, Cause: errors.Join(theirs...),
			Headline: fmt.Sprintf("A deploy would be refused: %s of the chart %s somebody else's.", text.Plural(len(theirs), "object"),
				isOrAre(len(theirs))),
			Next: "Give them other names in the chart, or name those in adopt that the release is to take. Nothing was touched."}
	case len(refused) > 0:
		return &problem.Problem{Reason: problem.DeployFailed, Cause: errors.Join(refused...),
			Headline: fmt.Sprintf("A deploy would fail: the API server does not take %s of the chart.", text.Plural(len(refused), "object")),
			Next:     "Correct what is named. Nothing was touched."}
	}
	return nil
}

// wouldChange is the headline of a deploy that was tried.
func wouldChange(res *result.Result) string {
	what := res.Changes.String()
	if !res.Changes.Changes() {
		return fmt.Sprintf("Deploying `%s` in `%s` would change nothing: %s.", res.Release, res.Namespace, what)
	}
	return fmt.Sprintf("Deploying `%s` in `%s` would go well as far as can be tried: %s. Nothing was touched.", res.Release, res.Namespace,
		what)
}
