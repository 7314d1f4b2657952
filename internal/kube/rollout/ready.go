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
	"github.com/berth-dev/berth/internal/text"
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
	for _, t := range targets {
		t.settle, t.ignored = w.Settle, w.ignores(t.object.Ref)
	}
	r := readiness{waitForJobs: w.WaitForJobs, patience: w.Patience, before: map[*target]string{}}
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
	for _, t := range left {
		t.addPodReason()
	}
	if !interrupted(e.Cause) {
		e.Found = w.diagnoser().diagnose(ctx, start, left)
	}
	for _, t := range left {
		e.Objects = append(e.Objects, t.object)
	}
	if e.Found != nil {
		e.Found.Objects, e.Found.Faults = e.Objects, faultsOf(left, e.Cause != nil)
	}
	return e
}

// addPodReason adds to the reason of a target that has not failed that of its first
// pod, as its events tell it.
func (t *target) addPodReason() {
	if !t.object.Failed && t.podReason != "" && t.live != nil && t.live.GetKind() != "Pod" {
		t.object.Reason += text.After("; ", t.podReason)
	}
}

// inspects returns whether more than the object itself is looked at: with FailFast
// an Observer or a time to settle always, otherwise for claims alone, which may await a
// consumer.
func (w *Waiter) inspects(t *target) bool {
	return w.FailFast || w.Observer != nil || t.settle > 0 || t.object.Kind == "PersistentVolumeClaim"
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

// Withhold takes out what the pods have said, and says why.
func (e *NotReadyError) Withhold(why string) {
	result.WithholdReasons(e.Objects, why)
	e.Found.Withhold(why)
}

// readiness evaluates objects that are to become ready.
type readiness struct {
	waitForJobs bool
	patience    time.Duration
	// before holds what each target had failed by when it was evaluated first, or "".
	before map[*target]string
}

func (r readiness) evaluate(t *target, deleted bool) outcome {
	t.object = facts.Object{Ref: t.object.Ref, Reason: "it does not exist"}
	if deleted {
		return r.evaluateDeleted(t)
	}
	t.describe()
	if health.IsJob(t.live) {
		return r.evaluateJob(t)
	}
	ready, before := health.Ready(t.live), r.failedBefore(t)
	if ready.Failed && before {
		ready.Failed = false // its pods may have by now what they lacked, and its controller look at it anew
	}
	t.object.Ready, t.object.Failed, t.object.Reason = ready.Ready, ready.Failed, ready.Reason
	switch {
	case ready.Failed:
		return failed
	case !ready.Ready:
		return pending
	}
	return r.standing(t)
}

// evaluateDeleted judges an object that is gone. A Job that has ended may be deleted
// at once, by its ttlSecondsAfterFinished; the state that comes with the deletion
// tells how it did. Without that state it is not known, and nothing is failed for it.
func (r readiness) evaluateDeleted(t *target) outcome {
	if t.live != nil && health.IsJob(t.live) {
		t.object.Complete = health.Complete(t.live)
		if broken, _ := health.Failed(t.live); broken || t.object.Complete {
			return r.evaluateJob(t)
		}
	}
	t.live = nil
	if t.expires {
		t.object.Reason = ""
		return satisfied
	}
	return pending
}

// evaluateJob judges a Job. It need not be complete, but is watched as long as the
// wait lasts: one that fails ends it. It keeps the wait from ending until one of its
// pods runs, and has for a moment: most of those that fail, fail at their start.
func (r readiness) evaluateJob(t *target) outcome {
	broken, why := health.Failed(t.live)
	t.object.Reason = ""
	switch {
	case t.object.Complete:
		t.object.Ready = true
		return satisfied
	case broken:
		t.object.Failed, t.object.Reason = true, "the Job failed"+text.After(": ", why)
		return failed
	case t.object.Deleting:
		t.object.Reason = "it is being deleted"
		return pending
	case r.waitForJobs:
		t.object.Reason = "the Job has not completed"
		return pending
	case r.patience > 0 && !health.JobRuns(t.live):
		t.object.Reason = "none of its pods runs"
		return pending
	}
	t.object.Ready, t.object.Reason = true, "it runs, and is watched for a moment"
	t.patience, t.afterOthers = r.patience, false
	return provisional
}

// failedBefore returns whether the target failed by something that dates from before
// this wait.
func (r readiness) failedBefore(t *target) bool {
	mark := health.ProgressDeadline(t.live)
	if t.fresh {
		mark += health.Stall(t.live)
	}
	first, known := r.before[t]
	if !known {
		first = mark
		r.before[t] = first
	}
	return first != "" && first == mark
}

// standing returns how a target is satisfied that is ready: for good or, where its
// controller may still say otherwise, for the time being.
func (r readiness) standing(t *target) outcome {
	t.patience, t.afterOthers = 0, false
	switch {
	case t.isCustom():
		if t.fresh && !health.Heard(t.live) {
			t.patience, t.object.Reason = r.patience, "its controller has said nothing of it yet"
		}
		return provisional
	case t.object.Kind == "APIService" && !health.Available(t.live):
		t.patience, t.afterOthers = apiServicePatience, true
		return provisional
	}
	return satisfied
}
