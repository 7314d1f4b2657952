package census

import (
	"context"
	"fmt"

	"github.com/berth-dev/berth/internal/fleet"
)

// mayAskForBranch reports whether the platform can say whether an app's branch is there.
func mayAskForBranch(app *fleet.App, answer *fleet.Answer) bool {
	switch {
	case isFork(app):
		answer.BranchWhy = fmt.Sprintf("it is not known whether its branch is there: it is one of %q, about which nobody is asked", headOf(app))
	case !isBranchName(app.Origin.Branch):
		answer.BranchWhy = "it is not known whether its branch is there: what is stamped on it is no branch's name as it is"
	default:
		return true
	}
	return false
}

// fewBranches is up to how many branches are asked for one by one.
const fewBranches = 20

// setBranches says whether the branches of some apps are there.
func (p *Platform) setBranches(ctx context.Context, apps []fleet.App, answers []fleet.Answer, of []int, main string) {
	if len(of) == 0 {
		return
	}
	if len(of) <= fewBranches {
		for _, i := range of {
			p.setBranch(ctx, &answers[i], &apps[i], main)
		}
		return
	}
	missing := map[string]bool{main: true}
	for _, i := range of {
		missing[apps[i].Origin.Branch] = true
	}
	err := p.api.branches(ctx, func(name string) bool {
		delete(missing, name)
		return len(missing) > 0
	})
	if err == nil && missing[main] {
		err = fmt.Errorf("the default branch %q is not among the branches that were listed, so that the list is not believed", main)
	}
	for _, i := range of {
		switch {
		case !missing[apps[i].Origin.Branch]:
			answers[i].Branch = fleet.BranchThere
		case err != nil:
			answers[i].BranchWhy = "it is not known whether its branch is there: " + err.Error()
		default:
			answers[i].Branch = fleet.BranchGone
		}
	}
}

// setBranch says whether an app's branch is there. That it is gone is believed where the same
// question finds the default branch.
func (p *Platform) setBranch(ctx context.Context, answer *fleet.Answer, app *fleet.App, main string) {
	there, err := p.api.hasBranch(ctx, app.Origin.Branch)
	if err == nil && !there {
		var mainThere bool
		if mainThere, err = p.api.hasBranch(ctx, main); err == nil && !mainThere {
			err = fmt.Errorf("the default branch %q is not found either", main)
		}
	}
	switch {
	case err != nil:
		answer.BranchWhy = "it is not known whether its branch is there: " + err.Error()
	case there:
		answer.Branch = fleet.BranchThere
	default:
		answer.Branch = fleet.BranchGone
	}
}
