package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// renewUntil renews the Lease until ctx ends, or the Lease is lost or gone.
func (l *Lease) renewUntil(ctx context.Context) {
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
		if ctx.Err() != nil || l.isOver() {
			return
		}
		if err != nil { // there is time for a few more tries
			next.Reset(l.o.RenewEvery / 5)
			continue
		}
		next.Reset(l.o.RenewEvery)
	}
}

// renew writes the Lease once, with all that others judge by, whoever may have
// changed that. One that expired before it was renewed is lost, even if nobody has
// taken it yet: others may have judged by it already.
func (l *Lease) renew(ctx context.Context) error {
	l.mu.Lock()
	next, leaving, live, trouble := l.object.DeepCopy(), l.leaving, l.live(time.Now(), 0), l.failed.err
	l.mu.Unlock()
	if !live {
		return l.lose(errors.Join(fmt.Errorf("%w: it could not be renewed in time", ErrLost), trouble))
	}
	began := time.Now()
	l.o.sign(&next.Spec)
	updated, err := l.update(ctx, next)
	switch {
	case err == nil:
		l.setRenewed(updated, began)
		return nil
	case leaving && apierrors.IsForbidden(err):
		l.setGone()
		return nil
	case apierrors.IsConflict(err), apierrors.IsNotFound(err):
		if lost := l.reread(ctx); lost != nil {
			return lost
		}
		return err
	}
	l.setFailed(renewal{at: *next.Spec.RenewTime, began: began, err: err})
	return err
}

func (l *Lease) update(ctx context.Context, next *coordinationv1.Lease) (*coordinationv1.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, l.o.RenewEvery)
	defer cancel()
	return l.api.Update(ctx, next, metav1.UpdateOptions{})
}

// reread reads the Lease to learn what a conflict means. Somebody else's token,
// or no Lease at all, means that it is lost, unless this run is deleting it with
// the namespace. It returns nil where the Lease is still held, or gone.
func (l *Lease) reread(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.o.RenewEvery) // counted apart from the write before it
	defer cancel()
	current, err := l.api.Get(ctx, Name(l.o.Release), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) || err == nil && current.UID != l.uid():
		if l.isLeaving() {
			l.setGone()
			return nil
		}
		return l.lose(fmt.Errorf("%w: somebody deleted it", ErrLost))
	case apierrors.IsForbidden(err) && l.isLeaving():
		l.setGone()
		return nil
	case err != nil:
		return fmt.Errorf("read it again: %w", err)
	case current.Annotations[annotationToken] != l.token:
		return l.lose(fmt.Errorf("%w: %q took it", ErrLost, holder(current)))
	}
	l.setObject(current)
	return nil
}

// lose records why the Lease is lost and returns it. The first time it closes
// Done, by which the engine ends the run's context (internal/engine/lock.go). The
// fence of a Helm operation asks Live before each request, and needs no telling.
func (l *Lease) lose(reason error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = reason
		close(l.lost)
	}
	return reason
}
