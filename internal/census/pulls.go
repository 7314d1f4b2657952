package census

import (
	"context"
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/fleet"
)

// pull is a pull request, as an answer tells of it.
type pull struct {
	number int
	state  fleet.Pull // PullOpen, PullClosed or PullMerged
	branch string
	// repository is owner/name that the branch lives in. It is empty where that is not known,
	// but that it is another one than the one which is asked about: a fork, which may be gone.
	repository string
	keep       bool
}

// isOf reports whether a pull request is of the branch that an app is of. Of a fork that is
// not known it may be: then it is taken to be.
func (p pull) isOf(app *fleet.App) bool {
	if p.branch != app.Origin.Branch {
		return false
	}
	if p.repository == "" {
		return isFork(app)
	}
	return strings.EqualFold(p.repository, headOf(app))
}

func headOf(app *fleet.App) string {
	if app.Origin.HeadRepository != "" {
		return app.Origin.HeadRepository
	}
	return app.Origin.Repository
}

func isFork(app *fleet.App) bool { return !strings.EqualFold(headOf(app), app.Origin.Repository) }

// index is the open pull requests by number and by branch.
type index struct {
	byNumber map[int]pull
	byBranch map[string][]pull
}

func indexed(open []pull) index {
	of := index{map[int]pull{}, map[string][]pull{}}
	for _, one := range open {
		of.byNumber[one.number] = one
		of.byBranch[one.branch] = append(of.byBranch[one.branch], one)
	}
	return of
}

// setPulls says how an app's pull request is, by the open ones. The one of its number counts,
// and others of its branch.
func setPulls(answer *fleet.Answer, app *fleet.App, open index) {
	number := app.Origin.PullRequest
	if own, ok := open.byNumber[number]; ok {
		addOpen(answer, own)
	}
	for _, one := range open.byBranch[app.Origin.Branch] {
		if one.isOf(app) {
			addOpen(answer, one)
		}
	}
	switch {
	case answer.Pull == fleet.PullOpen:
	case number > 0:
		answer.Pull, answer.Number = fleet.PullClosed, number
	default:
		answer.Pull = fleet.PullNone
	}
}

// addOpen says that an open pull request is the app's. Of several, one that holds it is named.
func addOpen(answer *fleet.Answer, p pull) {
	answer.Pull = fleet.PullOpen
	if answer.Number == 0 || p.keep && !answer.Keep {
		answer.Number = p.number
	}
	answer.Keep = answer.Keep || p.keep
}

// confirmPulls says how an app's pull request is, and whether others of its branch are open.
func (p *Platform) confirmPulls(ctx context.Context, answer *fleet.Answer, app *fleet.App) error {
	open, err := p.api.open(ctx, app)
	if err != nil {
		return err
	}
	number := app.Origin.PullRequest
	if number == 0 {
		setPulls(answer, app, indexed(open))
		return nil
	}
	own, err := p.api.pull(ctx, number)
	switch {
	case err != nil:
		return err
	case !own.isOf(app):
		return fmt.Errorf("pull request %d is not of the branch that is stamped on the app", number)
	case own.state == fleet.PullOpen:
		open = append([]pull{own}, open...)
	}
	setPulls(answer, app, indexed(open))
	if answer.Pull != fleet.PullOpen {
		answer.Pull = own.state
	}
	if own.keep && !answer.Keep {
		answer.Keep, answer.Number = true, number
	}
	return nil
}
