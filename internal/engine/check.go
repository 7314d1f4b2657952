package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verdict"
)

// check proves what is there, with retries, and never writes.
func check(ctx context.Context, r *run) error {
	if err := r.find(ctx); err != nil {
		return err
	}
	return r.prove(ctx, verdict.Reported{})
}

// find refuses a namespace that is absent or not for us.
func (r *run) find(ctx context.Context) error {
	defer r.step("Look at the namespace")()
	if err := r.lookAtNamespace(ctx); err != nil {
		return err
	}
	switch r.namespace.Phase {
	case facts.NamespaceAbsent:
		return notFound(r)
	case facts.NamespaceTerminating:
		return r.terminating()
	case facts.NamespaceActive, facts.NamespaceHidden:
	}
	return nil
}

func notFound(r *run) error {
	return &problem.Problem{Reason: problem.NotFound,
		Headline: fmt.Sprintf("There is no release `%s` in `%s`.", r.Options.App.Release, r.Options.App.Namespace),
		Next:     "Check the names, or deploy it."}
}

// prove holds what is stored and running against want until it agrees as often
// in a row as asked for, within the check's own budget.
func (r *run) prove(ctx context.Context, want verdict.Reported) error {
	defer r.step("Check what is stored and running")()
	ctx, cancel := within(ctx, "check-timeout", r.Options.CheckTimeout)
	defer cancel()
	good, said := 0, ""
	var last error // what the last look met, and when one was answered
	answered := r.Clock()
	look := func() error {
		r.result.Attempts++
		state, err := r.look(ctx, want)
		if last = err; err == nil || errors.Is(err, errNotYet) {
			answered = r.Clock()
		}
		if err == nil {
			if good++; good >= r.Options.Confirm {
				return nil
			}
			state, err = fmt.Sprintf("good, %d of %d in a row", good, r.Options.Confirm), errNotYet
		} else {
			good = 0
		}
		if state != "" && state != said {
			said = state
			r.Say(fmt.Sprintf("Check %d: %s", r.result.Attempts, state))
		}
		return err
	}
	err := backoff.Retry(look, backoff.WithContext(checkBackoff(), ctx))
	if err == nil || ctx.Err() == nil && !errors.Is(err, errNotYet) {
		return err
	}
	if lost := r.lockLost(ctx); lost != nil {
		return lost
	}
	// The end of the time cuts a look short, which says nothing of the server;
	// long without an answer, what was seen before is no longer what is.
	silent := r.Clock().Sub(answered) > max(r.Options.CheckTimeout/2, shortSilence)
	if last != nil && !errors.Is(last, errNotYet) && (silent || r.seen == nil) {
		return last
	}
	return r.inconsistent(ctx, err)
}

// shortSilence may pass between two answers of a busy server: a look is a good
// many requests.
const shortSilence = 3 * time.Second

// look observes once. It says in what state the release is unless that is
// good; an error that is not permanent opts in to another look.
func (r *run) look(ctx context.Context, want verdict.Reported) (state string, err error) {
	seen, err := r.gather(ctx, true)
	if err == nil && r.held == nil && seen.Last() != nil && seen.Last().Payload.Unfinished() {
		seen.Lock, err = r.Locker.Read(ctx) // somebody may hold it, or just have stopped
	}
	if err != nil {
		return "", retryable(err)
	}
	r.keep(seen, want)
	if verdict.Consistent(r.result.Checks) {
		return "", nil
	}
	if err := r.hopeless(seen, want); err != nil {
		return "", backoff.Permanent(err)
	}
	return failing(r.result.Checks), errNotYet
}

// checkBackoff paces the looks: quick at first, since most releases settle at
// once, and for ever, since the context bounds it.
func checkBackoff() backoff.BackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(200*time.Millisecond),
		backoff.WithMaxInterval(2*time.Second),
		backoff.WithMaxElapsedTime(0),
	)
}

// errNotYet opts in to another look.
var errNotYet = errors.New("not consistent yet")

// retryable lets a look be repeated only where the API server gave no answer.
func retryable(err error) error {
	if problem.Of(err).Reason == problem.Unanswered || errors.Is(err, facts.ErrChanged) {
		return err
	}
	return backoff.Permanent(err)
}

// keep takes an observation into the result.
func (r *run) keep(f *facts.Facts, want verdict.Reported) {
	r.seen = f
	r.result.Checks = verdict.Checks(f, want)
	r.result.Objects = f.Objects
	if last := f.Last(); last != nil {
		r.result.Revision, r.result.Status = last.Revision, last.Payload
		if r.result.Chart == "" {
			r.result.Chart = last.Chart
		}
	}
}
