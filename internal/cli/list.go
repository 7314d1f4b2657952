package cli

import (
	"context"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/startup"
	"github.com/berth-dev/berth/internal/verb"
)

// lister lists review apps for one run.
type lister struct {
	Process
	out     console
	options *input.Options
	survey  survey
	now     func() time.Time // by the API server's clock
}

// list lists the review apps and returns the exit code.
func (p Process) list(ctx context.Context, out console, o *input.Options) int {
	startup.BeThrifty()
	if o.Check {
		return p.goRound(ctx, out, o)
	}
	var aside notes
	endless := o.Watch || o.Serve != ""
	fail := func(err error) int {
		if i := interruptOf(ctx); i != nil {
			if endless {
				return exitCode(problem.Of(i).Reason) // whoever watches ends it so
			}
			err = i
		}
		r := p.notStarted(verb.List, err)
		r.Notes = append(r.Notes, aside.list()...)
		return p.conclude(out, o, r)
	}
	kind, err := record.ParseDriver(p.getenv("HELM_DRIVER"))
	if err != nil {
		return fail(err)
	}
	conn, err := kube.Connect(ctx, p.kubeOptions(out, &aside, o))
	if err != nil {
		return fail(err)
	}
	defer conn.Close()
	l := lister{p, out, o, newSurvey(conn, kind, o.Namespace, o.AllReleases), server{conn}.Now}
	if endless {
		follow := l.watch
		if o.Serve != "" {
			follow = func(ctx context.Context) error { return l.serve(ctx, conn) }
		}
		if err = follow(ctx); err == nil {
			err = context.Cause(ctx)
		}
		return fail(err)
	}
	limited, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	apps, err := l.survey.read(limited)
	if err != nil {
		return fail(err)
	}
	l.publish(l.fleetOf(apps), nil)
	for _, note := range aside.list() {
		out.Warn(note.Title, note.Message)
	}
	for _, t := range conn.Traffic() {
		out.debug("requests: %s %s: %d, %d bytes received", t.Verb, t.Resource, t.Count, t.Received)
	}
	return exitOK
}

// about is whose apps alone are listed, with the host; "" for everybody's.
func (l lister) about() string {
	if o := l.options; o.Repository != "" && !o.AllRepositories && !o.AllReleases {
		return o.Host + "/" + o.Repository
	}
	return ""
}

// ofRepository returns those apps that were asked for. It takes the apps over.
func (l lister) ofRepository(apps []fleet.App) []fleet.App {
	if l.about() == "" {
		return apps
	}
	return slices.DeleteFunc(apps, func(a fleet.App) bool { return !a.OfRepository(l.options.Host, l.options.Repository) })
}

// fleetOf returns the list of those apps that were asked for, without secrets. It takes the apps over.
func (l lister) fleetOf(apps []fleet.App) report.Fleet {
	f := report.Fleet{At: l.now(), Repository: l.about(), Namespace: oneNamespace(l.options), Every: l.options.AllReleases,
		Apps: l.ofRepository(apps)} // there may be ten thousand
	for i := range f.Apps {
		f.Apps[i] = f.Apps[i].WithText(l.mask.Text)
	}
	return f
}
