package lease

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// Acquire takes the Lease of a release and renews it until it is released,
// removed or lost, or ctx ends. It takes a Lease that does not exist, that its
// holder has ended, or that its holder stopped renewing. For one that is held it
// waits.
//
// It returns a *HeldError when that took longer than o.Wait, or with o.Break when
// the Lease is renewed, an error that matches ErrUnusable when Leases may not be used, a *problem.Problem when the
// namespace is terminating, and the API server's own error, wrapped, otherwise.
func Acquire(ctx context.Context, client kubernetes.Interface, o Options) (*Lease, error) {
	c := &candidate{
		Options: o.withDefaults(),
		api:     client.CoordinationV1().Leases(o.Namespace),
		token:   rand.Text(),
		until:   time.Now().Add(o.patience()),
	}
	tried := fmt.Sprintf("lock release %s in namespace %s", o.Release, o.Namespace)
	for {
		began := time.Now()
		acquired, err := c.try(ctx)
		switch {
		case acquired != nil:
			return c.hold(ctx, acquired, began)
		case err == nil: // somebody was faster: read again
			continue
		case apierrors.IsForbidden(err) && !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
			return nil, fmt.Errorf("%s: %w: %w", tried, ErrUnusable, err)
		case ctx.Err() != nil:
			return nil, fmt.Errorf("%s: %w", tried, ctx.Err())
		case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
			return nil, &problem.Problem{Reason: problem.NamespaceTerminating, Tried: tried, Cause: err,
				Next: "Wait until the namespace is gone, then run again."}
		case !c.canWait(err):
			return nil, fmt.Errorf("%s: %w", tried, err)
		}
		c.awaitChange(ctx)
	}
}

// hold starts the renewal. A Lease that was just created may still be one that
// may not be updated, which is better learnt now than when it expires.
func (c *candidate) hold(ctx context.Context, acquired *coordinationv1.Lease, began time.Time) (*Lease, error) {
	if c.found.State == facts.LockAbsent && !c.Renewable {
		renewed, err := c.api.Update(ctx, acquired, metav1.UpdateOptions{})
		if apierrors.IsForbidden(err) {
			return nil, fmt.Errorf("renew the lock on release %s in namespace %s: %w: %w", c.Release, c.Namespace, ErrUnusable, err)
		}
		if err == nil {
			acquired = renewed
		}
	}
	ctx, stop := context.WithCancel(ctx)
	l := &Lease{
		o: c.Options, api: c.api, token: c.token, found: c.found,
		stop: stop, stopped: make(chan struct{}), lost: make(chan struct{}),
		object: acquired, renewed: began,
	}
	go l.renewUntil(ctx)
	return l, nil
}
