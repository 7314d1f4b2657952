package rollout

import (
	"context"
	"fmt"

	"github.com/berth-dev/berth/internal/manifest"
)

// WaitForDelete returns nil once none of the objects exists, or only one that was
// made anew under the name: since it was first read, or under another UID than the
// one given. When ctx ends first, it returns a *NotReadyError with
// those that still exist and the finalizers that hold them.
func (w *Waiter) WaitForDelete(ctx context.Context, objects manifest.Objects) error {
	targets, err := w.targets(objects)
	if err != nil {
		return err
	}
	nothing := func(*target) bool { return false }
	left, err := w.wait(ctx, targets, evaluateDeletion, nothing)
	if err != nil || len(left) == 0 {
		return err
	}
	e := &NotReadyError{Cause: fmt.Errorf("waiting for them to be gone: %w", context.Cause(ctx))}
	for _, t := range left {
		e.Objects = append(e.Objects, t.object)
	}
	return e
}

// evaluateDeletion evaluates an object that is to be deleted. It cannot fail.
func evaluateDeletion(t *target, deleted bool) outcome {
	if deleted || t.live == nil || t.madeAnew() {
		return satisfied
	}
	t.describe()
	t.object.Reason = "it is still there"
	if held := t.live.GetFinalizers(); len(held) > 0 {
		t.object.Reason = fmt.Sprintf("it is held by finalizers %q", held)
	}
	return pending
}
