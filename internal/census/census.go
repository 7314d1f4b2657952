// Package census asks the platform, GitHub or GitLab, which pull requests and branches of
// review apps are still there: of all of them at once, and of one right before it goes.
//
// It believes what it understands, and nothing else: only an answer of status 200 about the
// repository that was meant says that a pull request has ended or a branch is gone. A token
// that may not see a repository is answered 404, too, so that 404 says nothing.
package census

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/fleet"
)

// keepLabel is the label of a pull request that holds its review app.
const keepLabel = "keep"

// Platform asks about one repository. It may be used by several goroutines.
type Platform struct {
	api              api // nil: nobody is asked
	host, repository string
	// access and why are the answer where api is nil.
	access fleet.Access
	why    string
}

// api is a platform's API, as far as it is asked here. Each error says what was asked.
type api interface {
	// identify returns nil once the repository has been found under the name that was meant,
	// and what its default branch is called.
	identify(ctx context.Context) (defaultBranch string, err error)
	// open returns the open pull requests: all of them, or those of a branch alone. Others
	// may be among them.
	open(ctx context.Context, of *fleet.App) ([]pull, error)
	// pull returns the pull request with a number.
	pull(ctx context.Context, number int) (pull, error)
	// branches tells of every branch until seen returns false.
	branches(ctx context.Context, seen func(name string) bool) error
	// hasBranch reports whether a branch is there.
	hasBranch(ctx context.Context, name string) (bool, error)
	// stopped is why nothing is asked any more, or nil.
	stopped() error
}

// about reports whether the platform is asked about an app.
func (p *Platform) about(app *fleet.App) bool {
	return strings.EqualFold(app.Host, p.host) && strings.EqualFold(app.Origin.Repository, p.repository)
}

// unasked returns the answer about an app that nobody is asked about.
func (p *Platform) unasked(app *fleet.App) (fleet.Answer, bool) {
	switch {
	case !p.about(app):
		return fleet.Answer{Access: fleet.NotAsked, Why: fmt.Sprintf("nobody is asked about the repository %q", app.Origin.Repository)}, true
	case p.api == nil:
		return fleet.Answer{Access: p.access, Why: notKnown + p.why}, true
	}
	return fleet.Answer{}, false
}

// isMain reports whether an app is of the default branch.
func isMain(app *fleet.App, main string) bool { return !isFork(app) && app.Origin.Branch == main }

// notKnown begins the clause that says why something is not known.
const notKnown = "it is not known how its pull request and its branch are: "

// Census asks about all apps at once, and returns an answer for each. What it says of a pull
// request that has ended, or of a branch that is gone, is to be confirmed. unanswered is why
// nothing is known of any, as a clause, or "".
func (p *Platform) Census(ctx context.Context, apps []fleet.App) (answers []fleet.Answer, unanswered string) {
	answers = make([]fleet.Answer, len(apps))
	var asked []int
	for i := range apps {
		answer, unasked := p.unasked(&apps[i])
		if answers[i] = answer; !unasked {
			asked = append(asked, i)
		}
	}
	if len(asked) == 0 {
		return answers, p.why
	}
	at := time.Now()
	main, err := p.api.identify(ctx)
	var open []pull
	if err == nil {
		open, err = p.api.open(ctx, nil)
	}
	if err != nil {
		for _, i := range asked {
			answers[i] = fleet.Answer{Why: notKnown + err.Error()}
		}
		return answers, err.Error()
	}
	var unsettled []int
	known := indexed(open)
	for _, i := range asked {
		app, answer := &apps[i], &answers[i]
		answer.Access, answer.At, answer.Main = fleet.Answered, at, isMain(app, main)
		setPulls(answer, app, known)
		if answer.Pull == fleet.PullNone && mayAskForBranch(app, answer) {
			unsettled = append(unsettled, i)
		}
	}
	p.setBranches(ctx, apps, answers, unsettled, main)
	return answers, ""
}

// Confirm asks about one app alone, right before it would go.
func (p *Platform) Confirm(ctx context.Context, app fleet.App) fleet.Answer {
	if answer, unasked := p.unasked(&app); unasked {
		return answer
	}
	answer := fleet.Answer{Access: fleet.Answered, At: time.Now(), Alone: true}
	main, err := p.api.identify(ctx)
	if err == nil {
		err = p.confirmPulls(ctx, &answer, &app)
	}
	if err != nil {
		return fleet.Answer{Why: notKnown + err.Error()}
	}
	answer.Main = isMain(&app, main)
	if answer.Pull == fleet.PullNone && mayAskForBranch(&app, &answer) {
		p.setBranch(ctx, &answer, &app, main)
	}
	return answer
}
