package rollout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/result"
)

// Waiter waits for objects by watching them. Its clients must not end with the
// operation: the reasons are asked for when the wait, and often the operation,
// is already over.
//
// Only what is not ready yet is watched, from the version it was last seen in,
// and nothing else of the namespace as far as a selector can say so. Where
// watching is not allowed, it reads again and again.
type Waiter struct {
	Clients
	Release      string   // in a namespace that others share, what its objects' labels name; empty: any label does
	OwnNamespace bool     // the namespace is the release's own: all of a kind in it may be watched
	WaitForJobs  bool     // Jobs have to complete, too
	FailFast     bool     // what cannot become ready ends the wait
	Observer     Observer // nil: nobody is told

	grace time.Duration // see patience; zero: what it is by default
	going bool          // what is waited for is to go: nothing is hopeless about that
}

// Clients are what a wait reads the cluster with.
type Clients struct {
	Clientset kubernetes.Interface // nil where nothing is diagnosed: pods, events, logs
	Dynamic   dynamic.Interface
	Mapper    meta.RESTMapper
	Namespace string // of objects that name none
}

// NotReadyError is the end of a wait that was not answered with "ready".
type NotReadyError struct {
	Objects []facts.Object // those that are not ready, with their reasons
	Cause   error          // the context's error; nil when an object failed
	Found   *result.Diagnostics
}

// Error is one line with the first few reasons, those that ended the wait first.
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

// Unwrap gives the context's error, so that a timeout can be told from an
// interruption.
func (e *NotReadyError) Unwrap() error { return e.Cause }

// Diagnostics are what was found out about the reasons.
func (e *NotReadyError) Diagnostics() *result.Diagnostics { return e.Found }

// WaitForReady returns nil once each of the objects has been seen ready. It returns
// a *NotReadyError as soon as one has failed, or when ctx ends. A read without an
// answer is tried again; one that is denied ends the wait.
//
// Objects are taken as the API server returned them when they were applied: what is
// ready by that is not read again. ByName makes objects that have to be read.
func (w *Waiter) WaitForReady(ctx context.Context, applied []Applied) error {
	began := time.Now()
	subjects, err := w.subjects(applied)
	if err != nil {
		return err
	}
	left, err := w.await(ctx, subjects, w.ready)
	switch {
	case err != nil:
		return err
	case len(left) == 0:
		return nil
	case failed(left):
		return w.explain(ctx, began, left, nil)
	}
	return w.explain(ctx, began, left, context.Cause(ctx))
}

// ready judges an object that is to become ready.
func (w *Waiter) ready(s *subject, gone bool) outcome {
	s.object = facts.Object{Ref: s.object.Ref, Reason: "it does not exist"}
	if gone {
		if w.WaitForJobs && s.live.GetKind() == "Job" && health.Complete(s.live) {
			return met // one with a time to live of zero
		}
		s.live = nil
		return pending
	}
	s.describe()
	r := health.Ready(s.live)
	if !s.judged {
		s.judged, s.overdue = true, health.ProgressDeadline(s.live)
	}
	if r.Failed && s.overdue != "" && s.overdue == health.ProgressDeadline(s.live) {
		r.Failed = false // in an earlier wait: by now the pods may have what they lacked
	}
	s.object.Ready, s.object.Failed, s.object.Reason = r.Ready, r.Failed, r.Reason
	switch {
	case r.Failed:
		return missed
	case !r.Ready:
		return pending
	case w.WaitForJobs && s.object.Kind == "Job" && !s.object.Complete:
		s.object.Ready, s.object.Reason = false, "the Job has not completed"
		return pending
	}
	return met
}

// failed says that one of them cannot become ready, and puts these first.
func failed(subjects []*subject) bool {
	n := 0
	for i, s := range subjects {
		if s.object.Failed {
			subjects[n], subjects[i] = subjects[i], subjects[n]
			n++
		}
	}
	return n > 0
}

// explain asks why, on time of its own, unless the wait was broken off: nobody asks
// then, and the run has to settle its record.
func (w *Waiter) explain(ctx context.Context, began time.Time, left []*subject, cause error) error {
	e := &NotReadyError{Cause: overtime(cause)}
	if !brokenOff(cause) {
		e.Found = w.diagnose(ctx, began, left)
	}
	for _, s := range left {
		e.Objects = append(e.Objects, s.object)
	}
	if e.Found != nil {
		e.Found.Objects = e.Objects
	}
	return e
}

// brokenOff says that neither a failure nor the time ended the wait.
func brokenOff(cause error) bool {
	return cause != nil && !errors.Is(cause, context.DeadlineExceeded)
}

// overtime puts into words that it was the time that ended the wait.
func overtime(cause error) error {
	if cause != nil && errors.Is(cause, context.DeadlineExceeded) {
		return fmt.Errorf("the time to wait is over: %w", cause)
	}
	return cause
}
