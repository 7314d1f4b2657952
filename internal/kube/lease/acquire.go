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
)

// Options say which release is locked, by whom, and for how long to try.
type Options struct {
	Namespace string
	Release   string
	Holder    string // for people: the run's URL and attempt
	Run       string // the run's hash, as on the records' stamps
	Duration  time.Duration
	// RenewEvery leaves room for a few failed renewals within Duration.
	RenewEvery time.Duration
	Wait       time.Duration // how long to wait for somebody else's end; 0: not at all
	Absent     bool          // it is not there most likely: create it before looking
	Renewable  bool          // who may create it may update it, as far as is known

	// ServerNow is the API server's time, or zero while it is not known. The
	// wall clock of this machine is never asked whether a Lease has run out.
	ServerNow func() time.Time
	// OnWait is told whom we wait for; the text is untrusted.
	OnWait func(holder string, since time.Time)
	// OnLost is called once, from the renewal's goroutine, with an ErrLost.
	OnLost func(error)
}

func (o Options) withDefaults() Options {
	if o.Duration <= 0 {
		o.Duration = defaultDuration
	}
	if o.RenewEvery <= 0 || o.RenewEvery >= o.Duration {
		o.RenewEvery = o.Duration / 3
	}
	if o.ServerNow == nil {
		o.ServerNow = func() time.Time { return time.Time{} }
	}
	if o.OnWait == nil {
		o.OnWait = func(string, time.Time) {}
	}
	if o.OnLost == nil {
		o.OnLost = func(error) {}
	}
	return o
}

// Acquire takes the Lease of a release and keeps renewing it until it is
// released, removed or lost, or ctx ends. It takes one that does not exist, that
// has ended, or whose holder stopped renewing it; for one that is held it waits.
//
// It returns a *HeldError when that took longer than o.Wait, ErrUnusable when
// Leases may not be used, and the API server's own error, wrapped, otherwise.
func Acquire(ctx context.Context, client kubernetes.Interface, o Options) (*Lease, error) {
	c := &candidate{
		Options: o.withDefaults(),
		api:     client.CoordinationV1().Leases(o.Namespace),
		token:   rand.Text(),
		until:   time.Now().Add(o.Wait),
	}
	for {
		began := time.Now()
		mine, err := c.try(ctx)
		switch {
		case mine != nil:
			return c.hold(ctx, mine, began)
		case err == nil: // somebody was quicker: look again
			continue
		case apierrors.IsForbidden(err) && !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
			return nil, fmt.Errorf("lock release %s in namespace %s: %w: %w", o.Release, o.Namespace, ErrUnusable, err)
		case ctx.Err() != nil:
			return nil, fmt.Errorf("lock release %s in namespace %s: %w", o.Release, o.Namespace, ctx.Err())
		case !c.patient(err):
			return nil, c.explain(err)
		}
		c.await(ctx)
	}
}

// hold begins the renewal. A Lease that was created may still be one that may
// not be updated: better to learn that now than when it runs out.
func (c *candidate) hold(ctx context.Context, mine *coordinationv1.Lease, began time.Time) (*Lease, error) {
	if c.found.State == facts.LockAbsent && !c.Renewable {
		renewed, err := c.api.Update(ctx, mine, metav1.UpdateOptions{})
		if apierrors.IsForbidden(err) {
			return nil, fmt.Errorf("renew the lock on release %s in namespace %s: %w: %w", c.Release, c.Namespace, ErrUnusable, err)
		}
		if err == nil {
			mine = renewed
		}
	}
	return hold(ctx, c, mine, began), nil
}
