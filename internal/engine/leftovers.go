package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verdict"
)

// leftoverRemover deletes objects of the release that Helm has forgotten.
type leftoverRemover struct {
	objects Objects
	gather  *gatherer
	report  *reporter
}

// cleanHooks deletes what earlier hooks left behind and the coming operation, which has
// these hooks, would fail on, and waits until it is gone.
func (l *leftoverRemover) cleanHooks(ctx context.Context, f *facts.Facts, coming []facts.Hook, next verdict.StepKind) error {
	blocked := verdict.BlockedBy(coming, next)
	if len(blocked) == 0 {
		return nil
	}
	seen, err := l.gather.objectsOfHooks(ctx, blocked)
	if err != nil && !isAboutObjects(err) { // else Helm says what it may not do
		return err
	}
	hooks := verdict.LeftoverHooks(f, seen)
	if len(hooks) == 0 {
		return nil
	}
	defer l.report.step("Remove leftover hooks")()
	kept, err := l.objects.Remove(ctx, hooks, true)
	if err != nil {
		return err
	}
	if len(kept) > 0 {
		return &problem.Problem{Reason: problem.RepairFailed, Tried: "remove leftover hooks",
			Cause: fmt.Errorf("kept: %s", strings.Join(kept, "; ")), Next: "Remove them by hand, then deploy again."}
	}
	l.report.repaired("clean-hooks",
		"%s stood in the way of the hooks of this deploy and went. Give the hooks the delete policy before-hook-creation to avoid it.",
		objectNames(hooks))
	return nil
}

// sweep deletes the objects of abandoned revisions that the applied manifest does
// not have. hooks are the chart's. The deploy is done by then, so what cannot be deleted is
// only told, and done is false: the next deploy tries again.
func (l *leftoverRemover) sweep(ctx context.Context, f *facts.Facts, applied verdict.Reported, hooks []facts.Hook) (done bool) {
	defer l.report.step("Look for what failed revisions left behind")()
	own, kept, err := l.leftovers(ctx, f, applied, hooks)
	l.report.left(kept)
	if err == nil && len(own) > 0 {
		if kept, err = l.objects.Remove(ctx, own, false); err == nil && len(kept) == 0 {
			l.report.repaired("sweep", "%s, which a revision that failed had left behind, %s being deleted.", objectNames(own),
				isOrAre(len(own)))
			return true
		}
		l.report.left(kept)
	}
	if err != nil {
		l.report.note(result.LevelWarning, "Leftovers not removed",
			"What failed revisions left behind may still be there, so that the next deploy looks again: %v", err)
	}
	return err == nil
}

// leftovers returns what abandoned revisions left behind, and what of it stays, and why: it
// is somebody else's by now, or the applied revision needs it.
func (l *leftoverRemover) leftovers(ctx context.Context, f *facts.Facts, applied verdict.Reported,
	hooks []facts.Hook) (own []facts.Object, kept []string, err error) {
	var abandoned, data []facts.Object
	var made []verdict.Older
	for _, rec := range verdict.RevisionsToSweep(f) {
		objects, err := l.gather.objectsOf(ctx, rec)
		if errors.Is(err, facts.ErrChanged) {
			continue // the operation has pruned it: later ones have what it had
		}
		if err != nil {
			return nil, nil, err
		}
		abandoned, data = append(abandoned, objects...), append(data, verdict.DataOf(rec, objects)...)
		at := slices.IndexFunc(f.Records, func(r facts.Record) bool { return r.Key == rec.Key })
		for _, o := range objects {
			made = append(made, verdict.OlderOf(f.Records, at, o))
		}
	}
	if len(verdict.Leftovers(abandoned, nil)) == 0 && len(verdict.LeftoversOfOthers(abandoned, nil)) == 0 {
		return nil, nil, nil
	}
	deployed, err := l.objects.Observe(ctx, applied.Manifest)
	if err != nil {
		return nil, nil, err
	}
	ofHooks, err := l.gather.objectsOfHooks(ctx, hooks)
	if err != nil && !isAboutObjects(err) { // what may not be read is needed all the same
		return nil, nil, err
	}
	for _, o := range verdict.LeftoversOfOthers(abandoned, deployed) {
		owner := o.Owner
		if owner == "" {
			owner = "nobody that it names"
		}
		kept = append(kept, fmt.Sprintf("%s was kept: it belongs to %s", o.Ref, owner))
	}
	all := verdict.Leftovers(abandoned, deployed)
	of, err := l.dataOf(ctx, f, all)
	if err != nil {
		return nil, nil, err
	}
	data = append(data, of...)
	own, strange := verdict.WithoutStrange(all, made)
	own, stored := verdict.WithoutData(own, data)
	own, ofChart := verdict.WithoutHooks(own, ofHooks)
	told := func(one string) bool { return slices.Contains(l.report.result.Kept, one) } // by the operation itself
	for _, h := range ofHooks {
		deployed = append(deployed, h.Object)
	}
	own, needed := verdict.WithoutNeeded(own, deployed, applied.Definitions)
	own, claimed := verdict.WithoutClaimed(own, l.claimed(ctx, applied, hooks))
	own, named := verdict.WithoutNamed(own, l.named(f, applied, hooks), f.Namespace.Name)
	own, bound := verdict.WithoutVolumes(own, all)
	own, held := verdict.WithoutHeld(own, abandoned)
	return own, slices.Concat(kept, slices.DeleteFunc(slices.Concat(strange, stored, ofChart, needed, claimed, named, bound, held), told)), nil
}

