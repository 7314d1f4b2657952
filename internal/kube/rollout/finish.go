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

// UnfinishedError is a Job or Pod that failed, or that nobody waits for any more.
type UnfinishedError struct {
	Object facts.Object
	Cause  error // why the wait is over; nil when the object failed
	Found  *result.Diagnostics
}

// Error is one line.
func (e *UnfinishedError) Error() string {
	what := e.Object.Kind + " " + e.Object.Name
	if e.Cause == nil {
		return what + " failed" + text.After(": ", e.Object.Reason)
	}
	return fmt.Sprintf("%s has not ended%s (%v)", what, text.After(": ", e.Object.Reason), e.Cause)
}

// Unwrap gives the context's error, so that a timeout can be told from an
// interruption.
func (e *UnfinishedError) Unwrap() error { return e.Cause }

// Diagnostics are what was found out about the reasons.
func (e *UnfinishedError) Diagnostics() *result.Diagnostics { return e.Found }

// Finish returns once each Job and Pod among the objects has ended well; for
// other kinds there is nothing to wait for. It returns an *UnfinishedError as
// soon as one has failed, or when ctx ends, and names those that were deleted
// before they had ended.
func (w *Waiter) Finish(ctx context.Context, refs []facts.Ref) (deleted []facts.Ref, err error) {
	return w.FinishApplied(ctx, named(refs))
}

// FinishApplied is Finish for objects as the API server returned them when they
// were made.
func (w *Waiter) FinishApplied(ctx context.Context, applied []Applied) (deleted []facts.Ref, err error) {
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
	e := &UnfinishedError{}
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
