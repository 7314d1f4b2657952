package engine

import (
	"context"
	"fmt"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

func init() { verbs[verb.Teardown] = func(s *session) verbRun { return &teardown{session: s} } }

// teardown removes the release, and then the namespace if Berth made it. Whatever
// is doubtful is kept and named.
type teardown struct {
	*session
	left verdict.TeardownResult
}

func (t *teardown) run(ctx context.Context) error {
	if err := t.readNamespace(ctx); err != nil {
		return err
	}
	switch t.ns.now.Phase {
	case facts.NamespaceAbsent:
		t.report.result.Headline = fmt.Sprintf("Nothing to take down: namespace %s does not exist.", t.ns.name)
		return nil
	case facts.NamespaceTerminating:
		return t.awaitNamespaceGone(ctx)
	case facts.NamespaceActive, facts.NamespaceHidden:
	}
	if err := t.permissions.require(ctx, t.needs(), ""); err != nil {
		return err
	}
	ctx, release, err := t.lock.acquire(ctx, LockExpected{}, t.chart.refresh)
	if err != nil {
		return err
	}
	defer release()
	f, err := t.awaitIdle(ctx, scope{}, true)
	if err != nil {
		return err
	}
	ctx, cancel := t.budget.begin(ctx)
	defer cancel()
	if err := t.removeRelease(ctx, f); err != nil {
		return err
	}
	if err := t.removeNamespace(ctx); err != nil {
		return err
	}
	t.left.Kept = t.report.result.Kept
	if p := t.left.Problem(); p != nil {
		return p
	}
	return nil
}

func (t *teardown) readNamespace(ctx context.Context) error {
	defer t.report.step("Look at the namespace")()
	return t.ns.read(ctx)
}

// awaitNamespaceGone finishes a teardown whose namespace is being deleted.
func (t *teardown) awaitNamespaceGone(ctx context.Context) error {
	defer t.report.step("Wait until the namespace is gone")()
	ctx, cancel := t.budget.begin(ctx)
	defer cancel()
	err := t.ns.awaitDeleted(ctx)
	t.left.NamespaceGone = err == nil
	return err
}

// needs returns all permissions at once, before the first object goes: a teardown
// that finds out half way that it may not delete records leaves a record of
// nothing.
func (t *teardown) needs() []problem.Permission {
	needs := t.permissions.ofVerb(t.ns.now.Phase)
	if t.ns.now.Ours {
		needs = append(needs, problem.Permission{Verb: "delete", Resource: "namespaces", Name: t.ns.name,
			Why: "remove the namespace that Berth made"})
	}
	return needs
}

// removeRelease carries out the plan for the release.
func (t *teardown) removeRelease(ctx context.Context, f *facts.Facts) error {
	res := &t.report.result
	last := f.Last()
	if last == nil {
		res.Headline = fmt.Sprintf("Release %s is not there (any more).", t.options.App.Release)
		return nil
	}
	t.report.stored(last)
	res.Chart = last.Chart
	plan := verdict.PlanTeardown(f, verdict.Diagnose(f, t.options.Policy), t.options.Policy)
	if plan.Refusal != nil {
		return plan.Refusal
	}
	done, err := t.steps.perform(ctx, plan.Steps, f)
	t.left.Unreadable = done.unreadable
	return err
}

// removeNamespace deletes the namespace, or says why it stays.
func (t *teardown) removeNamespace(ctx context.Context) error {
	others, err := t.backend.Records.Others(ctx)
	if err != nil {
		return err
	}
	ns, res := t.ns.now, &t.report.result
	switch verdict.DecideNamespace(ns, others, res.Kept) {
	case verdict.NamespaceDelete:
		return t.deleteNamespace(ctx)
	case verdict.NamespaceStays:
		t.report.say(fmt.Sprintf("Namespace %s stays: Berth did not make it", ns.Name))
	case verdict.NamespaceHoldsReleases:
		res.Kept = append(res.Kept, fmt.Sprintf("namespace %s was kept: it holds records of other releases: %q", ns.Name, others))
	case verdict.NamespaceHoldsKept:
		res.Kept = append(res.Kept, fmt.Sprintf("namespace %s was kept, with what is in it", ns.Name))
	case verdict.NamespaceMarkedToBeKept:
		t.report.note(result.LevelNotice, "Namespace kept", "Namespace %s stays: %s", ns.Name, ns.KeepWhy)
	}
	t.lock.remove(ctx)
	return nil
}

func (t *teardown) deleteNamespace(ctx context.Context) error {
	defer t.report.step("Delete the namespace and wait until it is gone")()
	t.lock.expectRemoval()
	err := t.ns.delete(ctx)
	t.left.NamespaceGone = err == nil
	return err
}

func (t *teardown) success() string {
	if res := &t.report.result; t.left.NamespaceGone {
		return fmt.Sprintf("`%s` is gone, and so is its namespace `%s`.", res.Release, res.Namespace)
	}
	return ""
}
