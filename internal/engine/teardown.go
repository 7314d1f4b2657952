package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

func init() { verbs[verb.Teardown] = func(s *session) verbRun { return &teardown{session: s} } }

// teardown removes the release, and then the namespace if Berth made it for this branch
// alone. Whatever is doubtful is kept and named.
type teardown struct {
	*session
	left   verdict.TeardownResult
	absent bool             // there was no record of the release
	named  []facts.Ref      // what the records name, where there may be copies of it
	kept   []facts.Object   // of the release, as its policy says
	along  []verdict.Remain // what hooks and StatefulSets made, and goes with the namespace
	// volumes are the release's that go once the namespace does, with the claims in it.
	volumes []facts.Object
}

func (t *teardown) run(ctx context.Context) (err error) {
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
	if err := t.askAhead(ctx); err != nil {
		return err
	}
	looking, stop := t.budget.limit(ctx)
	defer stop()
	ahead, late := t.lookAhead(looking, t.ns.now), t.lateness()
	ctx, release, err := t.lock.acquire(ctx, LockExpected{}, late.waited)
	if err != nil {
		return err
	}
	defer func() { release(err) }()
	f, err := t.awaitIdle(ctx, scope{records: true}, true)
	if err == nil {
		if other := verdict.OtherPull(f); other != 0 {
			f.OtherEnded = t.backend.Runs.Ended(ctx, other)
		}
	}
	if err == nil && t.backend.Agree != nil {
		if err := t.backend.Agree(ctx, f); err != nil {
			return err
		}
	}
	if err != nil || !verdict.InUse(f) { // nobody is told that an app leaves which stays
		t.begun()
	}
	if err != nil {
		return err
	}
	ctx, cancel := t.budget.begin(ctx)
	defer cancel()
	seen := <-ahead
	if seen.err == nil && late.is() {
		seen = t.lookAgain(ctx)
	}
	if seen.err != nil {
		return seen.err
	}
	if err := t.foresee(ctx, f, &seen); err != nil {
		return err
	}
	if err := t.removeRelease(ctx, f, seen); err != nil {
		return err
	}
	if err := t.removeNamespace(ctx); err != nil {
		return err
	}
	if !t.left.NamespaceGone {
		t.steps.remove.remains.tell(f, verdict.Stay(t.along))
	}
	if err := t.awaitVolumes(ctx, f); err != nil {
		return err
	}
	t.tellUnread()
	if p := t.left.Problem(); p != nil {
		return p
	}
	return nil
}

func (t *teardown) readNamespace(ctx context.Context) error {
	defer t.report.step("Look at the namespace")()
	if err := t.ns.read(ctx); err != nil {
		return err
	}
	t.companions.conceal(ctx)
	return nil
}

// needs returns all permissions at once, before the first object goes: a teardown
// that finds out half way that it may not delete records leaves a record of
// nothing.
func (t *teardown) needs() []problem.Permission {
	needs := t.permissions.ofVerb(t.ns.now.Phase)
	if t.options.Remains.Claims && !t.ownsNamespace() {
		for _, action := range []string{"list", "delete"} {
			needs = append(needs, problem.Permission{Verb: action, Resource: "persistentvolumeclaims", Namespace: t.ns.name,
				Why: "delete the claims of the release's StatefulSets, as delete-claims says"})
		}
	}
	if t.options.Copies && !t.ownsNamespace() {
		needs = append(needs, t.backend.Access.CompanionNeeds(verb.Teardown, true, false)...)
	}
	if t.ownsNamespace() {
		needs = append(needs, problem.Permission{Verb: "delete", Resource: "namespaces", Name: t.ns.name,
			Why: "remove the namespace that Berth made"})
	}
	return needs
}

// ownsNamespace returns whether the namespace is this branch's alone.
func (t *teardown) ownsNamespace() bool {
	return verdict.TenancyOf(t.ns.now, t.options.App.Identity) == verdict.TenancyOwn
}

// removeRelease carries out the plan for the release.
func (t *teardown) removeRelease(ctx context.Context, f *facts.Facts, seen foreseen) error {
	res := &t.report.result
	last := f.Last()
	if last == nil {
		if err := t.refuseElsewhere(ctx); err != nil {
			return err
		}
		t.absent = true
		if seen.goes {
			t.tellVolumes(seen)
		}
		return nil
	}
	t.report.stored(last)
	res.Chart = last.Chart
	plan := verdict.PlanTeardown(f, verdict.Diagnose(f, t.options.Policy), t.options.Policy, seen.goes)
	if plan.Refusal != nil {
		return plan.Refusal
	}
	t.tellVolumes(seen)
	t.backend.Objects.Foresee(facts.Foresight{NamespaceGoes: seen.goes, Spared: seen.spared})
	done, err := t.steps.perform(ctx, plan.Steps, f)
	t.left.Unreadable, t.kept, t.along, t.volumes = done.unreadable, done.kept, done.along, done.volumes
	if err != nil || len(done.stopped) == 0 {
		return err
	}
	for _, o := range done.stopped {
		res.Kept = append(res.Kept, fmt.Sprintf("%s was kept: %s", o.In(t.ns.name), verdict.WhyKept(o)))
	}
	return verdict.StopAtKept(t.options.App.Release, t.ns.name, done.stopped)
}

