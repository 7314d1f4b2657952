package cli

import (
	"context"
	"strings"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/input"
)

// ciRuns implements engine.Runs with the CI's API. Why a state is not known is
// printed for debugging.
type ciRuns struct {
	ci.Runs
	pulls   ci.Pulls
	options *input.Options
	debug   func(format string, args ...any)
}

func (p Process) ciRuns(out console, o *input.Options) ciRuns {
	tokens := ci.Tokens{GitHub: o.GitHubToken.Reveal(), GitLab: o.GitLabToken.Reveal()}
	return ciRuns{ci.NewRuns(p.getenv, tokens), ci.NewPulls(p.getenv, tokens), o, out.debug}
}

func (c ciRuns) State(ctx context.Context, url string) facts.RunState {
	state, err := c.RunState(ctx, url)
	if err != nil {
		c.debug("ask the CI about the run that left the record: %v", err)
	}
	return state
}

// Ended goes by the run's own repository. One of that number in another one has another branch,
// or a head in another repository.
func (c ciRuns) Ended(ctx context.Context, pullRequest int) bool {
	head, err := c.pulls.Head(ctx, pullRequest)
	if err != nil {
		c.debug("ask the CI whether pull request %d is closed: %v", pullRequest, err)
	}
	return err == nil && head.Closed && head.Branch == c.options.Branch && strings.EqualFold(head.Repository, c.options.HeadRepository)
}
