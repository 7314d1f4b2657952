package engine

import (
	"context"

	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

func init() { verbs[verb.Check] = func(s *session) verbRun { return &check{s} } }

// check proves what is there and writes to nothing of the release. The looks and their end
// are the prover's (prove.go). What they found is noted on the lock, where there is one.
type check struct{ *session }

func (c *check) run(ctx context.Context) error {
	err := c.look(ctx)
	c.lock.note(ctx, err)
	return err
}

func (c *check) look(ctx context.Context) error {
	if err := c.find(ctx); err != nil {
		return err
	}
	if err := c.prover.prove(ctx, verdict.Reported{}); err != nil {
		return err
	}
	return c.companions.check(ctx)
}

func (c *check) success() string { return c.proven("") }
