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
)

// askFirst asks all that can be asked before anything is made: whether the
// namespace can be, or, where it exists, everything at once.
func (r *run) askFirst(ctx context.Context) error {
	needs := r.Access.ClusterNeeds(r.result.Verb, r.namespace.Phase)
	if r.namespace.Phase != facts.NamespaceAbsent {
		needs = append(needs, r.Access.StorageNeeds(r.result.Verb)...)
	}
	return r.ask(ctx, needs, "")
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
	needs := append(r.Access.ClusterNeeds(r.result.Verb, facts.NamespaceActive), r.Access.StorageNeeds(r.result.Verb)...)
	var asking sync.WaitGroup
	asking.Go(func() {
		gaps, err := r.Access.ReviewUntil(limited, needs, 0, func([]problem.MissingPermission) {})
		if err != nil {
			return // who asks next hears of it
		}
		r.granted, r.denied = map[problem.Permission]bool{}, gaps
		for _, n := range needs {
			r.granted[n] = !slices.ContainsFunc(gaps, func(g problem.MissingPermission) bool { return g.Permission == n })
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
func (r *run) ask(ctx context.Context, needs []problem.Permission, made string) error {
	needs = slices.DeleteFunc(needs, func(n problem.Permission) bool { return r.granted[n] })
	if !r.Options.Preflight || len(needs) == 0 {
		return nil
	}
	if known := r.known(needs); len(known) > 0 && len(required(known)) == 0 {
		return r.judge(known, made) // nothing to wait for
	}
	wait := r.Options.RBACWait
	gaps, err := r.Access.ReviewUntil(ctx, needs, wait, func(gaps []problem.MissingPermission) {
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
func (r *run) known(needs []problem.Permission) (gaps []problem.MissingPermission) {
	for _, n := range needs {
		i := slices.IndexFunc(r.denied, func(g problem.MissingPermission) bool { return g.Permission == n })
		if i < 0 {
			return nil
		}
		gaps = append(gaps, r.denied[i])
	}
	return gaps
}

// judge turns gaps into a refusal, or into notices where the run can go on.
func (r *run) judge(gaps []problem.MissingPermission, made string) error {
	missing := required(gaps)
	if len(missing) == 0 {
		for _, g := range gaps {
			r.note(result.LevelNotice, "Permission missing, going on without", "%s: %s", g.Permission, g.Why)
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
	return &problem.Problem{Reason: problem.PermissionMissing, Tried: listGaps(missing), Missing: missing,
		Cause: errors.New("a run needs that to " + strings.Join(why, "; to ")), Next: "Apply the RBAC below, then run again. " + made}
}

// required keeps the gaps that a run cannot go on with.
func required(gaps []problem.MissingPermission) []problem.MissingPermission {
	return slices.DeleteFunc(slices.Clone(gaps), func(g problem.MissingPermission) bool { return g.Optional })
}
