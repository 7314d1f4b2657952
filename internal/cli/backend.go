package cli

import (
	"context"
	"time"

	"github.com/berth-dev/berth/internal/helm"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/lease"
	"github.com/berth-dev/berth/internal/kube/transport"
)

// open returns the backend of one Helm operation, behind a fence of its own.
func (w *wiring) open(ctx context.Context) (helm.Backend, error) {
	fence := transport.NewFence(ctx, w.holding)
	getter := w.conn.Getter(w.app.Namespace, fence)
	core, err := getter.Core()
	if err != nil {
		return helm.Backend{}, err
	}
	metadata, err := getter.Metadata()
	if err != nil {
		return helm.Backend{}, err
	}
	reads := w.conn.Getter(w.app.Namespace, transport.NewFence(context.WithoutCancel(ctx), w.holding))
	return helm.Backend{
		Getter: getter, Core: core, Metadata: metadata, Fence: fence, CacheGets: getter.CacheGets,
		Pods: w.conn.Clientset(), Waiter: w.waiter(reads),
	}, nil
}

func (w *wiring) waiter(reads *kube.Getter) waiter {
	return waiter{conn: w.conn, display: w.display, getter: reads, namespace: w.app.Namespace, release: w.app.Release, own: w.app.PerBranch, failFast: w.options.FailFast}
}

// leaseMargin is how long before the lock could be another's nothing more is
// begun: what was sent by then has landed. A short lock has less to spare.
func leaseMargin(duration time.Duration) time.Duration { return min(5*time.Second, duration/6) }

// holding is asked before every request of an operation. A process that was
// stopped and goes on later is refused here, before any timer of its fires.
func (w *wiring) holding() error {
	if w.lease == nil || w.lease.Live(leaseMargin(w.options.LockDuration)) {
		return nil
	}
	return lease.ErrLost
}