// dataOf returns in which of the leftovers data of revisions that were deployed may be, whichever of these are stored: an
// upgrade leaves a claim that its objects name, and what failed since may have it again.
func (l *leftoverRemover) dataOf(ctx context.Context, f *facts.Facts, leftovers []facts.Object) (data []facts.Object, err error) {
	if !slices.ContainsFunc(leftovers, verdict.HoldsData) {
		return nil, nil
	}
	for i := range f.Records {
		rec := &f.Records[i]
		objects, err := l.gather.objectsOf(ctx, rec)
		switch {
		case errors.Is(err, facts.ErrChanged): // the operation has pruned it; see readAhead
			continue
		case err != nil:
			return nil, err
		}
		data = append(data, verdict.DataOf(rec, objects)...)
	}
	return data, nil
}

// readAhead reads what the operation may prune before the sweep asks for it: which data are of a revision that was
// deployed.
func (l *leftoverRemover) readAhead(ctx context.Context, f *facts.Facts) error {
	for i := range f.Records {
		if err := l.gather.load(ctx, &f.Records[i]); err != nil {
			return err
		}
	}
	return nil
}

// named returns what abandoned revisions had and objects of the applied one, or of a hook of it,
// name.
func (l *leftoverRemover) named(f *facts.Facts, applied verdict.Reported, hooks []facts.Hook) (all []facts.Named) {
	now := manifestOf(applied.Manifest, hooks)
	for _, rec := range verdict.RevisionsToSweep(f) {
		all = append(all, l.objects.NamedLater([]string{rec.Manifest, now})[0]...)
	}
	return all
}

// manifestOf returns a manifest together with those of hooks.
func manifestOf(manifest string, hooks []facts.Hook) string {
	all := []string{manifest}
	for _, h := range hooks {
		all = append(all, h.Manifest)
	}
	return strings.Join(all, separator)
}

// claimed returns whether a claim has a name that a StatefulSet of the applied revision, or of a
// hook of it, gives to its own. Where that cannot be told, every claim may.
func (l *leftoverRemover) claimed(ctx context.Context, applied verdict.Reported, hooks []facts.Hook) func(facts.Ref) bool {
	var claims []facts.Claim
	look := sync.OnceValue(func() (err error) { // which costs requests, and most leftovers are no claims
		claims, err = l.objects.Claims(ctx, manifestOf(applied.Manifest, hooks), facts.ClaimsAnywhere)
		return err
	})
	return func(ref facts.Ref) bool {
		return look() != nil || slices.ContainsFunc(claims, func(c facts.Claim) bool { return c.Ref == ref })
	}
}
