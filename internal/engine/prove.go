package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verdict"
)

// prover holds what is stored and running against what was reported.
type prover struct {
	gather  *gatherer
	records *recordRepairer
	lock    *lock
	report  *reporter
	policy  verdict.Policy
	timeout time.Duration
	confirm int // how many good looks in a row prove it
	// operation is the timeout of the operation before, and ignore the patterns of what
	// need not be ready.
	operation time.Duration
	ignore    []string
}

// proof is one proof under way.
type proof struct {
	*prover
	reported verdict.Reported
	good     int            // good looks in a row
	said     string         // the state that was announced last
	facts    *facts.Facts   // as last observed; nil: never
	stored   facts.Baseline // of the record, as last observed
	checks   []result.Check
	steady   int       // looks in a row that found the same
	lookErr  error     // of the last look
	answered time.Time // when a look last got an answer
}

// prove looks at the release until it is as reported, as often in a row as asked
// for, within the check-timeout.
func (p *prover) prove(ctx context.Context, reported verdict.Reported) error {
	return p.proveUntil(ctx, reported, time.Time{})
}

// proveUntil is prove after an operation that could have taken until then. That time
// is given to controllers of custom resources that are still at work.
func (p *prover) proveUntil(ctx context.Context, reported verdict.Reported, operationEnds time.Time) error {
	defer p.report.step("Check what is stored and running")()
	one := &proof{prover: p, reported: reported, answered: p.report.clock()}
	defer one.remark()
	limited, cancel := within(ctx, "check-timeout", p.timeout)
	defer cancel()
	err, over := one.retry(limited)
	if left := operationEnds.Sub(p.report.clock()); over && left > 0 && one.facts != nil && verdict.AwaitsControllers(one.facts, one.checks) {
		p.report.say("Only custom resources are not ready, or what hooks made: wait for their controllers for what is left of the timeout, " +
			text.Seconds(left))
		longer, cancel := context.WithTimeoutCause(ctx, left, &timeoutError{"timeout", p.operation})
		defer cancel()
		limited = longer
		err, over = one.retry(longer)
	}
	if err == nil {
		return one.keep(ctx)
	}
	if !over {
		return err
	}
	if lost := p.lock.lost(ctx); lost != nil {
		return lost
	}
	return one.expire(limited, err)
}

// retry looks until the release is as reported, nothing can make it so, or ctx ends.
// over is whether the time was not enough.
func (p *proof) retry(ctx context.Context) (err error, over bool) {
	err = backoff.Retry(func() error { return p.lookAndCount(ctx) }, backoff.WithContext(lookBackoff(), ctx))
	return err, err != nil && (ctx.Err() != nil || errors.Is(err, errNotYet))
}

// lookBackoff paces the looks: fast at first, since most releases settle at once,
// and without an end, since the context bounds them.
func lookBackoff() backoff.BackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(200*time.Millisecond),
		backoff.WithMaxInterval(2*time.Second),
		backoff.WithMaxElapsedTime(0),
	)
}

// errNotYet asks for another look.
var errNotYet = errors.New("not consistent yet")

// lookAndCount looks once and counts good looks. An error that is not permanent asks
// for another one.
func (p *proof) lookAndCount(ctx context.Context) error {
	res := &p.report.result
	res.Looks++
	state, err := p.look(ctx)
	if p.lookErr = err; err == nil || errors.Is(err, errNotYet) {
		p.answered = p.report.clock()
	}
	if err == nil {
		if p.good++; p.good >= p.confirm {
			return nil
		}
		state, err = fmt.Sprintf("good, %d of %d in a row", p.good, p.confirm), errNotYet
	} else {
		p.good = 0
	}
	if state != "" && state != p.said {
		p.said = state
		p.report.say(fmt.Sprintf("Check %d: %s", res.Looks, state))
	}
	return err
}

