package lease

import (
	"context"
	"math"
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
	changed   time.Time             // since when it has not been renewed, as far as was seen, by the monotonic clock
	renewed   bool                  // it was renewed since it was first read
	found     facts.Lock            // as it was before it was taken
	announced holding               // the one that OnWait was called for last; zero: none
}

// pulse is what every renewal of a Lease changes. What else is written to it, such as
// the label of a controller, does not show that its holder lives.
type pulse struct {
	holding
	renewed int64 // in microseconds, as it is stored
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
	serverNow, now := c.ServerNow(), time.Now()
	if !c.isFree(current, serverNow, now) {
		return nil, c.refusal(current)
	}
	c.found = state(current, serverNow, now)
	if c.found.State == facts.LockHeld { // free all the same: nobody renewed it while it was watched
		if serverNow.IsZero() {
			serverNow = now
		}
		c.found = expired(c.found, earlier(expires(current), serverNow))
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

// observe keeps a Lease that was read, and since when it has not been renewed.
func (c *candidate) observe(l *coordinationv1.Lease) {
	if c.seen == nil || pulseOf(c.seen) != pulseOf(l) {
		c.changed = time.Now()
		c.renewed = c.seen != nil
	}
	c.seen = l
}

func pulseOf(l *coordinationv1.Lease) pulse {
	p := pulse{holding: holding{l.UID, holder(l), l.Annotations[annotationToken]}}
	if at := l.Spec.RenewTime; at != nil {
		p.renewed = at.UnixMicro()
	}
	return p
}

// isFree reports whether nobody holds the Lease: its holder has ended it, or has
// let it expire, either by all clocks or because nobody renewed it for its whole
// duration since this candidate first read it. serverNow is zero while the server's
// time is not known.
func (c *candidate) isFree(l *coordinationv1.Lease, serverNow, now time.Time) bool {
	return holder(l) == "" || hasExpired(l, serverNow, now) || now.Sub(c.changed) > c.look(l)
}

// look returns for how long a Lease is watched before it counts as left: as long as
// it lasts. To break one, it is watched as long as this run's own would last at least.
func (c *candidate) look(l *coordinationv1.Lease) time.Duration {
	if c.Break {
		return max(duration(l), c.Duration)
	}
	return duration(l)
}

// refusal returns why a Lease that somebody holds is not taken.
func (c *candidate) refusal(l *coordinationv1.Lease) *HeldError {
	held := &HeldError{Holder: shown(holder(l)), Since: acquired(l), Renewed: c.renewed}
	if claims := claimed(l); claims > longestDuration {
		held.Claims = claims
	}
	return held
}

// setHolder writes this candidate as the holder on a Lease. An owner, which Berth's
// Leases never have, could have it collected while it is held, and a count that is at
// its end would have it refused.
func (c *candidate) setHolder(l *coordinationv1.Lease) {
	var transitions int32
	if n := l.Spec.LeaseTransitions; n != nil && *n < math.MaxInt32 {
		transitions = *n + 1
	}
	c.sign(&l.Spec)
	l.Spec.AcquireTime = l.Spec.RenewTime
	l.Spec.LeaseTransitions = &transitions
	l.OwnerReferences = nil
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
