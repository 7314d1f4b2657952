package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/namespaces"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// claim is what a namespace, or the last record of a release, says of the branch that
// it is for.
type claim struct {
	identity  string
	origin    facts.Origin
	namespace string
	release   string // empty for a namespace
}

// lostFork returns the repository of the fork that the pull request came from, by the
// claims on what was deployed for it, or "" where they tell none or several.
func (f finding) lostFork(claims []claim) string {
	var forks []string
	for _, c := range claims {
		fork := c.origin.HeadRepository
		same := func(known string) bool { return strings.EqualFold(known, fork) }
		if f.proves(c) && !slices.ContainsFunc(forks, same) {
			forks = append(forks, fork)
		}
	}
	if len(forks) != 1 {
		return ""
	}
	return forks[0]
}

// proves reports whether a claim tells the fork of the pull request. Its identity is
// the hash of all that it is made of, and it stands where a run for that fork would
// put it: a chart can bring objects that claim something for others.
func (f finding) proves(c claim) bool {
	o, fork := f.options, c.origin.HeadRepository
	if fork == "" || strings.EqualFold(fork, o.Repository) || c.origin.PullRequest != o.PullRequest {
		return false
	}
	t, err := f.named(fork)
	return err == nil && c.identity == t.Identity && c.namespace == t.Namespace && (c.release == "" || c.release == t.Release)
}

// findFork sets the head repository to what is recorded for the pull request. Where
// that is not clear, nothing is touched.
func (f finding) findFork(ctx context.Context, likely string) (*result.Result, error) {
	o := f.options
	if o.PullRequest == 0 {
		return nil, headMissing(o.Place, "the fork is gone")
	}
	f.out.progress(fmt.Sprintf("The fork of pull request %d is gone: look for what was deployed for it", o.PullRequest))
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	conn, err := kube.Connect(ctx, f.kubeOptions(f.out, &notes{}, o))
	if i := interruptOf(ctx); err != nil && i != nil {
		err = i
	}
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	claims, all, err := f.claims(ctx, conn, likely)
	if i := interruptOf(ctx); i != nil {
		return nil, i
	}
	if err != nil {
		return nil, err
	}
	if fork := f.lostFork(claims); fork != "" {
		f.out.progress("It was deployed for " + fork)
		o.HeadRepository = fork
		return nil, nil
	}
	if f.verb == verb.Teardown && all && !slices.ContainsFunc(claims, func(c claim) bool { return unclear(o, c) }) {
		return nothingRecorded(o), nil
	}
	return nil, &problem.Problem{Reason: problem.WrongInput,
		Headline: fmt.Sprintf("The fork of pull request %d is gone, and what is recorded does not tell which it was. Nothing was touched.",
			o.PullRequest),
		Cause: headMissing(o.Place, "the fork is gone"),
		Next:  "Give head-repository, or take the review app down by hand."}
}

// unclear reports whether a claim may be the pull request's although it does not prove
// it: it is of that number, or of that branch without a number, or was written by a
// version that did not say so much.
func unclear(o *input.Options, c claim) bool {
	switch {
	case c.identity == "":
		return false
	case c.origin.HeadRepository == "", c.origin.PullRequest == o.PullRequest:
		return true
	}
	return c.origin.PullRequest == 0 && c.origin.Branch == o.Branch && !strings.EqualFold(c.origin.HeadRepository, o.Repository)
}

// claims reads what is recorded in the cluster for pull requests of the repository.
// all is false where not everything could be read that may hold it.
func (f finding) claims(ctx context.Context, conn *kube.Conn, likely string) (found []claim, all bool, err error) {
	manager := namespaces.Manager{Client: conn.Clientset()}
	one, err := f.named(cmp.Or(likely, "lost/fork"))
	if err != nil {
		return nil, false, err
	}
	other, err := f.named("another/fork")
	if err != nil {
		return nil, false, err
	}
	if one.Namespace == other.Namespace { // whichever fork it is
		return f.claimsIn(ctx, conn, manager, one)
	}
	listed, err := manager.OfApp(ctx, one.RepositoryHash, one.App.App)
	if err == nil {
		for i := range listed {
			found = append(found, claimOf(listed[i]))
		}
		return found, true, nil
	}
	err = apifailure.Classify(err, "list the namespaces of the repository's review apps")
	if problem.Of(err).Reason != problem.PermissionMissing || likely == "" {
		return nil, false, withoutPermission(err)
	}
	ns, err := manager.Get(ctx, one.Namespace)
	return []claim{claimOf(ns)}, false, apifailure.Classify(err, "read namespace "+one.Namespace)
}

// withoutPermission returns nil for a missing permission: what may not be read is not
// known, and that is told otherwise.
func withoutPermission(err error) error {
	if p := problem.Of(err); p != nil && p.Reason == problem.PermissionMissing {
		return nil
	}
	return err
}

// claimsIn reads what a namespace says of itself and what the records in it say.
func (f finding) claimsIn(ctx context.Context, conn *kube.Conn, manager namespaces.Manager, t target) (found []claim, all bool, err error) {
	ns, err := manager.Get(ctx, t.Namespace)
	if err != nil {
		return nil, false, apifailure.Classify(err, "read namespace "+t.Namespace)
	}
	if ns.Phase == facts.NamespaceAbsent {
		return nil, true, nil
	}
	found = []claim{claimOf(ns)}
	store, _, err := f.openStore(ctx, conn, f.out, t)
	if err != nil {
		return nil, false, err
	}
	last := map[string]facts.Record{} // by release
	err = store.Stamped(ctx, func(release string, rec facts.Record) {
		if rec.Revision >= last[release].Revision {
			last[release] = rec
		}
	})
	for release, rec := range last {
		found = append(found, claim{identity: rec.Identity, origin: rec.Origin, namespace: t.Namespace, release: release})
	}
	return found, err == nil, apifailure.Classify(err, "list the records in namespace "+t.Namespace)
}

// claimOf is what a namespace says of itself.
func claimOf(ns facts.Namespace) claim {
	return claim{identity: ns.Identity, origin: ns.Origin, namespace: ns.Name}
}

// named names the review app as if the branch lived in this fork.
func (f finding) named(fork string) (target, error) {
	as := *f.options
	as.HeadRepository = fork
	return newTarget(&as)
}
