package rollout

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// IncompleteError is a Job or Pod that failed, or that nobody waits for any more.
type IncompleteError struct {
	Object facts.Object
	Cause  error // why the wait is over; nil when the object failed
	Found  *result.Diagnostics
}

// Error is one line.
func (e *IncompleteError) Error() string {
	what := e.Object.Kind + " " + e.Object.Name
	if e.Cause == nil {
		return what + " failed" + text.After(": ", e.Object.Reason)
	}
	return fmt.Sprintf("%s has not ended%s (%v)", what, text.After(": ", e.Object.Reason), e.Cause)
}

// Unwrap gives the context's error, so that a timeout can be told from an
// interruption.
func (e *IncompleteError) Unwrap() error { return e.Cause }

// Diagnostics are what was found out about the reasons.
func (e *IncompleteError) Diagnostics() *result.Diagnostics { return e.Found }

// WaitForCompletion returns once each Job and Pod among the objects has ended well;
// for other kinds there is nothing to wait for. It returns an *IncompleteError as
// soon as one has failed, or when ctx ends, and names those that were deleted before
// they had ended. The objects are taken as WaitForReady takes them.
func (w *Waiter) WaitForCompletion(ctx context.Context, applied []Applied) (deleted []facts.Ref, err error) {
	began := time.Now()
	subjects, err := w.subjects(slices.DeleteFunc(slices.Clone(applied), func(u Applied) bool {
		return !slices.Contains([]string{"batch/v1/Job", "v1/Pod"}, u.GetAPIVersion()+"/"+u.GetKind())
	}))
	if err != nil {
		return nil, err
	}
	left, err := w.await(ctx, subjects, finished(&deleted))
	switch {
	case err != nil:
		return deleted, err
	case len(left) == 0:
		return deleted, nil
	}
	e := &IncompleteError{}
	if !failed(left) {
		e.Cause = overtime(context.Cause(ctx))
	}
	if !brokenOff(e.Cause) {
		e.Found = w.diagnose(ctx, began, left[:1])
	}
	e.Object = left[0].object
	return deleted, e
}

// finished judges a Job or Pod that is to run to its end, by nothing but its own
// content: one that is being deleted may still come to its end. Whichever is
// gone or was made anew before that is counted as deleted.
func finished(deleted *[]facts.Ref) func(*subject, bool) outcome {
	return func(s *subject, gone bool) outcome {
		if s.live == nil || s.object.UID != "" && s.object.UID != string(s.live.GetUID()) {
			*deleted = append(*deleted, s.object.Ref)
			return met
		}
		s.describe()
		s.object.Reason = ""
		if s.object.Complete {
			return met
		}
		broken, why := health.Failed(s.live)
		switch {
		case broken:
			s.object.Failed, s.object.Reason = true, why
			return missed
		// Its last state counted: a Job with a time to live of zero is deleted at
		// once when it is done (https://github.com/helm/helm/pull/32586).
		case gone:
			*deleted = append(*deleted, s.object.Ref)
			return met
		}
		return pending
	}
}
