package rollout

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/result"
)

// WaitForReady returns nil once each of the objects has been seen ready. It returns
// a *NotReadyError as soon as one has failed, or when ctx ends. A read that gets no
// answer is repeated; the error of a read that is denied for good ends the wait.
//
// applied holds the objects as the API server returned them when they were applied.
// What is ready by that is not read again. Use ByName for objects to be read first.
func (w *Waiter) WaitForReady(ctx context.Context, applied manifest.Objects) error {
	start := time.Now()
	targets, err := w.targets(applied)
	if err != nil {
		return err
	}
	r := readiness{waitForJobs: w.WaitForJobs, deadlines: map[*target]string{}}
	left, err := w.wait(ctx, targets, r.evaluate, w.inspects)
	switch {
	case err != nil:
		return err
	case len(left) == 0:
		return nil
	}
	e := &NotReadyError{}
	if !failedFirst(left) {
		e.Cause = endOf(ctx)
	}
	if !interrupted(e.Cause) {
		e.Found = diagnoser{w.Clientset}.diagnose(ctx, start, left)
	}
	for _, t := range left {
		e.Objects = append(e.Objects, t.object)
	}
	if e.Found != nil {
		e.Found.Objects = e.Objects
	}
	return e
}

// inspects returns whether more than the object itself is looked at: with FailFast
// or an Observer always, otherwise for claims alone, which may await a consumer.
func (w *Waiter) inspects(t *target) bool {
	return w.FailFast || w.Observer != nil || t.object.Kind == "PersistentVolumeClaim"
}

// NotReadyError is returned by a wait that ended before all objects were ready, or
// deleted.
type NotReadyError struct {
	Objects []facts.Object // those that are not, with their reasons; the failed ones first
	Cause   error          // the cause of the context's end; nil when an object failed
	Found   *result.Diagnostics
}

// Error returns one line with the first few objects and their reasons.
func (e *NotReadyError) Error() string {
	const shown = 5
	var b strings.Builder
	fmt.Fprintf(&b, "%d not ready", len(e.Objects))
	for i, o := range e.Objects {
		if i == shown {
			fmt.Fprintf(&b, "; and %d more", len(e.Objects)-shown)
			break
		}
		fmt.Fprintf(&b, "; %s: %s", o.Ref, o.Reason)
	}
	if e.Cause != nil {
		fmt.Fprintf(&b, " (%v)", e.Cause)
	}
	return b.String()
}

// Unwrap returns the cause of the context's end, which tells a timeout from an
// interrupt.
func (e *NotReadyError) Unwrap() error { return e.Cause }

// Diagnostics returns what was found out about the reasons; nil after an
// interrupt.
func (e *NotReadyError) Diagnostics() *result.Diagnostics { return e.Found }

// readiness evaluates objects that are to become ready.
type readiness struct {
	waitForJobs bool
	// deadlines holds the progress deadline that each target had exceeded when it
	// was evaluated first, or "".
	deadlines map[*target]string
}

func (r readiness) evaluate(t *target, deleted bool) outcome {
	t.object = facts.Object{Ref: t.object.Ref, Reason: "it does not exist"}
	if deleted {
		if r.waitForJobs && t.live != nil && t.live.GetKind() == "Job" && health.Complete(t.live) {
			return satisfied // it has ttlSecondsAfterFinished: 0
		}
		t.live = nil
		return pending
	}
	t.describe()
	ready := health.Ready(t.live)
	first, known := r.deadlines[t]
	if !known {
		first = health.ProgressDeadline(t.live)
		r.deadlines[t] = first
	}
	if ready.Failed && first != "" && first == health.ProgressDeadline(t.live) {
		ready.Failed = false // it was exceeded in an earlier wait: the pods may have by now what they lacked
	}
	t.object.Ready, t.object.Failed, t.object.Reason = ready.Ready, ready.Failed, ready.Reason
	switch {
	case ready.Failed:
		return failed
	case !ready.Ready:
		return pending
	case r.waitForJobs && t.object.Kind == "Job" && !t.object.Complete:
		t.object.Ready, t.object.Reason = false, "the Job has not completed"
		return pending
	}
	return satisfied
}
