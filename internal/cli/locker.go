package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/engine"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/lease"
	"github.com/berth-dev/berth/internal/problem"
)

// locker is the engine's view of internal/kube/lease.
type locker struct {
	conn      *kube.Conn
	options   lease.Options
	namespace string
	release   string
	held      **lease.Lease // told when the lock is held
}

func (w *wiring) locker() locker {
	return locker{conn: w.conn, held: &w.lease, namespace: w.app.Namespace, release: w.app.Release, options: lease.Options{
		Namespace: w.app.Namespace, Release: w.app.Release, Holder: w.holder, Run: w.run,
		Duration: w.options.LockDuration, RenewEvery: w.options.LockDuration / 3,
		Wait: w.options.LockTimeout, ServerNow: serverNow(w.conn),
	}}
}

// serverNow is the API server's time, or zero until it is known.
func serverNow(conn *kube.Conn) func() time.Time {
	return func() time.Time {
		t, _ := conn.ServerTime()
		return t
	}
}

func (l locker) Acquire(ctx context.Context, expect engine.LockExpected, waiting func(string, time.Time)) (engine.Held, facts.Lock, error) {
	o := l.options
	o.OnWait, o.Absent, o.Renewable = waiting, expect.Absent, expect.Renewable
	held, err := lease.Acquire(ctx, l.conn.Clientset(), o)
	var busy *lease.HeldError
	switch {
	case err == nil:
		*l.held = held
		return heldLease{held, leaseMargin(o.Duration)}, held.Found(), nil
	case errors.Is(err, lease.ErrUnusable):
		return nil, facts.Lock{State: facts.LockUnusable}, nil
	case errors.As(err, &busy):
		return nil, facts.Lock{}, &problem.Problem{Reason: problem.LiveOperation,
			Tried: fmt.Sprintf("lock release %s in namespace %s within the lock-timeout of %s", l.release, l.namespace, o.Wait),
			Cause: busy, Next: "Wait for that run to end, or give a longer lock-timeout."}
	}
	return nil, facts.Lock{}, apifailure.Classify(err, "lock release "+l.release)
}

func (l locker) Read(ctx context.Context) (facts.Lock, error) {
	found, err := lease.Read(ctx, l.conn.Clientset(), l.namespace, l.release, l.options.ServerNow())
	return found, apifailure.Classify(err, "read the lock of release "+l.release)
}

// heldLease is a Lease that this run holds.
type heldLease struct {
	*lease.Lease
	margin time.Duration
}

func (h heldLease) Lost() <-chan struct{} { return h.Done() }

func (h heldLease) Live() bool { return h.Lease.Live(h.margin) }

func (h heldLease) End(ctx context.Context, a facts.Attempt) error { return h.Release(ctx, a) }
