package engine

import (
	"context"
	"errors"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// askCIEvery is how often the CI is asked again about a run that it says is
// still running.
const askCIEvery = 10 * time.Second

// settledFacts gathers the facts, and waits within the lock-timeout for as long
// as an operation may still be at work on the release: until its record changes,
// or nothing can be alive any more.
func (r *run) settledFacts(ctx context.Context) (*facts.Facts, error) {
	said, waited := "", func() {}
	defer func() { waited() }()
	for {
		seen, err := r.lookAtRelease(ctx)
		if lost := r.lockLost(ctx); lost != nil {
			return nil, lost
		}
		if err != nil {
			return nil, err
		}
		d := verdict.Diagnose(seen, r.Options.Policy)
		left := r.lockUntil.Sub(r.Clock())
		if !r.worthWaiting(seen, d) || left <= 0 {
			return seen, nil
		}
		if said == "" {
			waited = r.step("Wait for what may still be at work on the release")
		}
		if d.Cause != said {
			said = d.Cause
			r.Say("Waiting up to " + left.Round(time.Second).String() + ", since " + d.Cause)
		}
		if err := r.awaitChange(ctx, seen, left); err != nil && r.lockLost(ctx) == nil {
			return nil, err
		}
		r.stale()
	}
}

// worthWaiting says that somebody may be at work whom to wait for. Who takes a
// release down does not mind that another does so too.
func (r *run) worthWaiting(f *facts.Facts, d verdict.Diagnosis) bool {
	if d.State != verdict.StateLive && d.State != verdict.StateUnknownHolder {
		return false
	}
	return r.result.Verb != verb.Teardown || f.Last().Payload != facts.StatusUninstalling
}

// lookAtRelease gathers the facts, once more where the records changed meanwhile.
func (r *run) lookAtRelease(ctx context.Context) (*facts.Facts, error) {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	var err error
	for range looks {
		var seen *facts.Facts
		seen, err = r.gather(ctx, false)
		if err == nil && r.result.Verb == verb.Deploy {
			err = r.observeLeftHooks(ctx, seen)
		}
		if !errors.Is(err, facts.ErrChanged) {
			return seen, err
		}
	}
	return nil, err
}

// looks is how often records that keep changing are looked at.
const looks = 5

// awaitChange returns when a record of the release changed, when the operation
// at work counts as dead, or when the time to wait is over.
func (r *run) awaitChange(ctx context.Context, f *facts.Facts, limit time.Duration) error {
	if from := verdict.PresumedDeadAt(f, r.Options.Policy); !from.IsZero() {
		// The API server's Date has whole seconds.
		limit = min(limit, max(from.Sub(f.Now), 0)+time.Second)
	}
	if f.CI == facts.RunRunning {
		limit = min(limit, askCIEvery)
	}
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := r.Releases.Changed(waiting)
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		return nil // the time is over
	}
	return err
}

// carryOut plans and performs. What has to be mended before anything else can be
// decided is mended first, and a record that somebody changed in between is
// decided about anew: each time from facts that are gathered afresh.
func (r *run) carryOut(ctx context.Context, seen *facts.Facts, decide decision, ready func(*facts.Facts, verdict.Plan) error) (*facts.Facts, verdict.Plan, error) {
	var err error
	for range looks {
		if seen == nil {
			if seen, err = r.lookAtRelease(ctx); err != nil {
				return nil, verdict.Plan{}, err
			}
		}
		plan := r.plan(seen, decide)
		if plan.Refusal != nil {
			return seen, plan, plan.Refusal
		}
		if err = ready(seen, plan); err == nil {
			err = r.performAll(ctx, plan, seen)
		}
		if !errors.Is(err, facts.ErrChanged) || r.operated {
			if err != nil || !plan.GatherAgain {
				return seen, plan, err
			}
		} else {
			r.Say("A record was changed meanwhile: decide anew")
		}
		seen = nil
	}
	if err == nil {
		err = &problem.Problem{Reason: problem.RepairFailed, Tried: "mend the records of release " + r.Options.App.Release,
			Cause: errors.New("each repair brought another fault to light"), Next: "Run berth check to see where it stands."}
	}
	return nil, verdict.Plan{}, err
}

// decision is a verb's plan for what was found.
type decision func(*facts.Facts, verdict.Diagnosis, verdict.Policy) verdict.Plan
