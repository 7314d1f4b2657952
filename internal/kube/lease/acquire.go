package lease

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	typed "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/berth-dev/berth/internal/verdict"
)

// pollEvery is how often the Lease is read where it cannot be watched.
const pollEvery = time.Second

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
	if c.found.State == verdict.LockAbsent && !c.Renewable {
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

// candidate is somebody who wants the Lease.
type candidate struct {
	Options
	api   typed.LeaseInterface
	token string
	until time.Time // when to give up

	seen   *coordinationv1.Lease // as last read
	found  verdict.Lock          // as it was before we took it
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
	if c.found.State == verdict.LockHeld { // free all the same: nobody renewed it under our eyes
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
		Name: Name(c.Release), Labels: map[string]string{"app.kubernetes.io/managed-by": "berth"},
	}}
	c.found = verdict.Lock{State: verdict.LockAbsent}
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

// patient says whether to go on after err: while there is time, when somebody
// holds the Lease, or when a server that answered before does not for once.
func (c *candidate) patient(err error) bool {
	if !time.Now().Before(c.until) {
		return false
	}
	var held *HeldError
	if errors.As(err, &held) {
		if token := c.seen.Annotations[annotationToken]; c.told == "" || c.told != token {
			c.told = token
			c.OnWait(held.Holder, held.Since)
		}
		return true
	}
	return c.seen != nil && !apierrors.IsNotFound(err) && !apierrors.IsUnauthorized(err) &&
		!apierrors.IsForbidden(err) && !apierrors.IsInvalid(err)
}

// await returns at the next change of the Lease, or when it may have run out,
// or when the time to wait is over.
func (c *candidate) await(ctx context.Context) {
	pause := min(time.Until(c.until), time.Until(c.change.Add(duration(c.seen))))
	if now := c.ServerNow(); !now.IsZero() {
		pause = min(pause, expires(c.seen).Sub(now))
	}
	ctx, cancel := context.WithTimeout(ctx, max(0, pause)+time.Millisecond)
	defer cancel()
	poll := time.NewTimer(pollEvery)
	defer poll.Stop()
	w, err := c.api.Watch(ctx, metav1.ListOptions{
		FieldSelector:   fields.OneTermEqualSelector("metadata.name", c.seen.Name).String(),
		ResourceVersion: c.seen.ResourceVersion,
	})
	if err != nil {
		wait(ctx, poll.C)
		return
	}
	defer w.Stop()
	// A closed watch, or one that opens with an error, waits like a poll.
	if e, ok := <-w.ResultChan(); !ok || e.Type == watch.Error {
		wait(ctx, poll.C)
	}
}

func wait(ctx context.Context, c <-chan time.Time) {
	select {
	case <-ctx.Done():
	case <-c:
	}
}

// explain says what a final error means for the lock.
func (c *candidate) explain(err error) error {
	tried := fmt.Sprintf("lock release %s in namespace %s", c.Release, c.Namespace)
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return &verdict.Problem{Ending: verdict.EndTerminating, Tried: tried, Cause: err, Next: "wait until the namespace is gone, then run again"}
	}
	return fmt.Errorf("%s: %w", tried, err)
}
