package lease

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
)

// pollEvery is how often the Lease is read where it cannot be watched.
const pollEvery = time.Second

// canWait reports whether to try again after err. There has to be time left, and
// either somebody holds the Lease, or a server that answered before failed for a
// moment. One that is to be broken is not waited for once it is renewed.
func (c *candidate) canWait(err error) bool {
	if !time.Now().Before(c.until) {
		return false
	}
	var held *HeldError
	if errors.As(err, &held) {
		if c.Break && held.Renewed {
			return false
		}
		if now := (holding{c.seen.UID, held.Holder, c.seen.Annotations[annotationToken]}); c.announced != now {
			c.announced = now
			c.OnWait(held.Holder, held.Since)
		}
		return true
	}
	return c.seen != nil && !apierrors.IsNotFound(err) && !apierrors.IsUnauthorized(err) &&
		!apierrors.IsForbidden(err) && !apierrors.IsInvalid(err)
}

// awaitChange returns at the next change of the Lease, when it may have expired,
// or when the time to wait is over. client-go's RetryWatcher is not used: one
// event is enough, since the Lease is read again after it, and a watch that broke
// is no different from a change.
func (c *candidate) awaitChange(ctx context.Context) {
	pause := min(time.Until(c.until), time.Until(c.changed.Add(c.look(c.seen))))
	if now := c.ServerNow(); !now.IsZero() {
		pause = min(pause, expires(c.seen).Sub(earlier(now, time.Now())))
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
	// After a closed watch, or one that opens with an error, the Lease is polled.
	if e, ok := <-w.ResultChan(); !ok || e.Type == watch.Error {
		wait(ctx, poll.C)
	}
}

// wait returns when c delivers or ctx ends.
func wait(ctx context.Context, c <-chan time.Time) {
	select {
	case <-ctx.Done():
	case <-c:
	}
}
