package rollout

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/verdict"
)

// UnfinishedError is a Job or Pod that failed, or that nobody waits for any more.
type UnfinishedError struct {
	Object verdict.Object
	Cause  error // why the wait is over; nil when the object failed
}

// Error is one line.
func (e *UnfinishedError) Error() string {
	what := e.Object.Kind + " " + e.Object.Name
	if e.Cause == nil {
		return what + " failed" + after(": ", e.Object.Reason)
	}
	return fmt.Sprintf("%s has not ended%s (%v)", what, after(": ", e.Object.Reason), e.Cause)
}

// Unwrap gives the context's error, so that a timeout can be told from an
// interruption.
func (e *UnfinishedError) Unwrap() error { return e.Cause }

// unfinished asks the pods for the reason, on time of its own.
func (w *Waiter) unfinished(ctx context.Context, s *subject, cause error) error {
	if errors.Is(cause, context.DeadlineExceeded) {
		cause = fmt.Errorf("the time to wait is over: %w", cause)
	}
	budget := explainBudget
	if cause == nil {
		budget *= 3 // it failed, and nobody ended the run: there is time to ask why
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), budget)
	defer cancel()
	if s.live != nil {
		if why := w.podReason(ctx, s.live); why != "" {
			s.object.Reason = strings.TrimPrefix(s.object.Reason+"; "+why, "; ")
		}
	}
	return &UnfinishedError{Object: s.object, Cause: cause}
}
