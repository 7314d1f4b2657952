package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verdict"
)

// releaseTime bounds the release of the lock, which also follows a cancel.
const releaseTime = 1500 * time.Millisecond

// lock is the run's lock on the release.
type lock struct {
	locker    Locker
	report    *reporter
	namespace string
	timeout   time.Duration

	held    Held          // nil: not acquired, or Leases may not be used
	found   facts.Lock    // as it was before the run acquired it
	attempt facts.Attempt // what the lock is to say when it is released
	// manifest is that of the last revision that was read, of which the lock is to say what
	// its pods ask for.
	manifest string
	until    time.Time // how long the run waits for others
	end      error     // why the run that held it could not go on; nil: it could
}

// acquire waits for the lock and returns a context that ends when it is lost, and
// a function that releases it, and is given how the verb ended. waited is called if
// another run held it.
func (l *lock) acquire(ctx context.Context, expect LockExpected, waited func()) (context.Context, func(error), error) {
	done := l.report.step("Take the lock on the release")
	l.until = l.report.clock().Add(l.timeout)
	wait := false
	waiting := "Waiting for the lock"
	if expect.Break {
		waiting = "Watching whether anybody renews the lock"
	}
	held, found, err := l.locker.Acquire(ctx, expect, func(holder string, since time.Time) {
		l.report.say(fmt.Sprintf("%s, held by %q since %s", waiting, holder, timestamp(since)))
		wait = true
	})
	if wait {
		waited()
	}
	done()
	if err != nil {
		return ctx, nil, err
	}
	l.held, l.found, l.attempt = held, found, found.Attempt // what it says stays until this run has something to say
	if expect.Break {
		l.tellBroken()
		l.until = l.report.clock().Add(l.timeout) // the look has a time of its own
	}
	if held == nil {
		l.report.note(result.LevelNotice, result.NoLock,
			"Leases in namespace %s may not be used, so runs of this branch are told apart by their records' stamps alone.", l.namespace)
		return ctx, func(error) {}, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-held.Lost():
			cancel(errLockLost)
		case <-ctx.Done():
		}
	}()
	return ctx, func(ended error) { l.release(ctx, ended); cancel(nil) }, nil
}

// tellBroken says what became of a lock that was to be broken.
func (l *lock) tellBroken() {
	switch l.found.State {
	case facts.LockHeld, facts.LockExpired:
		l.report.note(result.LevelWarning, "Lock broken",
			"The lock was held by %q since %s, and nobody renewed it while it was watched, so this run took it. "+
				"If that run still lives, it stops before its next request. Cancel it in the CI, so that it does not begin anew.",
			l.found.Holder, timestamp(l.found.Since))
	case facts.LockAbsent, facts.LockEnded:
		l.report.note(result.LevelNotice, "No lock to break", "Nobody held the lock.")
	case facts.LockUnusable:
	}
}

// timestamp formats a time that somebody else wrote, or did not.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return "a time that is not known"
	}
	return t.UTC().Format(time.RFC3339)
}

// release writes how the attempt and the verb ended, and releases the lock.
func (l *lock) release(ctx context.Context, ended error) {
	if errors.Is(context.Cause(ctx), errLockLost) {
		l.end = l.lost(ctx)
		return
	}
	standing := l.standing(ctx, ended)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	if err := l.held.End(ctx, l.attempt, standing); err != nil {
		l.report.note(result.LevelNotice, "Lock not released", "The lock could not be released and runs out by itself: %v", err)
	}
}

// note writes on a lock that nobody holds how a verb ended that takes none.
func (l *lock) note(ctx context.Context, ended error) {
	standing := l.standing(ctx, ended)
	if standing.Verdict == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, releaseTime)
	defer cancel()
	l.locker.Note(ctx, standing)
}

// standing returns what the lock is to say of the release. A run that was refused, cut short
// or left without an answer has not found out how it stands.
func (l *lock) standing(ctx context.Context, ended error) facts.Standing {
	s := facts.Standing{Manifest: l.manifest}
	reason := problem.Consistent
	if p := problem.Of(ended); p != nil {
		reason = p.Reason
	}
	if interrupted(ctx) == nil && verdict.Judges(reason) {
		s.Verdict = string(reason)
	}
	return s
}

// errLockLost is the cause of the run's context once the lock is lost, whether or
// not another run has it.
var errLockLost = errors.New("the lock on the release was lost: it could not be renewed in time, or another run took it")

// lost returns the problem of a run that may write nothing more, or nil.
func (l *lock) lost(ctx context.Context) error {
	if !errors.Is(context.Cause(ctx), errLockLost) && (l.held == nil || l.held.Live()) {
		return nil
	}
	if trouble := l.held.Trouble(); trouble != nil {
		return &problem.Problem{Reason: problem.Unanswered, Tried: "keep the lock on the release", Cause: trouble,
			Next: "Check that the API server can be reached and is healthy, then run again: what this run left is mended then."}
	}
	return &problem.Problem{Reason: problem.LiveOperation, Tried: "go on with the release", Cause: errLockLost,
		Next: "See the other run of this branch, if there is one, then run again."}
}

// current returns the lock as it is now where this run does not hold it: another
// run may, or may just have released it. Where this run does, it is as it was found.
func (l *lock) current(ctx context.Context) (facts.Lock, error) {
	if l.held != nil {
		return l.found, nil
	}
	return l.locker.Read(ctx)
}

// expectRemoval announces that the namespace is about to be deleted.
func (l *lock) expectRemoval() {
	if l.held != nil {
		l.held.ExpectRemoval()
	}
}

// remove deletes the lock of a release that is gone, where the namespace stays.
func (l *lock) remove(ctx context.Context) {
	if l.held == nil {
		return
	}
	if err := l.held.Remove(ctx); err != nil {
		l.report.note(result.LevelNotice, result.LockStays, "The lock's Lease stays in namespace %s: %v", l.namespace, err)
	}
}
