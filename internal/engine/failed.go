package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// settleTime is what settling a record may take after the run's own context
// has ended: a cancelled CI job is killed about seven seconds after the signal.
const settleTime = 3 * time.Second

// failed handles an operation that did not come to its end. When it returns
// with EndDeployFailed, the record is this run's own and says failed.
func (r *run) failed(ctx context.Context, out result.Outcome, before *facts.Facts) error {
	if err := r.lockLost(ctx); err != nil {
		return err
	}
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	last, err := r.lastRecord(settle)
	if err != nil {
		return errors.Join(err, out.Err)
	}
	if last == nil || (before.Last() != nil && last.Revision == before.Last().Revision) {
		r.wrote = false
		return beforeRecord(out) // nothing was stored
	}
	if last.Stamp.Run != r.Options.Run {
		r.attempt = r.lock.Attempt
		return overtaken(last, out.Err)
	}
	r.result.Revision, r.result.Status, r.attempt.Revision = last.Revision, last.Payload, last.Revision
	r.failedRevision = last.Revision
	if last.Payload.Pending() { // first of all: there may be time for nothing else
		if err := r.Releases.Settle(settle, last, facts.StatusFailed, fmt.Sprintf("settled by Berth: %v", out.Err)); err != nil {
			r.result.Evidence = append(r.result.Evidence, fmt.Sprintf("the deploy itself failed: %v", out.Err))
			r.observeFailure(settle, last, out.Diagnostics)
			return err
		}
		last.Payload = facts.StatusFailed
	}
	r.observeFailure(settle, last, out.Diagnostics)
	r.result.Status = last.Payload
	r.settled = fmt.Sprintf("revision %d is recorded as %s", last.Revision, last.Payload)
	if r.interruption(ctx) != nil {
		r.attempt.Outcome = "interrupted" // before the lock is let go, which happens next
	}
	const next = "the record says failed, so nothing is stuck."
	var p *problem.Problem
	if errors.As(out.Err, &p) && p.Reason == problem.PermissionMissing { // the cause, and what to grant, come first
		denied := *p
		denied.Next = text.Sentences(p.Next, fmt.Sprintf("The deploy of revision %d failed because of it", last.Revision), "Nothing else is to be mended: "+next)
		return &denied
	}
	return &problem.Problem{Reason: problem.DeployFailed,
		Headline: fmt.Sprintf("The deploy of revision %d of `%s` failed, and its record says so.", last.Revision, r.Options.App.Release), Cause: out.Err,
		Next: "Mend what is named here and deploy again: " + next}
}

// lastRecord reads the last record and nothing of what it describes; nil when
// there is none.
func (r *run) lastRecord(ctx context.Context) (*facts.Record, error) {
	records, err := r.Releases.Records(ctx)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	last := &records[len(records)-1]
	return last, r.Releases.Load(ctx, last)
}

// overtaken is the Problem of an operation in whose place somebody else's was
// found.
func overtaken(last *facts.Record, cause error) error {
	return &problem.Problem{Reason: problem.LiveOperation, Cause: cause,
		Headline: fmt.Sprintf("Somebody else works on this release: revision %d is theirs, and %s.", last.Revision, last.Payload),
		Next:     "Let it end, then run again."}
}

// observeFailure gathers what the objects look like, for the report, with the
// reasons that this operation found. A failed look is no second failure.
func (r *run) observeFailure(ctx context.Context, last *facts.Record, found *result.Diagnostics) {
	if objects, err := r.Cluster.Observe(ctx, last.Manifest); err == nil {
		found.Explain(objects)
		r.result.Objects = objects
	}
}

// beforeRecord is the ending of an operation that stored nothing. What the
// rooms below classified stays; the rest is the chart's, unless time ran out.
func beforeRecord(out result.Outcome) error {
	var p *problem.Problem
	switch {
	case errors.As(out.Err, &p):
		return out.Err
	case out.Cut:
		return &problem.Problem{Reason: problem.Unanswered, Tried: "begin the operation", Cause: out.Err,
			Next: "Check that the API server is well, then run again. Nothing was stored."}
	}
	return &problem.Problem{Reason: problem.ChartInvalid, Tried: "prepare the release from the chart", Cause: out.Err,
		Next: "Mend the chart or its values and deploy again. Nothing was stored."}
}

// Interrupt is the cause with which the caller cancels a run on a signal.
type Interrupt struct {
	Signal string
	Ending problem.ExitReason
}

func (i *Interrupt) Error() string { return "interrupted by " + i.Signal }

// interruption is the Problem of a run that a signal ended, or nil. It says that
// nothing is stuck only where that is known.
func (r *run) interruption(ctx context.Context) error {
	var i *Interrupt
	if !errors.As(context.Cause(ctx), &i) {
		return nil
	}
	p := &problem.Problem{Reason: i.Ending, Headline: "Interrupted by " + i.Signal + "."}
	switch {
	case r.settled != "":
		p.Cause = errors.New("what was under way was stopped, and " + r.settled)
		p.Next = "Run again: nothing is stuck."
	case !r.wrote:
		p.Next = "Run again: nothing was under way."
	default:
		p.Next = "Run berth check to see where it stands: what was under way was stopped, but its end could not be recorded."
	}
	return p
}

// first is the first error that is not nil.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
