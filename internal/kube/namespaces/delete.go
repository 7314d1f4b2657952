package namespaces

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// pollEvery is how often a namespace is read where it may not be watched.
const pollEvery = 500 * time.Millisecond

// Delete begins to delete a namespace as it was read: UID and resourceVersion are
// preconditions of the DELETE. Whether it may be deleted was decided by what was read
// since. The error wraps facts.ErrChanged where it was written to meanwhile; then that
// has to be decided anew. It succeeds, too, where the namespace is gone.
func (m Manager) Delete(ctx context.Context, ns facts.Namespace) error {
	background, uid := metav1.DeletePropagationBackground, types.UID(ns.UID)
	err := m.Client.CoreV1().Namespaces().Delete(ctx, ns.Name, metav1.DeleteOptions{
		Preconditions:     &metav1.Preconditions{UID: &uid, ResourceVersion: &ns.Version},
		PropagationPolicy: &background,
	})
	switch {
	case err == nil, apierrors.IsNotFound(err):
		return nil
	case apierrors.IsForbidden(err):
		return denied("delete namespace "+ns.Name, "Grant the verb delete on namespaces, then run teardown again.",
			problem.Permission{Verb: "delete", Name: ns.Name, Why: "remove the review app's namespace"}, err)
	case apierrors.IsConflict(err):
		return fmt.Errorf("delete namespace %s: %w: %w", ns.Name, facts.ErrChanged, err)
	}
	return fmt.Errorf("delete namespace %s: %w", ns.Name, err)
}

// WaitGone waits until the namespace with that UID is gone. Another with the same
// name counts as gone. A read that gets no answer is repeated. When ctx ends
// first, the error names what blocks the deletion, or why it cannot be read.
func (m Manager) WaitGone(ctx context.Context, name, uid string) error {
	blocked := errors.New("the API server has not said what blocks it")
	nextStep := "Remove what blocks it (often a finalizer whose controller is gone), then run again."
	for ctx.Err() == nil {
		ns, err := m.Client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err), err == nil && string(ns.UID) != uid:
			return nil
		case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
			return denied("see whether namespace "+name+" is gone",
				"Grant the verb get on namespaces cluster-wide: a Role inside the namespace is deleted with it.",
				problem.Permission{Verb: "get", Name: name, Why: "see that the namespace is gone"}, err)
		case err != nil && ctx.Err() != nil:
			// The time ran out during the read: what was known before is told.
		case err != nil:
			blocked = fmt.Errorf("it cannot be read: %w", err)
			pause(ctx, pollEvery)
		default:
			if b := blocking(ns); b != "" {
				blocked = errors.New(b)
			}
			if silent := silentAPIServices(ns); len(silent) > 0 {
				nextStep = "Fix what serves it or, if nobody needs it any more, delete it, then run again:\n$ kubectl delete apiservice " +
					strings.Join(silent, " ")
			}
			m.awaitChange(ctx, ns)
		}
	}
	if left := m.onLostNodes(ctx, name); left != "" {
		blocked, nextStep = fmt.Errorf("%s; %w", left, blocked), "Fix the node or, if it is gone for good, delete it, then run again."
	}
	return &problem.Problem{
		Reason: problem.NamespaceTerminating,
		Tried:  "wait until namespace " + name + " is gone",
		Cause:  fmt.Errorf("%w: %w", ctx.Err(), blocked),
		Next:   nextStep,
	}
}

// awaitChange returns at the first event since the namespace was read, or after a
// pause where it cannot be watched. client-go's RetryWatcher is not used: the
// caller reads again after each event anyway, which also covers a watch that
// broke.
func (m Manager) awaitChange(ctx context.Context, read *corev1.Namespace) {
	w, err := m.Client.CoreV1().Namespaces().Watch(ctx, metav1.ListOptions{
		FieldSelector:   fields.OneTermEqualSelector("metadata.name", read.Name).String(),
		ResourceVersion: read.ResourceVersion,
	})
	if err != nil {
		pause(ctx, pollEvery)
		return
	}
	defer w.Stop()
	if e, ok := <-w.ResultChan(); !ok || e.Type == watch.Error {
		pause(ctx, pollEvery)
	}
}

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
