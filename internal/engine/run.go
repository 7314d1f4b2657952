package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// run is one verb under way: what it found and what it will report.
type run struct {
	*Engine
	result    result.Result
	started   time.Time
	namespace facts.Namespace
	lock      facts.Lock                  // as found
	held      Held                        // nil without permission on Leases
	attempt   facts.Attempt               // what the lock will be told
	rendered  bool                        // the chart was rendered for an install
	fresh     bool                        // the namespace was made by this run
	granted   map[problem.Permission]bool // what the run is known to be allowed to do
	denied    []problem.MissingPermission // what it is known not to be
	waiting   bool                        // it was said that permissions are waited for
	wrote     bool                        // an operation was begun: an interrupt may leave something behind
	operated  bool                        // a Helm operation was begun: nothing is decided anew after it
	repairs   []string                    // what was mended
	audited   int                         // how many of the records' writes were looked through
	settled   string                      // what an interrupted run left on record
	lockUntil time.Time                   // how long to wait for others
	// failedRevision is the revision of the operation that failed.
	failedRevision int
	unreadable     []string // teardown: records that were set aside unread
	// namespaceGone says that teardown deleted the namespace.
	namespaceGone bool
	want          verdict.Reported // what was reported, for the check
	seen          *facts.Facts     // as last gathered by the check
}

// step says what is being done, times it and keeps it for the timeline.
func (r *run) step(what string) (done func()) {
	ended := r.stepOf(what)
	return func() { ended(nil) }
}

// stepOf is step for what has parts of its own, timed since it began.
func (r *run) stepOf(what string) (done func(parts []result.Event)) {
	r.Say(what)
	from := r.Clock()
	return func(parts []result.Event) {
		at, took := from.Sub(r.started), r.Clock().Sub(from)
		r.result.Timeline = append(r.result.Timeline, result.Event{At: at, Took: took, What: what, Parts: result.Shift(parts, at)})
	}
}

// note keeps something that becomes an annotation.
func (r *run) note(level result.Level, title, format string, args ...any) {
	r.result.Notes = append(r.result.Notes, result.Note{Level: level, Title: title, Message: fmt.Sprintf(format, args...)})
}

// errLockLost is the cause with which a run ends whose lock was taken over.
var errLockLost = errors.New("the lock on the release was lost: it could not be renewed in time, or another run took it")

// acquire takes the lock and returns a context that ends when it is lost.
func (r *run) acquire(ctx context.Context) (context.Context, func(), error) {
	done := r.step("Take the lock on the release")
	r.lockUntil = r.Clock().Add(r.Options.LockTimeout)
	expect := LockExpected{Absent: r.fresh, Renewable: r.granted[r.Access.RenewLock()]}
	waited := false
	held, found, err := r.Locker.Acquire(ctx, expect, func(holder string, since time.Time) {
		r.Say(fmt.Sprintf("Waiting for the lock, held by %q since %s", holder, since.UTC().Format(time.RFC3339)))
		waited = true
	})
	if waited {
		r.stale()
	}
	done()
	if err != nil {
		return ctx, nil, err
	}
	r.lock, r.held = found, held
	if at, ok := found.ExpiredAt(found.Run); ok && found.State == facts.LockExpired && r.result.Verb == verb.Deploy {
		r.note(result.LevelWarning, "A run was cut off", "The run before this one, %q, did not end in order: it stopped renewing its lock at %s. What it left is looked at and mended below.",
			found.Holder, at.UTC().Format(time.RFC3339))
	}
	r.attempt = found.Attempt // what it says stays until this run has something to say
	if held == nil {
		r.note(result.LevelNotice, "No lock",
			"Leases in namespace %s may not be used, so runs of this branch are told apart by their records' stamps alone.", r.namespace.Name)
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-held.Lost():
			cancel(errLockLost)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { r.release(ctx); cancel(nil) }, nil
}

// stale has what was asked and rendered before a wait for others asked and
// rendered anew: they may have brought kinds that the chart goes by.
func (r *run) stale() {
	r.Releases.Refresh()
	r.rendered = false
}

// release lets the lock go, with how the attempt ended. It has a little time
// of its own, since it also runs after a cancel.
func (r *run) release(ctx context.Context) {
	if errors.Is(context.Cause(ctx), errLockLost) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 1500*time.Millisecond)
	defer cancel()
	if err := r.held.End(ctx, r.attempt); err != nil {
		r.note(result.LevelNotice, "Lock not released", "The lock could not be released and runs out by itself: %v", err)
	}
}

// lockLost is the Problem of a run that may write nothing more, or nil.
func (r *run) lockLost(ctx context.Context) error {
	if !errors.Is(context.Cause(ctx), errLockLost) && (r.held == nil || r.held.Live()) {
		return nil
	}
	if trouble := r.held.Trouble(); trouble != nil {
		return &problem.Problem{Reason: problem.Unanswered, Tried: "keep the lock on the release", Cause: trouble,
			Next: "Check that the API server can be reached and is healthy, then run again: what this run left is mended then."}
	}
	return &problem.Problem{Reason: problem.LiveOperation, Tried: "go on with the release", Cause: errLockLost,
		Next: "See the other run of this branch, if there is one, then run again."}
}

// gather reads the facts. observe also reads the objects, which a pending
// record needs in any case.
func (r *run) gather(ctx context.Context, observe bool) (*facts.Facts, error) {
	f := &facts.Facts{
		Release: r.Options.App.Release, Identity: r.Options.App.Identity, Run: r.Options.Run,
		Namespace: r.namespace, Lock: r.lock,
	}
	ahead := r.observeAhead(ctx, observe)
	var err error
	f.Records, err = r.Releases.Records(ctx)
	if err != nil {
		return nil, err
	}
	f.Now = r.Cluster.Now()
	last := f.Last()
	if last == nil {
		return f, nil
	}
	if err := r.Releases.Load(ctx, last); err != nil {
		return nil, err
	}
	if last.DecodeError == "" && (observe || last.Payload.Unfinished()) {
		if err := r.observe(ctx, f, ahead); err != nil {
			return nil, err
		}
	}
	r.askCI(ctx, f)
	return f, nil
}

// askCI asks the CI about the run that left the last record, where nothing else
// tells whether it still works.
func (r *run) askCI(ctx context.Context, f *facts.Facts) {
	last := f.Last()
	if last.RunURL == "" || last.Stamp.Zero() || !last.Payload.Pending() {
		return
	}
	if life, _ := verdict.JudgeLiveness(f, r.Options.Policy); life == verdict.Unknown {
		f.CI = r.Runs.State(ctx, last.RunURL)
	}
}
