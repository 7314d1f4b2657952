package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/berth-dev/berth/internal/verdict"
)

// check proves what is there, with retries, and never writes.
func check(ctx context.Context, r *run) error {
	if err := r.find(ctx); err != nil {
		return err
	}
	return r.prove(ctx, verdict.Want{})
}

// find refuses a namespace that is absent or not for us.
func (r *run) find(ctx context.Context) error {
	defer r.step("Look at the namespace")()
	if err := r.lookAtNamespace(ctx); err != nil {
		return err
	}
	switch r.namespace.Phase {
	case verdict.NamespaceAbsent:
		return notFound(r)
	case verdict.NamespaceTerminating:
		return r.terminating()
	case verdict.NamespaceActive, verdict.NamespaceHidden:
	}
	return nil
}

func notFound(r *run) error {
	return &verdict.Problem{Ending: verdict.EndNotFound,
		Headline: fmt.Sprintf("There is no release `%s` in `%s`.", r.Options.App.Release, r.Options.App.Namespace),
		Next:     "Check the names, or deploy it."}
}

// prove holds what is stored and running against want until it agrees as often
// in a row as asked for, within the check's own budget.
func (r *run) prove(ctx context.Context, want verdict.Want) error {
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
	if last != nil && !errors.Is(last, errNotYet) && (silent || r.facts == nil) {
		return last
	}
	return r.inconsistent(ctx, err)
}

// shortSilence may pass between two answers of a busy server: a look is a good
// many requests.
const shortSilence = 3 * time.Second

// look observes once. It says in what state the release is unless that is
// good; an error that is not permanent opts in to another look.
func (r *run) look(ctx context.Context, want verdict.Want) (state string, err error) {
	facts, err := r.gather(ctx, true)
	if err == nil && r.held == nil && facts.Last() != nil && facts.Last().Payload.Unfinished() {
		facts.Lock, err = r.Locker.Read(ctx) // somebody may hold it, or just have stopped
	}
	if err != nil {
		return "", retryable(err)
	}
	r.keep(facts, want)
	if verdict.Consistent(r.result.Checks) {
		return "", nil
	}
	if err := r.hopeless(facts, want); err != nil {
		return "", backoff.Permanent(err)
	}
	return failing(r.result.Checks), errNotYet
}

// hopeless is the Problem of a state that looking again does not change.
func (r *run) hopeless(f *verdict.Facts, want verdict.Want) error {
	d := verdict.Diagnose(f, r.Options.Policy)
	switch d.State {
	case verdict.StateAbsent:
		return notFound(r)
	case verdict.StateFailed:
		if want.Revision != 0 {
			return nil // a later operation than the one that was reported
		}
		last := f.Last()
		return &verdict.Problem{Ending: verdict.EndDeployFailed,
			Headline: fmt.Sprintf("The deploy of revision %d of `%s` failed, and its record says so.", last.Revision, r.Options.App.Release),
			Cause:    errors.New(last.Description), Next: "Mend what is named here and deploy again."}
	case verdict.StateRecordingFailed:
		p := r.notAsReported(errors.New(d.Cause))
		p.Next = "Only the record is wrong. Correct it in place, without a restart:\n$ berth repair --on-stuck promote\nThe next berth deploy deals with it as well."
		return p
	case verdict.StateAbandoned:
		p := r.notAsReported(fmt.Errorf("%s; %s", d.Cause, strings.Join(d.Why, "; ")))
		p.Next = "Run berth deploy, which deploys over it."
		return p
	case verdict.StateUnreadable:
		return &verdict.Problem{Ending: verdict.EndUnreadable, Headline: "The last record of `" + r.Options.App.Release + "` cannot be read.",
			Cause: errors.New(d.Cause), Next: "Run berth deploy, or berth repair: they move it out of the way."}
	case verdict.StateForeign, verdict.StateTerminating:
		return verdict.PlanRepair(f, d, r.Options.Policy).Refusal
	case verdict.StateDeployed, verdict.StateTwoDeployed, verdict.StateNoneDeployed, verdict.StateUninstalled,
		verdict.StateUninstalling, verdict.StateLive, verdict.StateUnknownHolder, verdict.StateDisagreeing:
	}
	return nil
}

// notAsReported opens with every check that does not hold.
func (r *run) notAsReported(cause error) *verdict.Problem {
	return &verdict.Problem{Ending: verdict.EndInconsistent, Cause: cause,
		Headline: fmt.Sprintf("Revision %d of `%s` in `%s` is not what it should be: %s.",
			r.result.Revision, r.Options.App.Release, r.Options.App.Namespace, failing(r.result.Checks))}
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
	if verdict.ProblemOf(err).Ending == verdict.EndUnanswered || errors.Is(err, verdict.ErrChanged) {
		return err
	}
	return backoff.Permanent(err)
}

// keep takes an observation into the result.
func (r *run) keep(f *verdict.Facts, want verdict.Want) {
	r.facts = f
	r.result.Checks = verdict.CheckRelease(f, want)
	r.result.Objects = f.Objects
	if last := f.Last(); last != nil {
		r.result.Revision, r.result.Status = last.Revision, last.Payload
		if r.result.Chart == "" {
			r.result.Chart = last.Chart
		}
	}
}

// inconsistent is the Problem of a check whose time is up.
func (r *run) inconsistent(ctx context.Context, err error) error {
	if r.facts == nil {
		return err // nothing was ever seen
	}
	cause := context.Cause(ctx)
	if verdict.Consistent(r.result.Checks) {
		return &verdict.Problem{Ending: verdict.EndInconsistent, Cause: cause,
			Tried: fmt.Sprintf("see %d good checks in a row", r.Options.Confirm),
			Next:  "Give a longer check-timeout, or ask for fewer with confirm."}
	}
	d := verdict.Diagnose(r.facts, r.Options.Policy)
	if d.State == verdict.StateLive {
		return verdict.PlanDeploy(r.facts, d, r.Options.Policy).Refusal
	}
	p := r.notAsReported(cause)
	if p.Next = "See the objects below, then deploy again."; d.State == verdict.StateUnknownHolder {
		p.Cause = errors.New(d.Cause)
		p.Next = "If you know that nothing works on it any more:\n$ berth repair --on-stuck promote --assume-dead-after 1s"
	}
	return p
}

// failing says what does not hold.
func failing(checks []verdict.Check) string {
	var faults []string
	for _, c := range checks {
		if !c.OK {
			faults = append(faults, c.Detail)
		}
	}
	return strings.Join(faults, "; ")
}
