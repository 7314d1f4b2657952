package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verdict"
)

// namespace is the release's namespace.
type namespace struct {
	api       Namespaces
	report    *reporter
	budget    budget
	departure *departure
	policy    verdict.Policy
	name      string
	release   string
	identity  string // of the branch that this run is for
	origin    facts.Origin

	// named are the objects that the release's records name, as far as these were read, where there
	// may be copies of what it has.
	named []facts.Ref

	now      facts.Namespace // as it was last read or written
	stamped  bool            // this run has noted on it that it deploys there
	stamping chan stamped    // that is under way; nil: it is not
}

// stamped is the namespace once this run has noted on it that it deploys there.
type stamped struct {
	facts.Namespace
	err error
}

// read reads the namespace and refuses one that belongs to another branch. It is
// a run's first request, and bounded although no lock is held yet: a server that
// hangs up is asked again and again.
func (n *namespace) read(ctx context.Context) error {
	ctx, cancel := n.budget.limit(ctx)
	defer cancel()
	var err error
	if n.now, err = n.api.Namespace(ctx); err != nil {
		return err
	}
	return n.refuseOther()
}

// refuseOther refuses a namespace that belongs to another branch, which may have
// created it at the same moment.
func (n *namespace) refuseOther() error {
	if p := verdict.RefuseNamespace(n.now, n.identity, n.origin); p != nil {
		return p
	}
	return nil
}

// mustBeActive refuses a namespace that is absent or being deleted; release is
// the release that is looked for.
func (n *namespace) mustBeActive(ctx context.Context, release string) error {
	switch n.now.Phase {
	case facts.NamespaceAbsent:
		return verdict.NotFound(release, n.name)
	case facts.NamespaceTerminating:
		return n.terminating(ctx)
	case facts.NamespaceActive, facts.NamespaceHidden:
	}
	return nil
}

// mustBeUsable refuses a namespace that a deploy cannot use whatever it is
// permitted: one that is being deleted, and an absent one that it may not create.
func (n *namespace) mustBeUsable(ctx context.Context, mayCreate bool) error {
	switch {
	case n.now.Phase == facts.NamespaceTerminating:
		return n.terminating(ctx)
	case n.now.Phase == facts.NamespaceAbsent && n.now.System():
		return &problem.Problem{Reason: problem.WrongInput,
			Headline: fmt.Sprintf("Namespace `%s` does not exist, and names such as this are Kubernetes' own: Berth makes none.", n.name),
			Next:     "Give another namespace."}
	case n.now.Phase == facts.NamespaceAbsent && !mayCreate:
		return &problem.Problem{Reason: problem.WrongInput,
			Headline: fmt.Sprintf("Namespace `%s` does not exist, and create-namespace is false.", n.name),
			Next:     "Create the namespace, or set create-namespace to true."}
	}
	return nil
}

// terminating refuses a namespace that is being deleted, and names what keeps it from going.
func (n *namespace) terminating(ctx context.Context) error {
	f := &facts.Facts{Namespace: n.now, Identity: n.identity, Origin: n.origin}
	return n.departure.explain(ctx, verdict.Refuse(f, verdict.Diagnose(f, verdict.Policy{})), n.leaving())
}

// leaving is the wait for a namespace that is being deleted.
func (n *namespace) leaving() leaving {
	ns := n.now
	return leaving{what: "namespace " + n.name + " is gone",
		look: func(ctx context.Context) (facts.Going, error) { return n.api.Going(ctx, ns) },
		mayStrip: func(b facts.Blocker) bool {
			return verdict.StripsInNamespace(ns, b, n.named, n.release, n.identity, n.policy)
		}}
}

// awaitGone waits until a namespace that is being deleted is gone, so that it can
// be created anew, and reads it again. It returns whether it waited.
func (n *namespace) awaitGone(ctx context.Context, wait time.Duration) (waited bool, err error) {
	if n.now.Phase != facts.NamespaceTerminating || wait <= 0 {
		return false, nil
	}
	n.report.say(fmt.Sprintf("Waiting up to %s until namespace %s, which is being deleted, is gone", wait, n.name))
	waiting, cancel := within(ctx, "lock-timeout", wait)
	defer cancel()
	err = n.departure.await(waiting, n.leaving(), n.untilGone)
	if err != nil && (ctx.Err() != nil || waiting.Err() == nil) {
		return true, err
	}
	return true, n.read(ctx)
}

func (n *namespace) untilGone(ctx context.Context) error { return n.api.WaitNamespaceGone(ctx, n.now) }

// awaitDeleted waits until the namespace, which is being deleted, is gone.
func (n *namespace) awaitDeleted(ctx context.Context) error {
	return n.departure.explain(ctx, n.departure.await(ctx, n.leaving(), n.untilGone), n.leaving())
}

// delete deletes the namespace as it was last read and waits until it is gone. The error
// wraps facts.ErrChanged where it was written to since.
func (n *namespace) delete(ctx context.Context) error {
	err := n.departure.await(ctx, n.leaving(), func(ctx context.Context) error { return n.api.DeleteNamespace(ctx, n.now) })
	if errors.Is(err, facts.ErrChanged) {
		return err
	}
	return n.departure.explain(ctx, err, n.leaving())
}

