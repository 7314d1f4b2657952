package rollout

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// WaitForCompletion returns nil once each Job and Pod among the objects has
// succeeded; other kinds are left out. It returns an *IncompleteError as soon as
// one has failed, or when ctx ends. deleted are those that were deleted, or made
// anew, before they had ended; they are not waited for.
//
// The objects are passed as to WaitForReady.
func (w *Waiter) WaitForCompletion(ctx context.Context, applied manifest.Objects) (deleted []facts.Ref, err error) {
	start := time.Now()
	targets, err := w.targets(slices.DeleteFunc(slices.Clone(applied), func(u *unstructured.Unstructured) bool {
		return !slices.Contains([]string{"batch/v1/Job", "v1/Pod"}, u.GetAPIVersion()+"/"+u.GetKind())
	}))
	if err != nil {
		return nil, err
	}
	c := completion{}
	left, err := w.wait(ctx, targets, c.evaluate, w.inspects)
	switch {
	case err != nil:
		return c.deleted, err
	case len(left) == 0:
		return c.deleted, nil
	}
	e := &IncompleteError{}
	if !failedFirst(left) {
		e.Cause = endOf(ctx)
	}
	if !interrupted(e.Cause) {
		e.Found = w.diagnoser().diagnose(ctx, start, left[:1])
		e.Found.Faults = faultsOf(left[:1], e.Cause != nil)
		e.Found.Faults[0].Hook = true
	}
	e.Object = left[0].object
	return c.deleted, e
}

// IncompleteError is returned for a Job or Pod that failed, or that had not ended
// when the wait did.
type IncompleteError struct {
	Object facts.Object
	Cause  error // the cause of the context's end; nil when the object failed
	Found  *result.Diagnostics
}

// Error returns one line.
func (e *IncompleteError) Error() string {
	what := e.Object.Kind + " " + e.Object.Name
	if e.Cause == nil {
		return what + " failed" + text.After(": ", e.Object.Reason)
	}
	return fmt.Sprintf("%s has not ended%s (%v)", what, text.After(": ", e.Object.Reason), e.Cause)
}

// Unwrap returns the cause of the context's end, which tells a timeout from an
// interrupt.
func (e *IncompleteError) Unwrap() error { return e.Cause }

// Diagnostics returns what was found out about the reasons; nil after an
// interrupt.
func (e *IncompleteError) Diagnostics() *result.Diagnostics { return e.Found }

// Withhold takes out what the pods have said, and says why.
func (e *IncompleteError) Withhold(why string) {
	one := []facts.Object{e.Object}
	result.WithholdReasons(one, why)
	e.Object = one[0]
	e.Found.Withhold(why)
}

// completion evaluates Jobs and Pods that are to run to their end.
type completion struct {
	deleted []facts.Ref
}

// evaluate judges by the object's content alone: one that is being deleted may
// still succeed.
func (c *completion) evaluate(t *target, deleted bool) outcome {
	if t.live == nil || t.madeAnew() {
		c.deleted = append(c.deleted, t.object.Ref)
		return satisfied
	}
	t.describe()
	t.object.Reason = ""
	if t.object.Complete {
		return satisfied
	}
	switch broken, why := health.Failed(t.live); {
	case broken:
		t.object.Failed, t.object.Reason = true, why
		return failed
	// The state that comes with the deletion counts first: a Job with
	// ttlSecondsAfterFinished: 0 is deleted as soon as it has succeeded
	// (https://github.com/helm/helm/pull/32586).
	case deleted:
		c.deleted = append(c.deleted, t.object.Ref)
		return satisfied
	}
	return pending
}
