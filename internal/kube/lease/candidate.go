package lease

import (
	"context"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typed "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// candidate is somebody who wants the Lease.
type candidate struct {
	Options
	api   typed.LeaseInterface
	token string
	until time.Time // when to give up

	seen   *coordinationv1.Lease // as last read
	found  facts.Lock            // as it was before we took it
	change time.Time             // when we first saw it as it is
	told   string                // the token of the holder that OnWait was told of
}

// try takes the Lease if it is free. Neither a Lease nor an error means that it
// changed meanwhile; a *HeldError that it is not free.
func (c *candidate) try(ctx context.Context) (*coordinationv1.Lease, error) {
	if c.Absent {
		c.Absent = false // it is there now, or we are told
		return c.create(ctx)
	}
	current, err := c.api.Get(ctx, Name(c.Release), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return c.create(ctx)
	}
	if err != nil {
		return nil, err
	}
	if c.seen == nil || c.seen.UID != current.UID || c.seen.ResourceVersion != current.ResourceVersion {
		c.change = time.Now()
	}
	c.seen = current
	if current.Annotations[annotationToken] == c.token { // our own write, whose answer was lost
		return current, nil
	}
	if !c.free(current) {
		return nil, &HeldError{Holder: holder(current), Since: acquired(current)}
	}
	c.found = state(current, c.ServerNow())
	if c.found.State == facts.LockHeld { // free all the same: nobody renewed it under our eyes
		c.found = expired(c.found, expires(current))
	}
	next := current.DeepCopy()
	c.claim(next)
	next, err = c.api.Update(ctx, next, metav1.UpdateOptions{})
	return unlessBeaten(next, err)
}

// create makes the Lease, ours.
func (c *candidate) create(ctx context.Context) (*coordinationv1.Lease, error) {
	made := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
		Name: Name(c.Release), Labels: map[string]string{ownership.LabelManagedBy: ownership.ManagedByBerth},
	}}
	c.found = facts.Lock{State: facts.LockAbsent}
	c.claim(made)
	made, err := c.api.Create(ctx, made, metav1.CreateOptions{})
	return unlessBeaten(made, err)
}

// free says that nobody holds the Lease: its holder has ended it, or has let it
// run out, either by the API server's clock or because it stayed as it is for
// its whole duration under our eyes.
func (c *candidate) free(l *coordinationv1.Lease) bool {
	if holder(l) == "" {
		return true
	}
	now := c.ServerNow()
	return !now.IsZero() && now.After(expires(l)) || time.Since(c.change) > duration(l)
}

func (c *candidate) claim(l *coordinationv1.Lease) {
	now, seconds := metav1.NewMicroTime(c.now()), int32(max(1, (c.Duration+time.Second-1)/time.Second))
	var turns int32
	if l.Spec.LeaseTransitions != nil {
		turns = *l.Spec.LeaseTransitions + 1
	}
	l.Spec.HolderIdentity = &c.Holder
	l.Spec.LeaseDurationSeconds = &seconds
	l.Spec.AcquireTime, l.Spec.RenewTime = &now, &now
	l.Spec.LeaseTransitions = &turns
	if l.Annotations == nil {
		l.Annotations = make(map[string]string)
	}
	l.Annotations[annotationToken] = c.token
	l.Annotations[annotationHolderRun] = c.Run
	if len(c.found.Expired) > 0 {
		l.Annotations[annotationExpired] = formatExpired(c.found.Expired)
	}
}

// now is what is written for people to read: the server's time when known.
func (o Options) now() time.Time {
	if now := o.ServerNow(); !now.IsZero() {
		return now
	}
	return time.Now()
}

func unlessBeaten(l *coordinationv1.Lease, err error) (*coordinationv1.Lease, error) {
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err // the client returns an empty Lease along with it
	}
	return l, nil
}
