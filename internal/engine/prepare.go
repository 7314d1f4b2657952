package engine

import (
	"context"
	"fmt"

	"github.com/berth-dev/berth/internal/verdict"
)

// prepare comes before the first write: the chart is fetched while the
// namespace is read and the cluster-scoped permissions are asked for.
func (r *run) prepare(ctx context.Context) error {
	done := r.step("Fetch the chart, look at the namespace, ask for permissions")
	defer done()
	fetched := make(chan error, 1)
	go func() { fetched <- r.Releases.Fetch(ctx) }()
	err := r.lookAtNamespace(ctx)
	if err == nil {
		err = r.askFirst(ctx)
	}
	if ferr := <-fetched; ferr != nil {
		return ferr // the chart comes first: it is the user's own to mend
	}
	if err != nil {
		return err
	}
	if r.namespace.Phase != verdict.NamespaceAbsent {
		return r.adopt(ctx)
	}
	r.rendered = true
	if err := r.Releases.Render(ctx, 1, false); err != nil {
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
	return r.refuseForeign("use")
}

// refuseForeign refuses a namespace that belongs to another branch, which may
// have made it at the same moment.
func (r *run) refuseForeign(to string) error {
	ns := r.namespace
	if ns.Identity == "" || ns.Identity == r.Options.App.Identity {
		return nil
	}
	return &verdict.Problem{Ending: verdict.EndForeign,
		Tried: fmt.Sprintf("%s namespace %s: it belongs to branch %q", to, ns.Name, ns.Branch),
		Next:  "give this branch another slug or namespace"}
}

// adopt takes over a namespace that carries nobody's labels, when told to.
func (r *run) adopt(ctx context.Context) error {
	if !r.Options.Adopt || r.namespace.Ours || r.namespace.Phase != verdict.NamespaceActive {
		return nil
	}
	adopted, err := r.Cluster.AdoptNamespace(ctx, r.namespace)
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
	if !r.Options.CreateNamespace {
		return &verdict.Problem{Ending: verdict.EndWrongInput,
			Tried: fmt.Sprintf("use namespace %s: it does not exist, and create-namespace is false", r.Options.App.Namespace),
			Next:  "create the namespace, or set create-namespace to true"}
	}
	var err error
	if r.namespace, err = r.Cluster.CreateNamespace(ctx); err != nil {
		return err
	}
	if err := r.refuseForeign("make"); err != nil {
		return err
	}
	return r.ask(ctx, r.Access.StorageNeeds(r.result.Verb), fmt.Sprintf("Namespace %s was made before this was found.", r.namespace.Name))
}

// ask reviews needs; every required one that is missing is named at once.
func (r *run) ask(ctx context.Context, needs []verdict.Permission, made string) error {
	r.needs = append(r.needs, needs...)
	if !r.Options.Preflight || len(needs) == 0 {
		return nil
	}
	wait := r.Options.RBACWait
	gaps, err := r.Access.ReviewUntil(ctx, needs, wait, func(gaps []verdict.Gap) {
		r.Say(fmt.Sprintf("Waiting up to %s for %d missing permission(s)", wait, len(gaps)))
	})
	if err != nil {
		return err
	}
	return r.judge(gaps, made)
}

// judge turns gaps into a refusal, or into notices where the run can go on.
func (r *run) judge(gaps []verdict.Gap, made string) error {
	var missing []verdict.Gap
	for _, g := range gaps {
		if g.Optional {
			r.note(verdict.LevelNotice, "Permission missing, going on without", "%s: %s", g.Permission, g.Why)
			continue
		}
		missing = append(missing, g)
	}
	if len(missing) == 0 {
		return nil
	}
	return &verdict.Problem{Ending: verdict.EndPermission, Tried: listGaps(missing), Gaps: missing,
		Next: joinSentences(made, "Apply the RBAC below, then run again.")}
}
