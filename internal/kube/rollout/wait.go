package rollout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/verdict"
)

const (
	pollEvery     = 250 * time.Millisecond
	parallelReads = 16
)

// Waiter waits for objects. Its clients must not end with the operation: the
// reasons are asked for when the wait, and often the operation, is already over.
type Waiter struct {
	Client    kubernetes.Interface
	Dynamic   dynamic.Interface
	Mapper    meta.RESTMapper
	Namespace string // of references that name none
	Jobs      bool   // Jobs have to complete, too
}

// NotReadyError is the end of a wait that was not answered with "ready".
type NotReadyError struct {
	Objects []verdict.Object // those that are not ready, with their reasons
	Cause   error            // the context's error; nil when an object failed
}

// Error is one line with the first few reasons.
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

// Wait returns nil once each of the objects has been seen ready. It returns a
// *NotReadyError as soon as one has failed, or when ctx ends. A read without an
// answer is tried again in the next round; one that is denied ends the wait.
func (w *Waiter) Wait(ctx context.Context, refs []verdict.Ref) error {
	pending := make([]*subject, len(refs))
	for i, ref := range refs {
		s, err := w.subject(ref)
		if err != nil {
			return err
		}
		pending[i] = s
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := look(ctx, pending); err != nil && ctx.Err() == nil {
			return err
		}
		var failed bool
		pending, failed = unready(pending, w.Jobs)
		switch {
		case len(pending) == 0:
			return nil
		case failed:
			return w.explain(ctx, pending, nil)
		}
		select {
		case <-ctx.Done():
			return w.explain(ctx, pending, ctx.Err())
		case <-tick.C:
		}
	}
}

// subject is one object that is waited for.
type subject struct {
	object   verdict.Object
	resource dynamic.ResourceInterface
	live     *unstructured.Unstructured // as last read
}

func (w *Waiter) subject(ref verdict.Ref) (*subject, error) {
	gvk := (&unstructured.Unstructured{Object: map[string]any{"apiVersion": ref.APIVersion, "kind": ref.Kind}}).GroupVersionKind()
	mapping, err := w.Mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, fmt.Errorf("find the resource of %s to wait for it: %w", ref, err)
	}
	s := &subject{object: verdict.Object{Ref: ref, Reason: "it has not been read yet"}}
	if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		s.object.Namespace = ""
		s.resource = w.Dynamic.Resource(mapping.Resource)
		return s, nil
	}
	if ref.Namespace == "" {
		s.object.Namespace = w.Namespace
	}
	s.resource = w.Dynamic.Resource(mapping.Resource).Namespace(s.object.Namespace)
	return s, nil
}

// look reads all that are pending, and returns the first error that no waiting
// can mend.
func look(ctx context.Context, pending []*subject) error {
	var reads errgroup.Group
	reads.SetLimit(parallelReads)
	for _, s := range pending {
		reads.Go(func() error { return s.look(ctx) })
	}
	return reads.Wait()
}

func (s *subject) look(ctx context.Context) error {
	live, err := s.resource.Get(ctx, s.object.Name, metav1.GetOptions{})
	switch {
	case err == nil:
		s.live = live
		r := Ready(live)
		s.object.UID, s.object.Exists = string(live.GetUID()), true
		s.object.Created = live.GetCreationTimestamp().Time
		s.object.Deleting = live.GetDeletionTimestamp() != nil
		s.object.Ready, s.object.Failed, s.object.Reason = r.Ready, r.Failed, r.Reason
		s.object.Complete = Complete(live)
	case apierrors.IsNotFound(err):
		s.live = nil
		s.object = verdict.Object{Ref: s.object.Ref, Reason: "it does not exist"}
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return fmt.Errorf("read %s to wait for it: %w", s.object.Ref, err)
	case ctx.Err() == nil:
		s.object.Ready, s.object.Failed = false, false
		s.object.Reason = fmt.Sprintf("it cannot be read: %v", err)
	}
	return nil
}

// unready keeps those that are not ready, and says whether any has failed.
func unready(subjects []*subject, jobs bool) (left []*subject, failed bool) {
	for _, s := range subjects {
		waits := !s.object.Ready
		if jobs && s.object.Kind == "Job" && s.object.Exists && !s.object.Complete && !s.object.Failed {
			waits, s.object.Reason = true, "the Job has not completed"
		}
		if waits {
			left = append(left, s)
			failed = failed || s.object.Failed
		}
	}
	return left, failed
}

// explain asks the pods of what is not ready, on time of its own.
func (w *Waiter) explain(ctx context.Context, pending []*subject, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), explainBudget)
	defer cancel()
	w.askPods(ctx, pending)
	e := &NotReadyError{Cause: cause}
	for _, s := range pending {
		e.Objects = append(e.Objects, s.object)
	}
	if cause != nil && errors.Is(cause, context.DeadlineExceeded) {
		e.Cause = fmt.Errorf("the time to wait is over: %w", cause)
	}
	return e
}
