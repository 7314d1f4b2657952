package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/engine"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// finding is the search for what neither the inputs nor the event say of the branch:
// all of it where a pull request is given by its number, and the repository of a fork
// that is gone. Nothing of it is guessed: a branch of that name in another repository
// is somebody else's.
type finding struct {
	Process
	out      console
	verb     verb.Verb
	options  *input.Options
	about    ci.Context
	aboutErr error // why the event could not be read
}

// find completes the options. It returns how the run ends where it ends by that.
func (f finding) find(ctx context.Context) (*result.Result, error) {
	if f.options.ByName {
		return nil, nil
	}
	lost := f.about.LostFork
	if f.options.Branch == "" {
		head, err := f.lookUp(ctx)
		if err != nil {
			return nil, err
		}
		if err := f.options.SetHead(head.Branch, head.Repository, head.SHA); err != nil {
			return nil, err
		}
		lost = head.LostFork
	} else if f.options.HeadRepository == "" && f.aboutErr != nil {
		return nil, errors.Join(f.aboutErr, headMissing(f.options.Place, "the event could not be read"))
	}
	if f.options.HeadRepository != "" {
		return nil, nil
	}
	return f.findFork(ctx, lost)
}

// headMissing says that the head repository has to be given, and why.
func headMissing(at input.Place, why string) *input.Error {
	in := input.Find("head-repository")
	return &input.Error{Input: in.Name, Allowed: why + ", so it is not known in which repository the branch lives; " +
		"give " + in.In(at) + ", the base repository where it is no fork"}
}

// lookUp asks the platform for the branch of the pull request.
func (f finding) lookUp(ctx context.Context) (ci.Head, error) {
	o := f.options
	if !strings.EqualFold(o.Repository, f.about.Repository) || !strings.EqualFold(o.Host, f.about.Host) {
		return ci.Head{}, branchMissing(o.Place, errors.New("the platform is asked about the run's own repository only"))
	}
	f.out.progress(fmt.Sprintf("Ask for the branch of pull request %d", o.PullRequest))
	tokens := ci.Tokens{GitHub: o.GitHubToken.Reveal(), GitLab: o.GitLabToken.Reveal()}
	head, err := ci.NewPulls(f.getenv, tokens).Head(ctx, o.PullRequest)
	if i := interruptOf(ctx); i != nil {
		return head, i
	}
	if err != nil {
		return head, branchMissing(o.Place, err)
	}
	return head, nil
}

// branchMissing says that the branch has to be given, and why it could not be looked
// up.
func branchMissing(at input.Place, err error) *input.Error {
	in := input.Find("branch")
	return &input.Error{Input: in.Name,
		Allowed: fmt.Sprintf("give %s, and head-repository where it is a fork's: %v", in.In(at), err)}
}

// interruptOf returns the problem of a run that was interrupted, or nil.
func interruptOf(ctx context.Context) error {
	var i *engine.Interrupt
	if !errors.As(context.Cause(ctx), &i) {
		return nil
	}
	return &problem.Problem{Reason: i.Reason, Headline: "Interrupted by " + i.Signal + "; nothing was touched.", Cause: i,
		Next: "Run it again."}
}

// nothingRecorded returns the result of a teardown where nothing is recorded of a
// pull request whose fork is gone.
func nothingRecorded(o *input.Options) *result.Result {
	said := fmt.Sprintf("the fork of pull request %d is gone, and nothing is recorded of its review app", o.PullRequest)
	return &result.Result{
		Subject: result.Subject{Verb: verb.Teardown, Branch: o.Branch},
		Exit:    result.Exit{Reason: problem.NothingToDo, Headline: "Nothing to take down: " + said + "."},
		Log: result.Log{Started: time.Now(),
			Notes: []result.Note{{Level: result.LevelNotice, Title: "nothing to take down", Message: said}}},
	}
}
