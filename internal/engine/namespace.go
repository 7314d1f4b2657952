package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verdict"
)

// namespace is the release's namespace.
type namespace struct {
	api      Namespaces
	report   *reporter
	budget   budget
	name     string
	identity string // of the branch that this run is for

	now facts.Namespace // as it was last read or written
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
	if p := verdict.RefuseNamespace(n.now, n.identity); p != nil {
		return p
	}
	return nil
}

// mustBeActive refuses a namespace that is absent or being deleted; release is
// the release that is looked for.
func (n *namespace) mustBeActive(release string) error {
	switch n.now.Phase {
	case facts.NamespaceAbsent:
		return verdict.NotFound(release, n.name)
	case facts.NamespaceTerminating:
		return n.terminating()
	case facts.NamespaceActive, facts.NamespaceHidden:
	}
	return nil
}

// mustBeUsable refuses a namespace that a deploy cannot use whatever it is
// permitted: one that is being deleted, and an absent one that it may not create.
func (n *namespace) mustBeUsable(mayCreate bool) error {
	switch {
	case n.now.Phase == facts.NamespaceTerminating:
		return n.terminating()
	case n.now.Phase == facts.NamespaceAbsent && !mayCreate:
		return &problem.Problem{Reason: problem.WrongInput,
			Headline: fmt.Sprintf("Namespace `%s` does not exist, and create-namespace is false.", n.name),
			Next:     "Create the namespace, or set create-namespace to true."}
	}
	return nil
}

func (n *namespace) terminating() error {
	f := &facts.Facts{Namespace: n.now, Identity: n.identity}
	return verdict.Refuse(f, verdict.Diagnose(f, verdict.Policy{}))
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
	err = n.api.WaitNamespaceGone(waiting, n.now)
	if err != nil && (ctx.Err() != nil || waiting.Err() == nil) {
		return true, err
	}
	return true, n.read(ctx)
}

// awaitDeleted waits until the namespace, which is being deleted, is gone.
func (n *namespace) awaitDeleted(ctx context.Context) error {
	return n.api.WaitNamespaceGone(ctx, n.now)
}

// delete deletes the namespace and waits until it is gone.
func (n *namespace) delete(ctx context.Context) error { return n.api.DeleteNamespace(ctx, n.now) }

// create creates the namespace and returns whether this run did.
func (n *namespace) create(ctx context.Context) (made bool, err error) {
	if n.now, made, err = n.api.CreateNamespace(ctx); err != nil {
		return made, err
	}
	return made, nil
}

// adopt takes over a namespace that carries no label of Berth's. Without the
// permission to do so the run goes on, and teardown will leave the namespace.
func (n *namespace) adopt(ctx context.Context) error {
	if n.now.Ours || n.now.Phase != facts.NamespaceActive {
		return nil
	}
	adopted, err := n.api.AdoptNamespace(ctx, n.now)
	if err != nil && problem.Of(err).Reason == problem.PermissionMissing {
		n.report.note(result.LevelNotice, "Namespace not adopted", "The release is, but teardown will leave namespace %s: %v", n.name, err)
		return nil
	}
	if err != nil {
		return err
	}
	n.now = adopted
	n.report.note(result.LevelNotice, "Namespace adopted", "Namespace %s counts as Berth's own from now on: teardown deletes it.",
		adopted.Name)
	return nil
}
