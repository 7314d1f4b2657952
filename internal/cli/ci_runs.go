package cli

import (
	"context"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/facts"
)

// ciRuns implements engine.Runs with the CI's API. Why a state is not known is
// printed for debugging.
type ciRuns struct {
	ci.Runs
	debug func(format string, args ...any)
}

func (c ciRuns) State(ctx context.Context, url string) facts.RunState {
	state, err := c.RunState(ctx, url)
	if err != nil {
		c.debug("ask the CI about the run that left the record: %v", err)
	}
	return state
}
