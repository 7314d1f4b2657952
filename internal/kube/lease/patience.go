package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-dev/berth/internal/problem"
)

// pollEvery is how often the Lease is read where it cannot be watched.
const pollEvery = time.Second

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
		return &problem.Problem{Reason: problem.NamespaceTerminating, Tried: tried, Cause: err, Next: "Wait until the namespace is gone, then run again."}
	}
	return fmt.Errorf("%s: %w", tried, err)
}
