package lease

import (
	"context"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typed "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// candidate is a run that wants the Lease.
type candidate struct {
	Options
	api   typed.LeaseInterface
	token string    // of this candidate alone
	until time.Time // when to give up

	seen      *coordinationv1.Lease // as last read
	changed   time.Time             // when it was first read as it is, by this machine's clock
	found     facts.Lock            // as it was before it was taken
	announced holding               // the one that OnWait was called for last; zero: none
}

// holding is what tells one holder of the Lease from the next. Only Berth writes a
// token.
type holding struct {
	lease         types.UID
	holder, token string
}

// try takes the Lease if it is free. It returns neither a Lease nor an error
// where somebody else wrote it at the same time, and a *HeldError where it is
// held.
func (c *candidate) try(ctx context.Context) (*coordinationv1.Lease, error) {
	if c.Absent {
		c.Absent = false // either it is created now, or it turns out to exist
		return c.create(ctx)
	}
	current, err := c.api.Get(ctx, Name(c.Release), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return c.create(ctx)
	}
	if err != nil {
		return nil, err
	}
	c.observe(current)
	if current.Annotations[annotationToken] == c.token { // this candidate's own write, whose answer was lost
		return current, nil
	}
	if !c.isFree(current, c.ServerNow(), time.Now()) {
		return nil, &HeldError{Holder: holder(current), Since: acquired(current)}
	}
	c.found = state(current, c.ServerNow())
	if c.found.State == facts.LockHeld { // free all the same: nobody renewed it while it was watched
		c.found = expired(c.found, expires(current))
	}
	next := current.DeepCopy()
	c.setHolder(next)
	next, err = c.api.Update(ctx, next, metav1.UpdateOptions{})
	return unlessTaken(next, err)
}

// create makes the Lease, held by this candidate.
func (c *candidate) create(ctx context.Context) (*coordinationv1.Lease, error) {
	l := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
		Name: Name(c.Release), Labels: map[string]string{ownership.LabelManagedBy: ownership.ManagedByBerth},
	}}
	c.found = facts.Lock{State: facts.LockAbsent}
	c.setHolder(l)
	l, err := c.api.Create(ctx, l, metav1.CreateOptions{})
	return unlessTaken(l, err)
}

// observe keeps a Lease that was read, and since when it is as it is.
func (c *candidate) observe(l *coordinationv1.Lease) {
	if c.seen == nil || c.seen.UID != l.UID || c.seen.ResourceVersion != l.ResourceVersion {
		c.changed = time.Now()
	}
	c.seen = l
}

// isFree reports whether nobody holds the Lease: its holder has ended it, or has
// let it expire, either by the API server's clock or because it did not change
// for its whole duration since this candidate first read it. serverNow is zero
// while the server's time is not known.
func (c *candidate) isFree(l *coordinationv1.Lease, serverNow, now time.Time) bool {
	if holder(l) == "" {
		return true
	}
	return !serverNow.IsZero() && serverNow.After(expires(l)) || now.Sub(c.changed) > duration(l)
}

// setHolder writes this candidate as the holder on a Lease.
func (c *candidate) setHolder(l *coordinationv1.Lease) {
	now, seconds := metav1.NewMicroTime(c.now()), int32(max(1, (c.Duration+time.Second-1)/time.Second))
	var transitions int32
	if l.Spec.LeaseTransitions != nil {
		transitions = *l.Spec.LeaseTransitions + 1
	}
	l.Spec.HolderIdentity = &c.Holder
	l.Spec.LeaseDurationSeconds = &seconds
	l.Spec.AcquireTime, l.Spec.RenewTime = &now, &now
	l.Spec.LeaseTransitions = &transitions
	if l.Annotations == nil {
		l.Annotations = make(map[string]string)
	}
	l.Annotations[annotationToken] = c.token
	l.Annotations[annotationHolderRun] = c.Run
	if len(c.found.Expired) > 0 {
		l.Annotations[annotationExpired] = formatExpired(c.found.Expired)
	}
}

// unlessTaken returns neither a Lease nor an error where somebody else created or
// changed it first.
func unlessTaken(l *coordinationv1.Lease, err error) (*coordinationv1.Lease, error) {
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err // the client returns an empty Lease along with it
	}
	return l, nil
}
