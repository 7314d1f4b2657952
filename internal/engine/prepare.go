package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/berth-dev/berth/internal/verdict"
)

// prepare comes before the first write: the chart is fetched while the
// namespace is read and permissions are asked for.
func (r *run) prepare(ctx context.Context) error {
	began, parts := r.Clock(), []verdict.Event(nil)
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
	if r.namespace.Phase != verdict.NamespaceAbsent {
		return r.adopt(ctx)
	}
	r.rendered = true
	from := r.Clock()
	err = r.Releases.Render(ctx, 1, false)
	parts = append(parts, verdict.Event{At: from.Sub(began), Took: r.Clock().Sub(from), What: "Render the chart"})
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
	return &verdict.Problem{Ending: verdict.EndForeign,
		Headline: fmt.Sprintf("Namespace `%s` belongs to another branch: %q of %q.", ns.Name, ns.Branch, ns.Repository),
		Next:     "Give this branch another app, slug or namespace."}
}

// refuseAsItIs refuses what no permission would change: a namespace that is
// going, and one that is not there and may not be made.
func (r *run) refuseAsItIs() error {
	if r.namespace.Phase == verdict.NamespaceTerminating {
		return r.terminating()
	}
	if r.namespace.Phase == verdict.NamespaceAbsent && !r.Options.CreateNamespace {
		return &verdict.Problem{Ending: verdict.EndWrongInput,
			Headline: fmt.Sprintf("Namespace `%s` does not exist, and create-namespace is false.", r.Options.App.Namespace),
			Next:     "Create the namespace, or set create-namespace to true."}
	}
	return nil
}

func (r *run) terminating() error {
	f := &verdict.Facts{Namespace: r.namespace, Identity: r.Options.App.Identity}
	return verdict.PlanDeploy(f, verdict.Diagnose(f, r.Options.Policy), r.Options.Policy).Refusal
}

// awaitGone waits within the lock-timeout until a namespace that is being
// deleted is gone: it can then be made anew.
func (r *run) awaitGone(ctx context.Context) (waited bool, err error) {
	if r.namespace.Phase != verdict.NamespaceTerminating || r.Options.LockTimeout <= 0 {
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
	if !r.Options.Adopt || r.namespace.Ours || r.namespace.Phase != verdict.NamespaceActive {
		return nil
	}
	adopted, err := r.Cluster.AdoptNamespace(ctx, r.namespace)
	if err != nil && verdict.ProblemOf(err).Ending == verdict.EndPermission {
		r.note(verdict.LevelNotice, "Namespace not adopted", "The release is, but teardown will leave namespace %s: %v", r.namespace.Name, err)
		return nil
	}
	if err != nil {
		return err
	}
	r.namespace = adopted
	r.note(verdict.LevelNotice, "Namespace adopted", "Namespace %s counts as Berth's own from now on: teardown deletes it.", adopted.Name)
	return nil
}

// askFirst asks all that can be asked before anything is made: whether the
// namespace can be, or, where it exists, everything at once.
func (r *run) askFirst(ctx context.Context) error {
	needs := r.Access.ClusterNeeds(r.result.Verb, r.namespace.Phase)
	if r.namespace.Phase != verdict.NamespaceAbsent {
		needs = append(needs, r.Access.StorageNeeds(r.result.Verb)...)
	}
	return r.ask(ctx, needs, "")
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

// askAhead begins to ask, beside the first look at the namespace, for all that
// is needed where that exists. What is granted is not asked for again; what is
// not, may be once the namespace was made. The answers are in when the function
// that it returns is through, unless nobody needs them any more.
func (r *run) askAhead(ctx context.Context) (answered func(needed bool)) {
	if !r.Options.Preflight {
		return func(bool) {}
	}
	limited, cancel := r.limit(ctx)
	needs := append(r.Access.ClusterNeeds(r.result.Verb, verdict.NamespaceActive), r.Access.StorageNeeds(r.result.Verb)...)
	var asking sync.WaitGroup
	asking.Go(func() {
		gaps, err := r.Access.ReviewUntil(limited, needs, 0, func([]verdict.Gap) {})
		if err != nil {
			return // who asks next hears of it
		}
		r.granted, r.denied = map[verdict.Permission]bool{}, gaps
		for _, n := range needs {
			r.granted[n] = !slices.ContainsFunc(gaps, func(g verdict.Gap) bool { return g.Permission == n })
		}
	})
	return func(needed bool) {
		if !needed {
			cancel()
		}
		asking.Wait()
		cancel()
	}
}

// ask reviews needs; every required one that is missing is named at once.
func (r *run) ask(ctx context.Context, needs []verdict.Permission, made string) error {
	needs = slices.DeleteFunc(needs, func(n verdict.Permission) bool { return r.granted[n] })
	if !r.Options.Preflight || len(needs) == 0 {
		return nil
	}
	if known := r.known(needs); len(known) > 0 && len(required(known)) == 0 {
		return r.judge(known, made) // nothing to wait for
	}
	wait := r.Options.RBACWait
	gaps, err := r.Access.ReviewUntil(ctx, needs, wait, func(gaps []verdict.Gap) {
		if !r.waiting {
			r.Say(fmt.Sprintf("Waiting up to %s to be allowed to %s", wait, listGaps(required(gaps))))
		}
		r.waiting = true
	})
	if err != nil {
		return err
	}
	return r.judge(gaps, made)
}

// known are the gaps of these needs, if all of them were denied before.
func (r *run) known(needs []verdict.Permission) (gaps []verdict.Gap) {
	for _, n := range needs {
		i := slices.IndexFunc(r.denied, func(g verdict.Gap) bool { return g.Permission == n })
		if i < 0 {
			return nil
		}
		gaps = append(gaps, r.denied[i])
	}
	return gaps
}

// judge turns gaps into a refusal, or into notices where the run can go on.
func (r *run) judge(gaps []verdict.Gap, made string) error {
	missing := required(gaps)
	if len(missing) == 0 {
		for _, g := range gaps {
			r.note(verdict.LevelNotice, "Permission missing, going on without", "%s: %s", g.Permission, g.Why)
		}
		return nil
	}
	if made == "" {
		made = "Nothing was made or changed."
	}
	why := make([]string, len(missing))
	for i, g := range missing {
		why[i] = g.Why
	}
	return &verdict.Problem{Ending: verdict.EndPermission, Tried: listGaps(missing), Gaps: missing,
		Cause: errors.New("a run needs that to " + strings.Join(why, "; to ")), Next: made + " Apply the RBAC below, then run again."}
}

// required keeps the gaps that a run cannot go on with.
func required(gaps []verdict.Gap) []verdict.Gap {
	return slices.DeleteFunc(slices.Clone(gaps), func(g verdict.Gap) bool { return g.Optional })
}
