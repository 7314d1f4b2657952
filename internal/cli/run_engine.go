package cli

import (
	"context"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// runEngine assembles the rooms of a run, runs the verb and returns its result. begun is
// called once it is the run's turn at the release.
func (p Process) runEngine(ctx context.Context, out console, v verb.Verb, o *input.Options, begun func()) result.Result {
	if over := p.refuseOver(ctx, out, v, o); over != nil {
		return *over
	}
	var aside notes
	e, closeAll, err := p.assemble(ctx, out, &aside, o)
	if i := interruptOf(ctx); err != nil && i != nil {
		err = i
	}
	if err != nil {
		return p.notStarted(v, err)
	}
	defer closeAll()
	e.Backend.Begun = begun
	r := e.Run(ctx, v)
	r.Notes = append(r.Notes, aside.list()...)
	out.debugRequests(r)
	return r
}

// notStarted returns the result of a run whose rooms could not be assembled.
func (p Process) notStarted(v verb.Verb, err error) result.Result {
	known, r := problem.Of(err), p.wrongInput(v, err)
	if r.Reason = known.Reason; r.Reason != problem.WrongInput {
		r.Headline = known.Sentence()
	}
	r.Missing = known.Missing
	if known.Next != "" {
		r.Next = known.Next
	}
	return r
}
