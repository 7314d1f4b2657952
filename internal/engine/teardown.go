package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	case verdict.NamespaceAbsent:
		r.result.Headline = fmt.Sprintf("Nothing to take down: namespace %s does not exist.", r.namespace.Name)
		return nil
	case verdict.NamespaceTerminating:
		defer r.step("Wait until the namespace is gone")()
		ctx, cancel := r.budget(ctx)
		defer cancel()
		err := r.Cluster.WaitNamespaceGone(ctx, r.namespace)
		r.namespaceGone = err == nil
		return err
	case verdict.NamespaceActive, verdict.NamespaceHidden:
	}
	if err := r.askToTakeDown(ctx); err != nil {
		return err
	}
	ctx, unlock, err := r.acquire(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	facts, err := r.settledFacts(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := r.budget(ctx)
	defer cancel()
	if err := r.takeDownRelease(ctx, facts); err != nil {
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
	needs := append(r.Access.ClusterNeeds("teardown", r.namespace.Phase), r.Access.StorageNeeds("teardown")...)
	if r.namespace.Ours {
		needs = append(needs, verdict.Permission{Verb: "delete", Resource: "namespaces", Name: r.namespace.Name,
			Why: "remove the namespace that Berth made"})
	}
	return r.ask(ctx, needs, "")
}

// takeDownRelease uninstalls, proves that the objects are gone, and only then
// removes the records.
func (r *run) takeDownRelease(ctx context.Context, facts *verdict.Facts) error {
	last := facts.Last()
	if last == nil {
		r.result.Headline = fmt.Sprintf("Release %s is not there (any more).", r.Options.App.Release)
		return nil
	}
	r.result.Revision, r.result.Status, r.result.Chart = last.Revision, last.Payload, last.Chart
	if err := r.mayTakeDown(facts); err != nil {
		return err
	}
	if err := r.setAsideUnreadable(ctx, facts); err != nil {
		return err
	}
	if err := r.removeRelease(ctx, facts); err != nil || len(r.unreadable) > 0 {
		return err // what this run moved aside is all that tells of what may be left
	}
	return r.Releases.DiscardQuarantined(ctx)
}

// removeRelease uninstalls, proves that what any record named is gone, and only
// then removes the records (R7).
func (r *run) removeRelease(ctx context.Context, facts *verdict.Facts) error {
	if last := facts.Last(); last != nil && last.Payload != verdict.StatusUninstalled {
		if err := r.uninstall(ctx, facts); err != nil {
			return err
		}
	}
	if err := r.proveGone(ctx, facts); err != nil {
		return err
	}
	defer r.step("Remove the records")()
	if err := r.Releases.Purge(ctx); err != nil {
		return err
	}
	r.result.Status = verdict.StatusUninstalled
	return nil
}

// setAsideUnreadable moves the records that cannot be decoded out of the way, and
// out of the facts. What they named is not known: where the namespace goes too,
// that goes with it; elsewhere the run ends by saying so.
func (r *run) setAsideUnreadable(ctx context.Context, f *verdict.Facts) error {
	readable := f.Records[:0]
	for i := range f.Records {
		rec := f.Records[i]
		if !rec.Loaded {
			if err := r.Releases.Load(ctx, &rec); err != nil {
				return err
			}
		}
		if rec.DecodeError == "" {
			readable = append(readable, rec)
			continue
		}
		if err := r.setAside(ctx, &rec); err != nil {
			return err
		}
		r.unreadable = append(r.unreadable, rec.Key)
	}
	f.Records = readable
	return nil
}

// mayTakeDown refuses what is alive, unreadable, or not this branch's.
func (r *run) mayTakeDown(f *verdict.Facts) error {
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
func (r *run) refuseStrangers(f *verdict.Facts, to string) error {
	ours := slices.ContainsFunc(f.Records, func(rec verdict.Record) bool { return rec.Identity == r.Options.App.Identity })
	if f.Last() == nil || ours || r.namespace.Ours || r.Options.Adopt {
		return nil
	}
	return &verdict.Problem{Ending: verdict.EndForeign,
		Headline: fmt.Sprintf("Release `%s` in `%s` was left alone: nothing shows that Berth deployed it.", r.Options.App.Release, r.namespace.Name),
		Next:     "If it is this branch's review app, run again with adopt to " + to + " it; nothing was touched."}
}

func (r *run) uninstall(ctx context.Context, f *verdict.Facts) error {
	defer r.step("Uninstall the release, hooks included")()
	r.wrote = true
	out := r.Releases.Uninstall(ctx)
	r.result.Kept = append(r.result.Kept, out.Kept...)
	if len(out.Missing) > 0 {
		r.note(verdict.LevelWarning, "Kinds that are gone", "The API server does not know these kinds any more, so nothing of them can be left: %s.", strings.Join(out.Missing, ", "))
	}
	r.attempt = verdict.Attempt{Run: r.Options.Run, Revision: out.Revision, Outcome: "uninstalled"}
	if out.Err == nil {
		return nil
	}
	r.attempt.Outcome = "failed"
	r.result.Status = verdict.StatusUninstalling
	var p *verdict.Problem
	if errors.As(out.Err, &p) {
		return out.Err
	}
	return &verdict.Problem{Ending: verdict.EndInconsistent, Tried: "uninstall release " + r.Options.App.Release,
		Cause: errors.Join(out.Err, r.stillThere(ctx, f)),
		Next:  "Its record is kept, so the next teardown goes on from here. Mend what is named and run it again."}
}

// stillThere names the objects that an uninstall which failed has left, and what
// holds them. It has a little time of its own: the run's may be over.
func (r *run) stillThere(ctx context.Context, f *verdict.Facts) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	objects, err := r.objectsOf(ctx, f.Last())
	if err != nil {
		return nil // the failure itself is told
	}
	var left []string
	for _, o := range objects {
		if o.Exists && o.Owned && !o.Kept {
			r.result.Objects = append(r.result.Objects, o)
			left = append(left, strings.TrimSuffix(fmt.Sprintf("%s is still there: %s", o.Ref, o.Reason), ": "))
		}
	}
	if len(left) == 0 {
		return nil
	}
	return errors.New(strings.Join(left[:min(len(left), 5)], "; "))
}

// proveGone looks whether the objects that any of the records named really went.
// An upgrade that failed half way leaves objects that only an older revision
// knows; once the records are gone, nothing would.
func (r *run) proveGone(ctx context.Context, f *verdict.Facts) error {
	defer r.step("Prove that its objects are gone")()
	seen, left := map[verdict.Ref]bool{}, []string(nil)
	r.result.Objects, r.result.Status = nil, verdict.StatusUninstalled
	for i := range slices.Backward(f.Records) {
		objects, err := r.objectsOf(ctx, &f.Records[i])
		if err != nil {
			return err
		}
		for _, o := range objects {
			// What an older revision left in a namespace of ours goes with it.
			goes := r.result.Verb == "teardown" && r.namespace.Ours && o.Namespace == r.namespace.Name && i < len(f.Records)-1
			if o.Exists && o.Owned && !o.Kept && !seen[o.Ref] && !goes {
				r.result.Objects = append(r.result.Objects, o)
				left = append(left, fmt.Sprintf("%s, of revision %d, is still there", o.Ref, f.Records[i].Revision))
			}
			seen[o.Ref] = true
		}
	}
	n := len(r.result.Objects)
	if n == 0 {
		return nil
	}
	return &verdict.Problem{Ending: verdict.EndInconsistent, Cause: errors.New(strings.Join(left[:min(n, 5)], "; ")),
		Headline: fmt.Sprintf("Release `%s` is not gone: %d of its objects are still there.", r.Options.App.Release, n),
		Next:     "See their finalizers, or delete what an older revision left. The records are kept, so the next teardown goes on from here."}
}

// objectsOf are the objects that a record names, as the cluster shows them.
func (r *run) objectsOf(ctx context.Context, rec *verdict.Record) ([]verdict.Object, error) {
	if !rec.Loaded {
		if err := r.Releases.Load(ctx, rec); err != nil {
			return nil, err
		}
	}
	return r.Cluster.Observe(ctx, rec.Manifest)
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
		r.note(verdict.LevelNotice, "Namespace kept", "Namespace %s stays: %s", r.namespace.Name, r.namespace.KeepWhy)
	default:
		return r.deleteNamespace(ctx)
	}
	if r.held == nil {
		return nil
	}
	if err := r.held.Remove(ctx); err != nil {
		r.note(verdict.LevelNotice, "Lock not removed", "The lock's Lease stays in namespace %s: %v", r.namespace.Name, err)
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
		return &verdict.Problem{Ending: verdict.EndUnreadable,
			Headline: fmt.Sprintf("The release is gone, but what %s described is not known and may still be there.", strings.Join(r.unreadable, ", ")),
			Next:     "Look through the namespace for what is left of it. The records were moved to where the warnings say."}
	}
	if len(r.result.Kept) == 0 {
		return nil
	}
	return &verdict.Problem{Ending: verdict.EndForeign,
		Headline: fmt.Sprintf("Not everything was taken down: %d kept, since they are or may be somebody else's.", len(r.result.Kept)),
		Next:     "See what was kept and why, and remove it by hand if it is nobody's."}
}
