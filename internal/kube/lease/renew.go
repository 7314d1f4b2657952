package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// keep renews the Lease until ctx ends or it is not ours any more.
func (l *Lease) keep(ctx context.Context) {
	defer close(l.stopped)
	next := time.NewTimer(l.o.RenewEvery)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		err := l.renew(ctx)
		if ctx.Err() != nil || l.over() {
			return
		}
		if err != nil { // there is time for a few more tries
			next.Reset(l.o.RenewEvery / 5)
			continue
		}
		next.Reset(l.o.RenewEvery)
	}
}

// over says that there is nothing left to renew.
func (l *Lease) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gone || l.err != nil
}

// renew writes the Lease once. One that ran out unrenewed is lost, even if
// nobody has taken it yet: others may have judged by it already.
func (l *Lease) renew(ctx context.Context) error {
	l.mu.Lock()
	next, leaving, live, trouble := l.object.DeepCopy(), l.leaving, l.live(time.Now(), 0), l.failed.err
	l.mu.Unlock()
	if !live {
		return l.lose(errors.Join(fmt.Errorf("%w: it could not be renewed in time", ErrLost), trouble))
	}
	began, now := time.Now(), metav1.NewMicroTime(l.o.now().Truncate(time.Microsecond)) // as it is stored
	next.Spec.RenewTime = &now
	updated, err := l.write(ctx, next)
	switch {
	case err == nil:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.object, l.renewed, l.failed = updated, began, renewal{}
		return nil
	case leaving && apierrors.IsForbidden(err):
		l.leave()
		return nil
	case apierrors.IsConflict(err), apierrors.IsNotFound(err):
		if lost := l.reread(ctx); lost != nil {
			return lost
		}
		return err
	}
	l.fail(renewal{at: now, began: began, err: err})
	return err
}

// renewal is a try of one that got no usable answer.
type renewal struct {
	at    metav1.MicroTime // what it was to write
	began time.Time
	err   error
}

func (l *Lease) write(ctx context.Context, next *coordinationv1.Lease) (*coordinationv1.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, l.o.RenewEvery)
	defer cancel()
	return l.api.Update(ctx, next, metav1.UpdateOptions{})
}

// fail keeps a failed try. One that ended long after its time tells that this
// process was stopped, and nothing of the API server.
func (l *Lease) fail(r renewal) {
	if time.Since(r.began) > 2*l.o.RenewEvery {
		r.err = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = r
}

// reread finds out what a conflict means. Somebody else's token, or no Lease at
// all, means that ours is lost, unless we are removing it ourselves.
func (l *Lease) reread(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.o.RenewEvery) // what the write took is not held against it
	defer cancel()
	current, err := l.api.Get(ctx, Name(l.o.Release), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) || err == nil && current.UID != l.uid():
		if l.isLeaving() {
			l.leave()
			return nil
		}
		return l.lose(fmt.Errorf("%w: somebody deleted it", ErrLost))
	case apierrors.IsForbidden(err) && l.isLeaving():
		l.leave()
		return nil
	case err != nil:
		return fmt.Errorf("read it again: %w", err)
	case current.Annotations[annotationToken] != l.token:
		return l.lose(fmt.Errorf("%w: %q took it", ErrLost, holder(current)))
	}
	l.keepObject(current)
	return nil
}

func (l *Lease) uid() types.UID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.object.UID
}

func (l *Lease) isLeaving() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leaving
}

func (l *Lease) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone = true
}

// lose marks the Lease as lost, once, and tells.
func (l *Lease) lose(why error) error {
	l.mu.Lock()
	first := l.err == nil
	if first {
		l.err = why
		close(l.lost)
	}
	l.mu.Unlock()
	if first {
		l.o.OnLost(why)
	}
	return why
}