// create creates the namespace and returns whether this run did.
func (n *namespace) create(ctx context.Context) (made bool, err error) {
	if n.now, made, err = n.api.CreateNamespace(ctx); err != nil {
		return made, err
	}
	n.stamped = made
	return made, nil
}

// adopt takes over a namespace that carries no label of Berth's. Where that fails, as
// without the permission, the run goes on, and teardown will leave the namespace. So it
// will one that somebody marked to be kept, which is not marked a second time.
func (n *namespace) adopt(ctx context.Context) {
	if n.now.Ours || n.now.Phase != facts.NamespaceActive || n.now.System() {
		return
	}
	if n.now.Keep {
		n.report.note(result.LevelNotice, "Namespace not adopted", "Teardown will leave namespace %s: %s", n.name, n.now.KeepWhy)
		return
	}
	adopted, err := n.api.AdoptNamespace(ctx, n.now)
	if err != nil {
		n.report.note(result.LevelWarning, "Namespace not adopted", "Teardown will leave namespace %s: %v", n.name, err)
		return
	}
	n.now, n.stamped = adopted, true
	n.report.note(result.LevelNotice, "Namespace adopted",
		"Namespace %s counts as Berth's own from now on: teardown deletes it, with all that is in it.", adopted.Name)
}

// isToBeStamped returns whether a deploy has to be noted on the namespace. Nobody deletes
// one that Berth did not make.
func (n *namespace) isToBeStamped() bool {
	return !n.stamped && n.now.Labelled && n.now.Phase == facts.NamespaceActive && !n.now.System()
}

// beginStamp begins to stamp the namespace beside what else comes before the first write,
// where the stamp says nothing new of whose it is.
func (n *namespace) beginStamp(ctx context.Context) {
	if !n.isToBeStamped() || verdict.SharesNamespace(n.now, n.identity) {
		return
	}
	ns, stamping := n.now, make(chan stamped, 1)
	n.stamping = stamping
	go func() {
		after, err := n.api.StampNamespace(ctx, ns, false)
		stamping <- stamped{after, err}
	}()
}

// stamp notes on a namespace of Berth's, before this run's first write to the release,
// that it deploys there: what a teardown has decided by then does not hold any more. A
// second branch that may not note it must not go on, since the first one's teardown would
// take for its own what is left of it.
func (n *namespace) stamp(ctx context.Context) error {
	if !n.isToBeStamped() {
		return nil
	}
	share := verdict.SharesNamespace(n.now, n.identity)
	var after facts.Namespace
	var err error
	if n.stamping != nil {
		done := <-n.stamping
		after, err, n.stamping = done.Namespace, done.err, nil
	} else {
		after, err = n.api.StampNamespace(ctx, n.now, share)
	}
	switch {
	case errors.Is(err, facts.ErrChanged):
		return &problem.Problem{Reason: problem.NamespaceTerminating, Tried: "deploy into namespace " + n.name,
			Cause: errors.New("it was deleted since it was read"), Next: "Run again: it is made anew then. Nothing was deployed."}
	case err != nil && problem.Of(err).Reason == problem.PermissionMissing && !share &&
		verdict.TenancyOf(n.now, n.identity) != verdict.TenancyOther:
		n.report.note(result.LevelNotice, "Namespace not marked",
			"That this run deploys to namespace %s could not be noted on it, so a teardown at the same moment may not see it: %v", n.name, err)
		n.stamped = true
		return nil
	case err != nil:
		return err
	}
	n.now, n.stamped = after, true
	if n.now.Phase == facts.NamespaceTerminating {
		return n.terminating(ctx)
	}
	if share {
		n.report.note(result.LevelNotice, "Namespace shared",
			"More than one branch has deployed to namespace %s, or it cannot be told. No teardown deletes it from now on.", n.name)
	}
	return n.refuseOther()
}

// confirm notes once more that this run deploys to a namespace of Berth's, now that the first record
// of its release is there. The teardown of another app of the branch may have read the namespace after
// the first note, and looked at what is in it before there was a record: its deletion would take the
// release along, which counts as deployed by then. Now it does not hold any more.
func (n *namespace) confirm(ctx context.Context) error {
	if !n.now.Labelled || n.now.Phase != facts.NamespaceActive || n.now.System() {
		return nil
	}
	ctx, cancel := n.budget.limit(ctx)
	defer cancel()
	after, err := n.api.ConfirmNamespace(ctx, n.now)
	if err != nil && !errors.Is(err, facts.ErrChanged) {
		n.report.note(result.LevelNotice, "Namespace not marked",
			"That this run has deployed to namespace %s could not be noted on it, so a teardown at the same moment may not see it: %v", n.name, err)
		was := n.now.UID
		if err := n.read(ctx); err != nil {
			return err
		}
		if after, err = n.now, nil; after.UID != was {
			after.Phase = facts.NamespaceTerminating
		}
	}
	if err != nil || after.Phase == facts.NamespaceTerminating || after.Phase == facts.NamespaceAbsent {
		return &problem.Problem{Reason: problem.NamespaceTerminating,
			Headline: fmt.Sprintf("Namespace `%s` was deleted while this run deployed there, and takes along what it has made.", n.name),
			Next:     "Run again: it is made anew then."}
	}
	n.now = after
	return nil
}
