package cli

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/census"
	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/startup"
	"github.com/berth-dev/berth/internal/sweep"
	"github.com/berth-dev/berth/internal/verb"
)

// sweepInFlight is how many requests a sweep has under way at the same time over all the apps that
// it takes down.
const sweepInFlight = 20

// sweepOut sweeps and reports how that went. It is about no branch, whatever the event says.
func (p Process) sweepOut(ctx context.Context, out console, c *choice) int {
	o := c.options
	if err := errors.Join(o.Require(verb.Sweep), p.checkGiven(o)); err != nil {
		return p.conclude(out, o, p.wrongInput(verb.Sweep, err))
	}
	o.Branch, o.HeadRepository, o.PullRequest, o.SHA = "", "", 0, ""
	return p.conclude(out, o, p.sweep(ctx, out, o, c.about))
}

// sweep connects, and sweeps over that connection.
func (p Process) sweep(ctx context.Context, out console, o *input.Options, about ci.Context) result.Result {
	startup.BeThrifty()
	var aside notes
	connecting := p.kubeOptions(out, &aside, o)
	connecting.InFlight = sweepInFlight
	kind, err := record.ParseDriver(p.getenv("HELM_DRIVER"))
	if err != nil {
		return p.notStarted(verb.Sweep, err)
	}
	conn, err := kube.Connect(ctx, connecting)
	if i := interruptOf(ctx); err != nil && i != nil {
		err = i
	}
	if err != nil {
		return p.notStarted(verb.Sweep, err)
	}
	defer conn.Close()
	started := time.Now()
	policy := fleet.Policy{
		Host: o.Host, Repository: o.Repository, AllRepositories: o.AllRepositories, Since: started,
		DefaultBranch: p.defaultBranch(ctx, o, about), Namespace: oneNamespace(o),
		TTL: o.TTL, Idle: o.Idle, Failed: o.Failed, Stuck: o.Stuck,
	}
	if o.Repository != "" {
		policy.RepositoryHash = app.RepositoryHash(o.Host, o.Repository)
	}
	s := sweep.Sweep{
		Options: sweep.Options{Policy: policy, DryRun: o.DryRun,
			Limits: fleet.Limits{MaxApps: o.MaxApps, MaxDeletions: o.MaxDeletions, YesMany: o.YesMany}},
		Cluster: sweepCluster{Process: p, conn: conn, kind: kind, out: out, options: o, about: about},
		Platform: census.New(census.Options{Getenv: p.getenv, Transport: http.DefaultTransport,
			GitHubToken: o.GitHubToken.Reveal(), GitLabToken: o.GitLabToken.Reveal(), Host: o.Host, Repository: o.Repository}),
		Say: out.progress, Phase: out.phase,
		Stopped: stopped,
	}
	r := s.Run(ctx)
	r.Notes = append(r.Notes, count(ctx, conn, o, r)...)
	r.Notes, r.Traffic = append(r.Notes, aside.list()...), conn.Traffic()
	if r.Reason == problem.PermissionMissing {
		r.User = server{conn}.User(context.WithoutCancel(ctx))
	}
	out.debugRequests(r)
	return r
}

// oneNamespace returns the namespace that the sweep is about alone, or "" for all: one that has a
// name for every branch is none.
func oneNamespace(o *input.Options) string {
	if strings.Contains(o.Namespace, "{{") {
		return ""
	}
	return o.Namespace
}

// isDefaultBranch returns whether the branch is known to be the default branch of its repository.
func isDefaultBranch(o *input.Options) bool {
	return o.DefaultBranch != "" && o.Branch == o.DefaultBranch && strings.EqualFold(o.HeadRepository, o.Repository)
}

// defaultBranch returns the default branch of the repository that is swept, or "" where it is
// not known. A schedule of GitHub's runs on it. By hand git knows it, where somebody works in a clone of
// that repository.
// https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
func (p Process) defaultBranch(ctx context.Context, o *input.Options, about ci.Context) string {
	if about.Repository == "" && p.getenv("CI") == "" {
		about, _ = ci.Git(ctx, "", p.Environ)
	}
	if !strings.EqualFold(o.Repository, about.Repository) || !strings.EqualFold(o.Host, about.Host) {
		return ""
	}
	if about.DefaultBranch == "" && about.Event.Name == "schedule" {
		return about.RefBranch
	}
	return about.DefaultBranch
}

// stopped returns the problem of a sweep that was interrupted, or nil.
func stopped(ctx context.Context) error {
	var p *problem.Problem
	if !errors.As(interruptOf(ctx), &p) {
		return nil
	}
	said := *p
	said.Headline, _, _ = strings.Cut(p.Headline, ";")
	return &said
}
