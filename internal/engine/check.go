package engine

import (
	"context"

	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

func init() { verbs[verb.Check] = func(s *session) verbRun { return &check{s} } }

// check proves what is there and never writes. The looks and their end are the
// prover's (prove.go).
type check struct{ *session }

func (c *check) run(ctx context.Context) error {
	if err := c.find(ctx); err != nil {
		return err
	}
	if err := c.prover.prove(ctx, verdict.Reported{}); err != nil {
		return err
	}
	return c.companions.check(ctx)
}

func (c *check) success() string { return c.proven("") }