// removeNamespace deletes the namespace, or says why it stays. One that is written to
// after it was looked at, such as by a deploy, is looked at again.
func (t *teardown) removeNamespace(ctx context.Context) error {
	var err error
	for range maxLooks {
		if err = t.endNamespace(ctx); !errors.Is(err, facts.ErrChanged) {
			return err
		}
		t.report.say(fmt.Sprintf("Namespace %s was written to since it was looked at: look again", t.ns.name))
	}
	return &problem.Problem{Reason: problem.Unanswered, Tried: "delete namespace " + t.ns.name,
		Cause: fmt.Errorf("it changed between looking at it and deleting it %d times: %w", maxLooks, err),
		Next:  "Find what keeps changing it, then run teardown again."}
}

// endNamespace reads the namespace, looks at what is in it, and deletes it as it was read
// or says why it stays.
func (t *teardown) endNamespace(ctx context.Context) error {
	uid := t.ns.now.UID
	if t.ownsNamespace() {
		if err := t.ns.read(ctx); err != nil {
			return err
		}
		switch now := t.ns.now; {
		case now.Phase == facts.NamespaceHidden:
			return &problem.Problem{Reason: problem.PermissionMissing, Tried: "read namespace " + t.ns.name + " before deleting it",
				Cause: errors.New("it may not be read any more"), Next: "Grant get on namespaces cluster-wide, then run teardown again."}
		case now.UID != uid, now.Phase != facts.NamespaceActive:
			return t.namespaceWent(ctx, uid)
		}
	}
	around, err := t.look(ctx, t.ns.now, true)
	if err != nil {
		return err
	}
	res := &t.report.result
	switch plan := t.decide(t.ns.now, &around, res.Kept); plan.Action {
	case verdict.NamespaceDelete:
		return t.deleteNamespace(ctx, around.Unlisted)
	case verdict.NamespaceStays:
		t.report.say(fmt.Sprintf("Namespace %s stays: %s", t.ns.name, plan.Why))
	case verdict.NamespaceKept:
		for _, why := range bounded(plan.Obstacles) {
			res.Kept = append(res.Kept, fmt.Sprintf("namespace %s was kept for %s", t.ns.name, why))
		}
		// Elsewhere, what was left to its owner is only told.
		t.left.Kept = res.Kept
	}
	if err := t.leaveCompanions(ctx); err != nil {
		return err
	}
	t.report.kept(t.kept)
	t.lock.remove(ctx)
	return nil
}

// namespaceWent ends a teardown whose namespace was deleted by somebody else meanwhile.
func (t *teardown) namespaceWent(ctx context.Context, uid string) error {
	t.lock.expectRemoval()
	if t.ns.now.UID == uid && t.ns.now.Phase == facts.NamespaceTerminating {
		if err := t.ns.awaitDeleted(ctx); err != nil {
			return err
		}
	}
	t.left.NamespaceGone = true
	return nil
}

func (t *teardown) deleteNamespace(ctx context.Context, unlisted []string) error {
	defer t.report.step("Delete the namespace and wait until it is gone")()
	t.lock.expectRemoval()
	err := t.ns.delete(ctx)
	t.left.NamespaceGone = err == nil
	if errors.Is(err, facts.ErrChanged) {
		return err
	}
	if len(unlisted) > 0 {
		t.report.note(result.LevelNotice, result.NotLookedAt,
			"%s in namespace %s cannot be listed, so whether somebody had put one there is not known. Grant list on them to have them kept.",
			strings.Join(bounded(unlisted), ", "), t.ns.name)
	}
	if here := verdict.KeptIn(t.ns.name, t.kept); len(here) > 0 {
		t.report.note(result.LevelNotice, "Deleted although it was to be kept",
			"%s went with namespace %s, as delete-kept or delete-foreign says.", objectNames(here), t.ns.name)
	}
	t.report.kept(slices.DeleteFunc(slices.Clone(t.kept), func(o facts.Object) bool { return o.Namespace == t.ns.name }))
	return err
}

// maxListed bounds how many things are listed where each may be somebody's.
const maxListed = 100

// bounded returns the first lines, and how many more there are.
func bounded(lines []string) []string {
	if more := len(lines) - maxListed; more > 0 {
		return append(slices.Clone(lines[:maxListed]), fmt.Sprintf("and %d more", more))
	}
	return lines
}

func (t *teardown) success() string {
	res := &t.report.result
	switch but := butRemains(res); {
	case t.absent && t.left.NamespaceGone:
		return fmt.Sprintf("`%s` is not there (any more), and its namespace `%s` is gone.", res.Release, res.Namespace)
	case t.absent:
		return fmt.Sprintf("Nothing to take down: release `%s` is not there (any more).", res.Release)
	case t.left.NamespaceGone && len(t.left.Unreadable) > 0:
		return fmt.Sprintf("Namespace `%s` is gone, with what `%s` had in it; what that had elsewhere is not known%s.", res.Namespace,
			res.Release, but)
	case t.left.NamespaceGone:
		return fmt.Sprintf("`%s` is gone, and so is its namespace `%s`%s.", res.Release, res.Namespace, but)
	case but != "":
		return fmt.Sprintf("`%s` in `%s` is gone%s; the namespace stays.", res.Release, res.Namespace, but)
	}
	return ""
}
