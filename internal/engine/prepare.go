package engine

import (
	"context"
	"fmt"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verdict"
)

// prepare comes before the first write: the chart is fetched while the
// namespace is read and permissions are asked for.
func (r *run) prepare(ctx context.Context) error {
	began, parts := r.Clock(), []result.Event(nil)
	done := r.stepOf("Fetch the chart, look at the namespace, ask for permissions")
	defer func() { done(parts) }()
	fetched := make(chan error, 1)
	go func() { fetched <- r.Releases.Fetch(ctx) }()
	asked := r.askAhead(ctx)
	err := r.lookAtNamespace(ctx)
	asked(err == nil)
	waited := false
	if err == nil {
		waited, err = r.awaitGone(ctx)
	}
	if err == nil {
		err = r.refuseAsItIs()
	}
	if err == nil {
		err = r.askFirst(ctx)
	}
	if ferr := <-fetched; ferr != nil {
		return ferr // the chart comes first: it is the user's own to mend
	}
	if err != nil {
		return err
	}
	if waited {
		r.stale() // not before Fetch, which begins to ask, is through
	}
	if r.namespace.Phase != facts.NamespaceAbsent {
		return r.adopt(ctx)
	}
	r.rendered = true
	from := r.Clock()
	err = r.Releases.Render(ctx, 1, false)
	parts = append(parts, result.Event{At: from.Sub(began), Took: r.Clock().Sub(from), What: "Render the chart"})
	if err != nil {
		return err // nothing was made yet
	}
	return r.makeNamespace(ctx)
}

// lookAtNamespace reads the namespace and refuses one that is not for us. It
// is a run's first request, and so bounded although no lock is held yet: a
// server that hangs up is asked again and again.
func (r *run) lookAtNamespace(ctx context.Context) error {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	var err error
	if r.namespace, err = r.Cluster.Namespace(ctx); err != nil {
		return err
	}
	return r.refuseForeign()
}

// refuseForeign refuses a namespace that belongs to another branch, which may
// have made it at the same moment.
func (r *run) refuseForeign() error {
	ns := r.namespace
	if ns.Identity == "" || ns.Identity == r.Options.App.Identity {
		return nil
	}
	return &problem.Problem{Reason: problem.NotOurs,
		Headline: fmt.Sprintf("Namespace `%s` belongs to another branch: %q of %q.", ns.Name, ns.Branch, ns.Repository),
		Next:     "Give this branch another app, slug or namespace."}
}

// refuseAsItIs refuses what no permission would change: a namespace that is
// going, and one that is not there and may not be made.
func (r *run) refuseAsItIs() error {
	if r.namespace.Phase == facts.NamespaceTerminating {
		return r.terminating()
	}
	if r.namespace.Phase == facts.NamespaceAbsent && !r.Options.CreateNamespace {
		return &problem.Problem{Reason: problem.WrongInput,
			Headline: fmt.Sprintf("Namespace `%s` does not exist, and create-namespace is false.", r.Options.App.Namespace),
			Next:     "Create the namespace, or set create-namespace to true."}
	}
	return nil
}

func (r *run) terminating() error {
	f := &facts.Facts{Namespace: r.namespace, Identity: r.Options.App.Identity}
	return verdict.PlanDeploy(f, verdict.Diagnose(f, r.Options.Policy), r.Options.Policy).Refusal
}

// awaitGone waits within the lock-timeout until a namespace that is being
// deleted is gone: it can then be made anew.
func (r *run) awaitGone(ctx context.Context) (waited bool, err error) {
	if r.namespace.Phase != facts.NamespaceTerminating || r.Options.LockTimeout <= 0 {
		return false, nil
	}
	r.Say(fmt.Sprintf("Waiting up to %s until namespace %s, which is being deleted, is gone", r.Options.LockTimeout, r.namespace.Name))
	waiting, cancel := within(ctx, "lock-timeout", r.Options.LockTimeout)
	defer cancel()
	err = r.Cluster.WaitNamespaceGone(waiting, r.namespace)
	if err != nil && (ctx.Err() != nil || waiting.Err() == nil) {
		return true, err
	}
	r.granted, r.denied = nil, nil // a RoleBinding goes with its namespace
	return true, r.lookAtNamespace(ctx)
}

// adopt takes over a namespace that carries nobody's labels, when told to.
func (r *run) adopt(ctx context.Context) error {
	if !r.Options.Adopt || r.namespace.Ours || r.namespace.Phase != facts.NamespaceActive {
		return nil
	}
	adopted, err := r.Cluster.AdoptNamespace(ctx, r.namespace)
	if err != nil && problem.Of(err).Reason == problem.PermissionMissing {
		r.note(result.LevelNotice, "Namespace not adopted", "The release is, but teardown will leave namespace %s: %v", r.namespace.Name, err)
		return nil
	}
	if err != nil {
		return err
	}
	r.namespace = adopted
	r.note(result.LevelNotice, "Namespace adopted", "Namespace %s counts as Berth's own from now on: teardown deletes it.", adopted.Name)
	return nil
}

// makeNamespace makes the namespace and then asks what is needed in it: a
// controller that grants permissions in new namespaces may take a moment.
func (r *run) makeNamespace(ctx context.Context) error {
	var err error
	if r.namespace, r.fresh, err = r.Cluster.CreateNamespace(ctx); err != nil {
		return err
	}
	r.denied = nil // in it, a controller may grant what it granted nowhere before
	if err := r.refuseForeign(); err != nil {
		return err
	}
	return r.ask(ctx, r.Access.StorageNeeds(r.result.Verb), fmt.Sprintf("Namespace %s was made before this was found.", r.namespace.Name))
}
