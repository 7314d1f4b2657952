package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/verdict"
)

// settleTime is what settling a record may take after the run's own context
// has ended: a cancelled CI job is killed about seven seconds after the signal.
const settleTime = 3 * time.Second

// failed handles an operation that did not come to its end. When it returns
// with EndDeployFailed, the record says failed.
func (r *run) failed(ctx context.Context, out verdict.Outcome, before *verdict.Facts) error {
	if errors.Is(context.Cause(ctx), errLockLost) {
		return &verdict.Problem{Ending: verdict.EndLive, Tried: "go on with the deploy", Cause: errLockLost,
			Next: "see the other run of this branch"}
	}
	interrupted := interruption(ctx)
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	facts, err := r.gather(settle, false)
	if err != nil {
		return errors.Join(first(interrupted, err), out.Err)
	}
	last := facts.Last()
	if last == nil || (before.Last() != nil && last.Revision == before.Last().Revision) {
		return first(interrupted, beforeRecord(out.Err)) // nothing was stored
	}
	r.result.Revision, r.result.Status = last.Revision, last.Payload
	r.attempt.Revision = last.Revision
	if last.Payload.Pending() && last.Stamp.Run == r.Options.Run {
		if err := r.Releases.Settle(settle, last, verdict.StatusFailed, fmt.Sprintf("settled by Berth: %v", out.Err)); err != nil {
			return first(interrupted, err)
		}
		last.Payload = verdict.StatusFailed
	}
	r.result.Status = last.Payload
	if interrupted != nil {
		r.attempt.Outcome = "interrupted"
		r.settled = fmt.Sprintf("revision %d is recorded as %s", last.Revision, last.Payload)
		return interrupted
	}
	r.observeFailure(settle, last)
	return &verdict.Problem{Ending: verdict.EndDeployFailed,
		Headline: fmt.Sprintf("The deploy of revision %d of `%s` failed, and its record says so.", last.Revision, r.Options.App.Release), Cause: out.Err,
		Next: "Mend what is named here and deploy again: the record says failed, so nothing is stuck."}
}

// observeFailure gathers what the objects look like, for the report. A failed
// look is no second failure.
func (r *run) observeFailure(ctx context.Context, last *verdict.Record) {
	if objects, err := r.Cluster.Observe(ctx, last.Manifest); err == nil {
		r.result.Objects = objects
	}
}

// beforeRecord is the ending of an operation that stored nothing. What the
// rooms below classified stays; the rest is the chart's.
func beforeRecord(err error) error {
	var p *verdict.Problem
	if errors.As(err, &p) {
		return err
	}
	return &verdict.Problem{Ending: verdict.EndChart, Tried: "prepare the release from the chart", Cause: err,
		Next: "Nothing was stored. Mend the chart or its values and deploy again."}
}

// Interrupt is the cause with which the caller cancels a run on a signal.
type Interrupt struct {
	Signal string
	Ending verdict.Ending
}

func (i *Interrupt) Error() string { return "interrupted by " + i.Signal }

// interruption is the Problem of a run that a signal ended, or nil.
func interruption(ctx context.Context) error {
	var i *Interrupt
	if !errors.As(context.Cause(ctx), &i) {
		return nil
	}
	return &verdict.Problem{Ending: i.Ending, Headline: "Interrupted by " + i.Signal + ".", Next: "Nothing is stuck: run again."}
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
