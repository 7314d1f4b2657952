package cli

import (
	"cmp"
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
	o, lost := f.options, f.about.LostFork
	var err error
	switch {
	case o.Branch == "":
		lost, err = f.findBranch(ctx)
	case o.HeadRepository == "" && f.aboutErr != nil:
		err = errors.Join(f.aboutErr, headMissing(o.Place, "the event could not be read"))
	case o.HeadRepository == "" && f.about.Mention.PullRequest != 0:
		lost, err = f.findHead(ctx)
	}
	if i := interruptOf(ctx); err != nil && i != nil {
		return nil, i
	}
	if err != nil || o.HeadRepository != "" {
		return nil, err
	}
	return f.findFork(ctx, lost)
}

// findBranch sets the branch of the pull request that is given by its number, and returns the
// likely name of a fork that is gone.
func (f finding) findBranch(ctx context.Context) (lost string, err error) {
	head, err := f.lookUp(ctx, f.options.PullRequest)
	if err != nil {
		return "", branchMissing(f.options.Place, err)
	}
	return head.LostFork, f.options.SetHead(head.Branch, head.Repository, head.SHA)
}

// findHead sets the repository of a branch that was given at an event about a pull request, such
// as a comment on it, which does not tell its branch: a fork's may be called the same.
func (f finding) findHead(ctx context.Context) (lost string, err error) {
	number := cmp.Or(f.options.PullRequest, f.about.Mention.PullRequest)
	head, err := f.lookUp(ctx, number)
	if err != nil {
		why := fmt.Sprintf("the event is about pull request %d, which may be a fork's, and %v", number, err)
		return "", headMissing(f.options.Place, why)
	}
	return head.LostFork, f.options.SetHeadOf(number, head.Branch, head.Repository, head.SHA)
}

// headMissing says that the head repository has to be given, and why.
func headMissing(at input.Place, why string) *input.Error {
	in := input.Find("head-repository")
	return &input.Error{Input: in.Name, Allowed: why + ", so it is not known in which repository the branch lives; " +
		"give " + in.In(at) + ", the base repository where it is no fork"}
}

// lookUp asks the platform for the branch of a pull request.
func (f finding) lookUp(ctx context.Context, number int) (ci.Head, error) {
	o := f.options
	if !strings.EqualFold(o.Repository, f.about.Repository) || !strings.EqualFold(o.Host, f.about.Host) {
		return ci.Head{}, errors.New("the platform is asked about the run's own repository only")
	}
	f.out.progress(fmt.Sprintf("Ask for the branch of pull request %d", number))
	tokens := ci.Tokens{GitHub: o.GitHubToken.Reveal(), GitLab: o.GitLabToken.Reveal()}
	return ci.NewPulls(f.getenv, tokens).Head(ctx, number)
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