// look observes the release once and returns what does not hold.
func (p *proof) look(ctx context.Context) (state string, err error) {
	f, err := p.gather.gather(ctx, scope{objects: true, applied: p.reported.Manifest})
	if err == nil && f.Last() != nil && f.Last().PayloadStatus.Unfinished() {
		f.Lock, err = p.lock.current(ctx)
	}
	if err != nil {
		return "", retryUnanswered(err)
	}
	if last := f.Last(); last != nil {
		p.stored, last.Baseline = last.Baseline, verdict.BaselineOf(f, p.reported, p.policy)
	}
	p.report.observed(f, p.reported)
	if p.steady++; !slices.Equal(verdict.Findings(p.checks), verdict.Findings(p.report.result.Checks)) {
		p.steady = 1
	}
	p.facts, p.checks = f, p.report.result.Checks
	d := verdict.Diagnose(f, p.policy)
	if d.State == verdict.StateForeign { // however sound it is, it is not what was asked about
		return "", backoff.Permanent(verdict.Refuse(f, d))
	}
	if verdict.Consistent(p.checks) {
		return "", nil
	}
	if verdict.EndCheck(f, d, p.reported, p.checks) != nil {
		p.explain(ctx) // which may tell more in the checks
		return "", backoff.Permanent(p.named(verdict.EndCheck(f, d, p.reported, p.checks)))
	}
	if end := verdict.EndSteady(f, d, p.checks, p.steady); end != nil {
		return "", backoff.Permanent(end)
	}
	return verdict.Failing(p.checks), errNotYet
}

// keep stores the baseline of a deploy that is proven, unless Helm's last write of the
// record has stored all of it.
func (p *proof) keep(ctx context.Context) error {
	last := p.facts.Last()
	if p.reported.Left == nil || last == nil {
		return nil
	}
	b, left := last.Baseline.Within(facts.BaselineLimit)
	if len(left) > 0 {
		p.report.note(result.LevelWarning, "Too much was changed by others",
			"What differs from the manifest is more than a record can hold. A later check will name %s.", text.Plural(len(left), "object"))
	}
	if p.stored.Holds(b) {
		return nil
	}
	defer p.report.step("Note what others made of the objects")()
	return p.records.accept(ctx, last, b)
}

// retryUnanswered makes an error permanent unless the API server gave no answer or
// the records changed while they were read.
func retryUnanswered(err error) error {
	if problem.Of(err).Reason == problem.Unanswered || errors.Is(err, facts.ErrChanged) {
		return err
	}
	return backoff.Permanent(err)
}

// shortSilence may pass between two answers of a busy server: one look is many
// requests.
const shortSilence = 3 * time.Second

// expire returns the problem of a proof whose time is up. The end of the time cuts
// a look short, which says nothing about the server; but after a long silence,
// what was seen before is no longer what is.
func (p *proof) expire(ctx context.Context, err error) error {
	silent := p.report.clock().Sub(p.answered) > max(p.timeout/2, shortSilence)
	if p.lookErr != nil && !errors.Is(p.lookErr, errNotYet) && (silent || p.facts == nil) {
		return p.lookErr
	}
	if p.facts == nil {
		return err // the release was never seen
	}
	p.explain(ctx)
	return p.named(verdict.ExpireCheck(p.facts, verdict.Diagnose(p.facts, p.policy), p.checks, p.confirm, context.Cause(ctx)))
}

// named returns the problem with its cause in the headline, where that is known.
func (p *proof) named(end *problem.Problem) *problem.Problem {
	res := &p.report.result
	return verdict.NameCause(end, result.FaultsOf(res.Diagnostics), res.Namespace, p.checks)
}

// explain finds out why objects are not ready, as a deploy does, unless the deploy
// before has. By itself an object only says how many of its pods are not. What is not the release's may be
// named in its record all the same, by whoever may write that, and its pods' logs are not for who reads of this one.
func (p *proof) explain(ctx context.Context) {
	unready := slices.DeleteFunc(slices.Clone(p.facts.Objects), func(o facts.Object) bool { return !o.Owned })
	for _, h := range p.facts.Workloads {
		// One that Helm has made for a hook bears no mark of whose it is.
		o := h.Object
		if o.Owned || o.HookOf == p.gather.ns.name+"/"+p.gather.release || o.Namespace == p.gather.ns.name && o.Owner == "" {
			unready = append(unready, o)
		}
	}
	unready = slices.DeleteFunc(unready, func(o facts.Object) bool { return !o.Exists || o.Ready || o.Complete || o.Deleting })
	if res := &p.report.result; res.Diagnostics == nil && len(unready) > 0 {
		res.Diagnostics = p.gather.objects.Diagnose(ctx, unready)
	}
	p.report.result.Diagnostics.Explain(p.facts.Objects)
	for i := range p.facts.Workloads {
		one := []facts.Object{p.facts.Workloads[i].Object}
		p.report.result.Diagnostics.Explain(one)
		p.facts.Workloads[i].Object = one[0]
	}
	p.report.observed(p.facts, p.reported)
	p.checks = p.report.result.Checks
}
