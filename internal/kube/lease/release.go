package lease

import (
	"context"
	"fmt"
	"maps"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
)

// endTries is how often at most the last write is tried over others' changes.
const endTries = 5

// Release ends the renewal and writes how the attempt ended, by which later runs
// tell an operation that died from one that is under way. It writes nothing when
// the Lease was lost. It can be called again after an error.
func (l *Lease) Release(ctx context.Context, a facts.Attempt) error {
	return l.end(ctx, "release", func(current *coordinationv1.Lease) error {
		next := current.DeepCopy()
		setAttempt(next, a)
		l.mu.Lock()
		maps.Copy(next.Annotations, l.notes)
		l.mu.Unlock()
		now := metav1.NewMicroTime(time.Now())
		next.Spec.RenewTime = &now
		next.Spec.HolderIdentity = nil
		_, err := l.api.Update(ctx, next, metav1.UpdateOptions{})
		return err
	})
}

// Remove ends the renewal and deletes the Lease, when nothing of the release is
// left to lock. It deletes nothing when the Lease was lost.
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

// end stops the renewal and makes the last write. On a conflict the Lease is read
// and judged again.
func (l *Lease) end(ctx context.Context, action string, write func(*coordinationv1.Lease) error) error {
	l.stop()
	<-l.stopped
	tried := fmt.Sprintf("%s the lock on release %s in namespace %s", action, l.o.Release, l.o.Namespace)
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
			l.ended = true
			l.mu.Unlock()
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
