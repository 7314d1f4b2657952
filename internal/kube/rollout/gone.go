package rollout

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/verdict"
)

// goneEvery paces the reads of what is being deleted; most of it goes at once.
const goneEvery = 100 * time.Millisecond

// Gone returns nil once none of the objects exists. When ctx ends first it
// returns a *NotReadyError with those that are still there and the finalizers
// that hold them.
func (w *Waiter) Gone(ctx context.Context, refs []verdict.Ref) error {
	left := make([]*subject, len(refs))
	for i, ref := range refs {
		s, err := w.subject(ref)
		if err != nil {
			return err
		}
		s.object.Reason = "it is still there"
		left[i] = s
	}
	tick := time.NewTicker(goneEvery)
	defer tick.Stop()
	for {
		var err error
		if left, err = stillThere(ctx, left); err != nil && ctx.Err() == nil {
			return err
		}
		if len(left) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			e := &NotReadyError{Cause: fmt.Errorf("waiting for them to be gone: %w", context.Cause(ctx))}
			for _, s := range left {
				e.Objects = append(e.Objects, s.object)
			}
			return e
		case <-tick.C:
		}
	}
}

// stillThere keeps the subjects that exist, and those whose read gave no
// answer. A read that is denied is an error: nothing would ever be seen to go.
func stillThere(ctx context.Context, subjects []*subject) ([]*subject, error) {
	gone := make([]bool, len(subjects))
	var reads errgroup.Group
	reads.SetLimit(parallelReads)
	for i, s := range subjects {
		reads.Go(func() error {
			live, err := s.resource.Get(ctx, s.object.Name, metav1.GetOptions{})
			switch {
			case apierrors.IsNotFound(err):
				gone[i] = true
			case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
				return fmt.Errorf("read %s to see it go: %w", s.object.Ref, err)
			case err == nil && len(live.GetFinalizers()) > 0:
				s.object.Reason = fmt.Sprintf("it is held by finalizers %q", live.GetFinalizers())
			}
			return nil
		})
	}
	err := reads.Wait()
	var left []*subject
	for i, s := range subjects {
		if !gone[i] {
			left = append(left, s)
		}
	}
	return left, err
}
