package cli

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/pullrequest"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// choice is what a run is to do, and about what.
type choice struct {
	verb     verb.Verb
	options  *input.Options
	about    ci.Context
	aboutErr error // why the event could not be read
	known    input.Defaults
	react    reaction
}

// rehearse makes a deploy the preflight of itself, which writes nothing, nor to a pull request.
func (c *choice) rehearse() {
	c.verb, c.options.Verb = verb.Preflight, verb.Preflight
	c.options.Comment, c.options.Deployment = false, false
}

// auto has the event choose the verb. It returns how the run ends where it ends by that.
func (p Process) auto(ctx context.Context, out console, flags *pflag.FlagSet, c *choice) *result.Result {
	wrong := func(err error) *result.Result {
		r := p.notFound(c.verb, err)
		return &r
	}
	if c.aboutErr != nil {
		return wrong(c.aboutErr)
	}
	if ci.Commands(c.about, p.policy(c.options)) {
		if err := p.ask(ctx, out, flags, c); err != nil {
			return wrong(err)
		}
	}
	if c.options.DryRun { // which does nothing of what a comment asks for
		c.react = reaction{out: out}
	}
	intent := ci.Auto(c.about, p.policy(c.options))
	if ci.EndsPull(c.about, intent) {
		about, err := ci.AskAboutSiblings(ctx, p.getenv, ci.Tokens{GitHub: c.options.GitHubToken.Reveal()}, c.about)
		if err != nil {
			out.debug("%v", err)
		}
		about.Siblings = sharing(c.options, about.Siblings)
		intent = ci.Auto(about, p.policy(c.options))
	}
	if intent.Verb == ci.Nothing {
		r := nothingToDo(intent)
		return &r
	}
	if c.options.DryRun && intent.Verb == verb.Teardown {
		r := nothingToDo(ci.Intent{Verb: ci.Nothing, Reason: intent.Reason + ", and dry-run takes nothing down"})
		return &r
	}
	c.verb, c.options.Verb, c.options.ByEvent = intent.Verb, intent.Verb, true
	out.progress(fmt.Sprintf("auto: %s, since %s", c.verb, intent.Reason))
	if c.verb == verb.Sweep {
		return nil
	}
	if c.options.Commands && c.options.Place == input.OnGitLab {
		out.Notice("commands", "Comments command on GitHub only; GitLab starts no pipeline for one.")
	}
	c.react.begin(ctx)
	return p.checkCommit(c.options, c.about)
}

// policy returns what the inputs decide about events.
func (p Process) policy(o *input.Options) ci.Policy {
	// On GitLab, the job's own token may ask.
	sweeps := o.GitHubToken != "" || o.GitLabToken != "" || o.Place == input.OnGitLab && p.getenv("CI_JOB_TOKEN") != "" ||
		max(o.TTL, o.Idle, o.Failed, o.Stuck) > 0 || o.MaxApps > 0
	return ci.Policy{Sweeps: sweeps, Credentials: p.hasCredentials(o),
		Label: o.Label, Drafts: o.Drafts, Forks: ci.Forks(o.Forks), Commands: o.Commands}
}

// ask asks the platform about a comment that commands something, and takes the options anew:
// what the inputs leave out is what the platform says of the pull request, and nothing of the
// run's own ref. Nobody is answered whose command does not count.
func (p Process) ask(ctx context.Context, out console, flags *pflag.FlagSet, c *choice) error {
	token := c.options.GitHubToken.Reveal()
	about, err := ci.AskAboutCommand(ctx, p.getenv, ci.Tokens{GitHub: token}, c.about)
	if i := interruptOf(ctx); i != nil {
		return i
	}
	if c.about = about; about.Comment.Refused != "" {
		return nil
	}
	c.react = reaction{out, pullrequest.NewReaction(pullrequest.Options{
		Getenv: p.getenv, GitHubToken: token, Transport: http.DefaultTransport}, about.Comment.ID), false}
	if err != nil {
		return err
	}
	known := defaults(about)
	o, err := input.Resolve(flags, p.Environ, c.verb, known)
	if err != nil {
		return err
	}
	c.options, c.known = o, known
	return nil
}
