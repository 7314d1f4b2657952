package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// teardown takes the release away, then the namespace if Berth made it.
// Whatever is doubtful is kept and named.
func teardown(ctx context.Context, r *run) error {
	done := r.step("Look at the namespace")
	err := r.lookAtNamespace(ctx)
	done()
	if err != nil {
		return err
	}
	switch r.namespace.Phase {
	case facts.NamespaceAbsent:
		r.result.Headline = fmt.Sprintf("Nothing to take down: namespace %s does not exist.", r.namespace.Name)
		return nil
	case facts.NamespaceTerminating:
		defer r.step("Wait until the namespace is gone")()
		ctx, cancel := r.budget(ctx)
		defer cancel()
		err := r.Cluster.WaitNamespaceGone(ctx, r.namespace)
		r.namespaceGone = err == nil
		return err
	case facts.NamespaceActive, facts.NamespaceHidden:
	}
	if err := r.askToTakeDown(ctx); err != nil {
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
	ctx, cancel := r.budget(ctx)
	defer cancel()
	if err := r.takeDownRelease(ctx, seen); err != nil {
		return err
	}
	if err := r.takeDownNamespace(ctx); err != nil {
		return err
	}
	return r.keptProblem()
}

// askToTakeDown asks before the first object goes: a teardown that finds out
// half way that it may not purge leaves a record of nothing.
func (r *run) askToTakeDown(ctx context.Context) error {
	needs := append(r.Access.ClusterNeeds(verb.Teardown, r.namespace.Phase), r.Access.StorageNeeds(verb.Teardown)...)
	if r.namespace.Ours {
		needs = append(needs, problem.Permission{Verb: "delete", Resource: "namespaces", Name: r.namespace.Name,
			Why: "remove the namespace that Berth made"})
	}
	return r.ask(ctx, needs, "")
}

// takeDownRelease uninstalls, proves that the objects are gone, and only then
// removes the records.
func (r *run) takeDownRelease(ctx context.Context, seen *facts.Facts) error {
	last := seen.Last()
	if last == nil {
		r.result.Headline = fmt.Sprintf("Release %s is not there (any more).", r.Options.App.Release)
		return nil
	}
	r.result.Revision, r.result.Status, r.result.Chart = last.Revision, last.Payload, last.Chart
	if err := r.mayTakeDown(seen); err != nil {
		return err
	}
	if err := r.setAsideUnreadable(ctx, seen); err != nil {
		return err
	}
	if err := r.removeRelease(ctx, seen); err != nil || len(r.unreadable) > 0 {
		return err // what this run moved aside is all that tells of what may be left
	}
	return r.Releases.DiscardQuarantined(ctx)
}

// mayTakeDown refuses what is alive, unreadable, or not this branch's.
func (r *run) mayTakeDown(f *facts.Facts) error {
	d := verdict.Diagnose(f, r.Options.Policy)
	switch d.State {
	case verdict.StateForeign, verdict.StateLive, verdict.StateUnknownHolder, verdict.StateTerminating:
		if !r.worthWaiting(f, d) && d.State == verdict.StateUnknownHolder {
			break // it is being uninstalled, which is what this run is about
		}
		return verdict.PlanDeploy(f, d, r.Options.Policy).Refusal
	case verdict.StateUnreadable, verdict.StateAbsent, verdict.StateDeployed, verdict.StateTwoDeployed, verdict.StateFailed, verdict.StateNoneDeployed,
		verdict.StateUninstalled, verdict.StateUninstalling, verdict.StateRecordingFailed, verdict.StateAbandoned, verdict.StateDisagreeing:
	}
	return r.refuseStrangers(f, "take down")
}

// refuseStrangers refuses a release that nothing shows to be Berth's: with one
// deploy over it, it would count as ours, and the next teardown would take it.
func (r *run) refuseStrangers(f *facts.Facts, to string) error {
	ours := slices.ContainsFunc(f.Records, func(rec facts.Record) bool { return rec.Identity == r.Options.App.Identity })
	if f.Last() == nil || ours || r.namespace.Ours || r.Options.Adopt {
		return nil
	}
	return &problem.Problem{Reason: problem.NotOurs,
		Headline: fmt.Sprintf("Release `%s` in `%s` was left alone: nothing shows that Berth deployed it.", r.Options.App.Release, r.namespace.Name),
		Next:     "Run again with adopt to " + to + " it, if it is this branch's review app. Nothing was touched."}
}

// takeDownNamespace deletes the namespace only if Berth made it and nothing
// else lives in it.
func (r *run) takeDownNamespace(ctx context.Context) error {
	others, err := r.Releases.Others(ctx)
	if err != nil {
		return err
	}
	switch {
	case !r.namespace.Ours:
		r.Say(fmt.Sprintf("Namespace %s stays: Berth did not make it", r.namespace.Name))
	case len(others) > 0:
		r.result.Kept = append(r.result.Kept, fmt.Sprintf("namespace %s was kept: it holds records of other releases: %q", r.namespace.Name, others))
	case len(r.result.Kept) > 0:
		r.result.Kept = append(r.result.Kept, fmt.Sprintf("namespace %s was kept, with what is in it", r.namespace.Name))
	case r.namespace.Keep:
		r.note(result.LevelNotice, "Namespace kept", "Namespace %s stays: %s", r.namespace.Name, r.namespace.KeepWhy)
	default:
		return r.deleteNamespace(ctx)
	}
	if r.held == nil {
		return nil
	}
	if err := r.held.Remove(ctx); err != nil {
		r.note(result.LevelNotice, "Lock not removed", "The lock's Lease stays in namespace %s: %v", r.namespace.Name, err)
	}
	return nil
}

func (r *run) deleteNamespace(ctx context.Context) error {
	defer r.step("Delete the namespace and wait until it is gone")()
	if r.held != nil {
		r.held.ExpectRemoval()
	}
	if err := r.Cluster.DeleteNamespace(ctx, r.namespace); err != nil {
		return err
	}
	r.namespaceGone = true
	return nil
}

// keptProblem ends a teardown that left something in doubt.
func (r *run) keptProblem() error {
	if len(r.unreadable) > 0 && !r.namespaceGone {
		return &problem.Problem{Reason: problem.RecordUnreadable,
			Headline: fmt.Sprintf("The release is gone, but what %s described is not known and may still be there.", strings.Join(r.unreadable, ", ")),
			Next:     "Look through the namespace for what is left of it. The records were moved to where the warnings say."}
	}
	if len(r.result.Kept) == 0 {
		return nil
	}
	return &problem.Problem{Reason: problem.NotOurs,
		Headline: fmt.Sprintf("Not everything was taken down: %d kept, since they are or may be somebody else's.", len(r.result.Kept)),
		Next:     "See what was kept and why, and remove it by hand if it is nobody's."}
}
