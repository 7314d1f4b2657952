package cli

import (
	"context"
	"net/http"
	"strings"

	"github.com/berth-dev/berth/internal/app"
	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/pullrequest"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
)

// telling tells on the pull request how the review app of a run is. Whatever becomes of
// it, the run ends as it would have.
type telling struct {
	out     console
	options *input.Options
	app     app.App
	teller  *pullrequest.Teller // nil: nothing is told
}

// telling returns what tells of a run. It sends nothing yet. stop is the address of an app whose
// GitLab environment is to be stopped, where no job of that environment does.
func (p Process) telling(out console, o *input.Options, about ci.Context, stop string) telling {
	t := telling{out: out, options: o}
	if !o.Comment && !o.Deployment && stop == "" {
		return t
	}
	named, err := nameApp(o)
	if err != nil {
		return t // the run ends by that
	}
	t.app = named
	t.teller = pullrequest.New(pullrequest.Options{
		Comment: o.Comment, Deployment: o.Deployment,
		Getenv: p.getenv, GitHubToken: o.GitHubToken.Reveal(), GitLabToken: o.GitLabToken.Reveal(), Transport: http.DefaultTransport,
		Own:        strings.EqualFold(o.Repository, about.Repository) && strings.EqualFold(o.Host, about.Host),
		Repository: o.Repository, HeadRepository: o.HeadRepository, Branch: o.Branch, Number: o.PullRequest,
		SHA: o.SHA, Environment: "review/" + named.App + "-" + named.Slug,
		StopURL: stop, Key: pullrequest.Key(named.Identity, named.App), Down: verb.Of(o.Verb).Removes,
	})
	return t
}

// begin tells, beside the run, that it is at work.
func (t telling) begin(ctx context.Context) {
	if t.teller == nil {
		return
	}
	r := result.Result{Subject: result.Subject{Verb: t.options.Verb}}
	tellOrigin(&r, t.options)
	t.teller.Begin(ctx, t.update(t.out.Masked(r)))
}

// end tells how the run ended, and what could not be told.
func (t telling) end(ctx context.Context, r result.Result) {
	if t.teller == nil {
		return
	}
	for _, err := range t.teller.End(ctx, t.update(r)) {
		t.out.Notice("The pull request is not told", text.Sentences(err.Error())+" The run is none the worse for it.")
	}
}

// update returns what is told of a result, which has no secrets in it. One that ended
// before anything began does not say whom it is about.
func (t telling) update(r result.Result) pullrequest.Update {
	if r.App == "" {
		named := t.out.Masked(result.Result{Subject: result.Subject{Branch: t.options.Branch, URL: t.app.URL}})
		r.App, r.Branch, r.URL = t.app.App, named.Branch, named.URL
	}
	return pullrequest.Update{Stage: r.Stage(), Body: report.Comment(r), URL: report.Address(r.URL), Log: report.Address(r.Pages.Run)}
}
