package cli

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/engine"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/lease"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// locker implements engine.Locker with a Lease. It also tells the operations of the
// run whether the lock is still held.
type locker struct {
	conn    *kube.Conn
	options lease.Options
	held    atomic.Pointer[lease.Lease] // nil before Acquire, and where Leases may not be used
	log     func(format string, args ...any)
}

func newLocker(conn *kube.Conn, t target, o *input.Options, log func(string, ...any)) *locker {
	return &locker{conn: conn, log: log, options: lease.Options{
		Namespace: t.Namespace, Release: t.Release, Holder: t.holder, Run: t.run,
		Duration: o.LockDuration, RenewEvery: o.LockDuration / 3,
		Wait: o.LockTimeout, ServerNow: serverNow(conn),
	}}
}

// serverNow returns a function that returns the API server's time, or zero until
// that is known.
func serverNow(conn *kube.Conn) func() time.Time {
	return func() time.Time {
		t, _ := conn.ServerTime()
		return t
	}
}

func (l *locker) Acquire(
	ctx context.Context, expect engine.LockExpected, waiting func(string, time.Time),
) (engine.Held, facts.Lock, error) {
	o := l.options
	o.OnWait, o.Absent, o.Renewable, o.Break = waiting, expect.Absent, expect.Renewable, expect.Break
	held, err := lease.Acquire(ctx, l.conn.Clientset(), o)
	var busy *lease.HeldError
	switch {
	case err == nil:
		l.held.Store(held)
		return heldLease{held, leaseMargin(o.Duration), l.notes}, held.Found(), nil
	case errors.Is(err, lease.ErrUnusable):
		return nil, facts.Lock{State: facts.LockUnusable}, nil
	case errors.As(err, &busy):
		return nil, facts.Lock{}, stillHeld(o, busy)
	}
	return nil, facts.Lock{}, apifailure.Classify(err, "lock release "+o.Release)
}

// stillHeld returns the problem of a lock that another run holds. Who that is, its
// name says, which in CI is the URL of its run.
func stillHeld(o lease.Options, busy *lease.HeldError) *problem.Problem {
	p := &problem.Problem{Reason: problem.LiveOperation, Cause: busy,
		Tried: fmt.Sprintf("lock release %s in namespace %s within the lock-timeout of %s", o.Release, o.Namespace, o.Wait)}
	look := "Look whether that run still lives; the spec.renewTime of its lock grows while it does:\n" +
		fmt.Sprintf("$ kubectl get lease %s -n %s -o yaml\n", lease.Name(o.Release), o.Namespace)
	switch {
	case o.Break:
		p.Tried = fmt.Sprintf("break the lock on release %s in namespace %s", o.Release, o.Namespace)
		p.Next = look + "Wait for it to end, or cancel it, then run again: a lock that is renewed is never broken."
	case busy.Renewed:
		p.Next = "Wait for that run to end, or give a longer lock-timeout."
	default:
		p.Next = look + "Wait for it to end, or give a longer lock-timeout. If it is gone, take its lock:\n$ berth repair --break-lock"
	}
	return p
}

func (l *locker) Read(ctx context.Context) (facts.Lock, error) {
	o := l.options
	found, err := lease.Read(ctx, l.conn.Clientset(), o.Namespace, o.Release, o.ServerNow())
	return found, apifailure.Classify(err, "read the lock of release "+o.Release)
}

func (l *locker) Note(ctx context.Context, s facts.Standing) {
	if err := lease.Note(ctx, l.conn.Clientset(), l.options.Namespace, l.options.Release, l.notes(s)); err != nil {
		l.log("lock: %v", err)
	}
}

// notes returns the annotations that tell how the release stands.
func (l *locker) notes(s facts.Standing) map[string]string {
	all := map[string]string{}
	if s.Verdict != "" {
		all[ownership.AnnotationVerdict] = s.Verdict
		all[ownership.AnnotationVerdictAt] = server{l.conn}.Now().UTC().Format(time.RFC3339)
	}
	if s.Manifest == "" {
		return all
	}
	requests, err := manifest.Requests(s.Manifest)
	if err != nil {
		l.log("lock: what the pods ask for: %v", err)
		return all
	}
	all[ownership.AnnotationRequests] = requests
	return all
}

// check returns lease.ErrLost once the lock may belong to another run. It is called
// before every request of an operation, so that a process that was suspended sends
// nothing when it goes on, even before any of its timers fires.
func (l *locker) guard() error {
	held := l.held.Load()
	if held == nil || held.Live(leaseMargin(l.options.Duration)) {
		return nil
	}
	return lease.ErrLost
}

// leaseMargin returns how long before the end of a lock the run sends nothing more,
// so that everything sent has been processed when the lock ends. A short lock has a
// shorter margin.
func leaseMargin(duration time.Duration) time.Duration { return min(5*time.Second, duration/6) }

// heldLease implements engine.Held with a Lease.
type heldLease struct {
	*lease.Lease
	margin time.Duration
	notes  func(facts.Standing) map[string]string
}

func (h heldLease) Lost() <-chan struct{} { return h.Done() }

func (h heldLease) Live() bool { return h.Lease.Live(h.margin) }

func (h heldLease) End(ctx context.Context, a facts.Attempt, s facts.Standing) error {
	h.Note(h.notes(s))
	return h.Release(ctx, a)
}
