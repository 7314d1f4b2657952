package rollout

import (
	"context"
	"fmt"

	"github.com/berth-dev/berth/internal/facts"
)

// Gone returns nil once none of the objects exists, or only one that was made
// anew. When ctx ends first it returns a *NotReadyError with those that are
// still there and the finalizers that hold them.
func (w *Waiter) WaitForDelete(ctx context.Context, refs []facts.Ref) error {
	subjects, err := w.subjects(ByName(refs))
	if err != nil {
		return err
	}
	going := *w
	going.going = true
	left, err := going.await(ctx, subjects, absent)
	if err != nil || len(left) == 0 {
		return err
	}
	e := &NotReadyError{Cause: fmt.Errorf("waiting for them to be gone: %w", context.Cause(ctx))}
	for _, s := range left {
		e.Objects = append(e.Objects, s.object)
	}
	return e
}

// absent judges an object that is to go.
func absent(s *subject, gone bool) outcome {
	if gone || s.live == nil || s.object.UID != "" && s.object.UID != string(s.live.GetUID()) {
		return met
	}
	s.describe()
	s.object.Reason = "it is still there"
	if held := s.live.GetFinalizers(); len(held) > 0 {
		s.object.Reason = fmt.Sprintf("it is held by finalizers %q", held)
	}
	return pending
}
