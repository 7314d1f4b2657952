package lease

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typed "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/berth-dev/berth/internal/facts"
)

// endTries bounds how often the last write is tried over changes of others.
const endTries = 5

// Lease is one that we hold, or held.
type Lease struct {
	o     Options
	api   typed.LeaseInterface
	token string
	found facts.Lock

	stop    context.CancelFunc // ends the renewal
	stopped chan struct{}      // closed when it has ended
	lost    chan struct{}      // closed when the Lease is not ours any more

	mu      sync.Mutex
	object  *coordinationv1.Lease // as last written or read
	renewed time.Time             // when the last write that went through began
	failed  renewal               // the last try, unless it went through
	leaving bool                  // we are removing the namespace ourselves
	gone    bool                  // and the Lease went with it
	ended   bool                  // we released or removed it
	err     error                 // why it was lost
}

func hold(ctx context.Context, c *candidate, mine *coordinationv1.Lease, began time.Time) *Lease {
	ctx, stop := context.WithCancel(ctx)
	l := &Lease{
		o: c.Options, api: c.api, token: c.token, found: c.found,
		stop: stop, stopped: make(chan struct{}), lost: make(chan struct{}),
		object: mine, renewed: began,
	}
	go l.keep(ctx)
	return l
}

// Found is the Lease as it was before we took it.
func (l *Lease) Found() facts.Lock { return l.found }

// Done is closed when the Lease was lost. Nothing may be written from then on.
func (l *Lease) Done() <-chan struct{} { return l.lost }

// Err is nil, or why the Lease was lost.
func (l *Lease) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Trouble is why the last renewal got no usable answer, or nil. A Lease that ran
// out over it is not known to be anybody else's.
func (l *Lease) Trouble() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil && !errors.Is(l.err, l.failed.err) {
		return nil // it was lost to somebody else
	}
	return l.failed.err
}

// Live says that nobody else can hold the Lease for another margin. It goes by
// the monotonic clock and by the wall clock, whichever ran further: the first
// stands still while the machine sleeps, the second can be set back.
func (l *Lease) Live(margin time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.live(time.Now(), margin)
}

func (l *Lease) live(now time.Time, margin time.Duration) bool {
	switch {
	case l.err != nil, l.ended:
		return false
	case l.gone:
		return true
	}
	age := max(now.Sub(l.renewed), now.Round(0).Sub(l.renewed.Round(0)))
	return age < l.o.Duration-margin
}

// ExpectRemoval says that our own teardown is about to delete the namespace, and
// the Lease with it: from now on its absence ends the renewal, not the operation.
func (l *Lease) ExpectRemoval() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leaving = true
}

// Release ends the renewal and writes how the attempt ended, for later runs to
// tell a dead operation from a live one. It writes nothing when the Lease was
// lost. It can be called again when it failed.
func (l *Lease) Release(ctx context.Context, a facts.Attempt) error {
	return l.end(ctx, "release", func(current *coordinationv1.Lease) error {
		next := current.DeepCopy()
		record(next, a)
		now := metav1.NewMicroTime(l.o.now())
		next.Spec.RenewTime = &now
		next.Spec.HolderIdentity = nil
		_, err := l.api.Update(ctx, next, metav1.UpdateOptions{})
		return err
	})
}

// Remove ends the renewal and deletes the Lease, when nothing of the release is
// left for anybody to lock. It deletes nothing when the Lease was lost.
func (l *Lease) Remove(ctx context.Context) error {
	return l.end(ctx, "remove", func(current *coordinationv1.Lease) error {
		err := l.api.Delete(ctx, current.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{
			UID: &current.UID, ResourceVersion: &current.ResourceVersion,
		}})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	})
}

// end stops the renewal and makes the last write, which meets a conflict when
// anything changed: then what is there is read and judged again.
func (l *Lease) end(ctx context.Context, what string, write func(*coordinationv1.Lease) error) error {
	l.stop()
	<-l.stopped
	tried := fmt.Sprintf("%s the lock on release %s in namespace %s", what, l.o.Release, l.o.Namespace)
	var err error
	for range endTries {
		l.mu.Lock()
		current, lost, over, live := l.object, l.err, l.gone || l.ended, l.live(time.Now(), 0)
		l.mu.Unlock()
		switch {
		case over:
			return nil
		case lost != nil:
			return fmt.Errorf("%s: %w", tried, lost)
		case !live:
			return fmt.Errorf("%s: %w: it ran out before it was renewed", tried, ErrLost)
		}
		if err = write(current); err == nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.ended = true
			return nil
		}
		if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			return fmt.Errorf("%s: %w", tried, err)
		}
		if err := l.reread(ctx); err != nil {
			return fmt.Errorf("%s: %w", tried, err)
		}
	}
	return fmt.Errorf("%s: it kept changing: %w", tried, err)
}

// keepObject takes what was read as the Lease to write over. A renewal of ours
// that is in it counts, though its answer was lost.
func (l *Lease) keepObject(o *coordinationv1.Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.object = o
	if at := o.Spec.RenewTime; at != nil && !l.failed.began.IsZero() && at.Equal(&l.failed.at) {
		l.renewed, l.failed = l.failed.began, renewal{}
	}
}
