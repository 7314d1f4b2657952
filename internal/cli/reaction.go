package cli

import (
	"context"

	"github.com/berth-dev/berth/internal/pullrequest"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// reaction is how a comment that commands the run is answered. Whatever becomes of it, the run
// ends as it would have.
type reaction struct {
	out    console
	teller *pullrequest.Teller // nil: nobody is answered
	done   bool                // what was commanded was done
}

// begin answers, beside the run, that the command was taken.
func (r *reaction) begin(ctx context.Context) {
	r.teller.Begin(ctx, pullrequest.Update{Stage: result.StageDeploying})
}

// end answers whether it was done.
func (r *reaction) end(ctx context.Context) {
	u := pullrequest.Update{Stage: result.StageFailed}
	if r.done {
		u.Stage = result.StageReady
	}
	for _, err := range r.teller.End(ctx, u) {
		r.out.Notice("The comment is not answered", text.Sentences(err.Error())+" The run is none the worse for it.")
	}
}
