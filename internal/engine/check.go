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
	var err error
	if r.lock, err = r.Locker.Read(ctx); err != nil {
		return err
	}
	facts, err := r.gather(ctx, false)
	if err != nil {
		return err
	}
	last := facts.Last()
	switch {
	case last == nil:
		return notFound(r)
	case last.DecodeError != "":
		return verdict.PlanRepair(facts, verdict.Diagnose(facts, r.Options.Policy.AssumeDeadAfter), r.Options.Policy).Refusal
	case last.Payload == verdict.StatusFailed:
		r.result.Revision, r.result.Status, r.result.Chart = last.Revision, last.Payload, last.Chart
		return &verdict.Problem{Ending: verdict.EndDeployFailed, Tried: fmt.Sprintf("check revision %d: its deploy failed, and its record says so", last.Revision),
			Cause: errors.New(last.Description), Next: "Mend what is named here and deploy again."}
	}
	return r.prove(ctx, verdict.Want{})
}

// find refuses a namespace that is absent or not for us.
func (r *run) find(ctx context.Context) error {
	defer r.step("Look at the namespace")()
	if err := r.lookAtNamespace(ctx); err != nil {
		return err
	}
	if r.namespace.Phase == verdict.NamespaceAbsent {
		return notFound(r)
	}
	return nil
}

func notFound(r *run) error {
	return &verdict.Problem{Ending: verdict.EndNotFound,
		Tried: fmt.Sprintf("find release %s in namespace %s: there is none", r.Options.App.Release, r.Options.App.Namespace),
		Next:  "Check the names, or deploy it."}
}

// prove holds what is stored and running against want until it agrees as often
// in a row as asked for, within the check's own budget.
func (r *run) prove(ctx context.Context, want verdict.Want) error {
	defer r.step("Check what is stored and running")()
	ctx, cancel := within(ctx, "check-timeout", r.Options.CheckTimeout)
	defer cancel()
	good := 0
	look := func() error {
		r.result.Attempts++
		facts, err := r.gather(ctx, true)
		if err != nil {
			good = 0
			return retryable(err)
		}
		r.keep(facts, want)
		if !verdict.Consistent(r.result.Checks) {
			good = 0
			r.Say(fmt.Sprintf("Check %d: %s", r.result.Attempts, failing(r.result.Checks)))
			return errNotYet
		}
		if good++; good < r.Options.Confirm {
			r.Say(fmt.Sprintf("Check %d: good, %d of %d in a row", r.result.Attempts, good, r.Options.Confirm))
			return errNotYet
		}
		r.Say(fmt.Sprintf("Check %d: consistent", r.result.Attempts))
		return nil
	}
	err := backoff.Retry(look, backoff.WithContext(checkBackoff(), ctx))
	if err == nil {
		return nil
	}
	return r.inconsistent(ctx, err)
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
	if verdict.ProblemOf(err).Ending == verdict.EndUnanswered {
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

// inconsistent is the Problem of a check that did not come to agree.
func (r *run) inconsistent(ctx context.Context, err error) error {
	if len(r.result.Checks) == 0 || (!errors.Is(err, errNotYet) && ctx.Err() == nil) {
		return err
	}
	if verdict.Consistent(r.result.Checks) {
		return &verdict.Problem{Ending: verdict.EndInconsistent,
			Tried: fmt.Sprintf("see %d good checks in a row", r.Options.Confirm), Cause: context.Cause(ctx),
			Next: "Give a longer check-timeout, or ask for fewer with confirm."}
	}
	if d := verdict.Diagnose(r.facts, r.Options.Policy.AssumeDeadAfter); d.State == verdict.StateLive {
		return verdict.PlanDeploy(r.facts, d, r.Options.Policy).Refusal
	}
	next := "See the objects below, then deploy again."
	if r.result.Status.Pending() {
		next = "Run berth repair, or berth deploy, which repairs on its way."
	}
	return &verdict.Problem{Ending: verdict.EndInconsistent,
		Tried: "prove the release: " + failing(r.result.Checks), Cause: context.Cause(ctx), Next: next}
}

// failing names the checks that do not hold.
func failing(checks []verdict.Check) string {
	var names []string
	for _, c := range checks {
		if !c.OK {
			names = append(names, fmt.Sprintf("%s (%s)", c.Name, c.Detail))
		}
	}
	return strings.Join(names, ", ")
}
