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
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// deleteTries is how often at most a namespace that changes meanwhile is read and
// judged anew before its deletion.
const deleteTries = 5

// pollEvery is how often a namespace is read where it may not be watched.
const pollEvery = 500 * time.Millisecond

// Delete begins to delete the namespace with that UID, provided that Berth made
// it and nothing says to keep it. It reads the namespace right before and deletes
// what it read: UID and resourceVersion are preconditions of the DELETE. It
// succeeds, too, where the namespace is gone or terminating already, or another
// has its name.
func (m Manager) Delete(ctx context.Context, name, uid string) error {
	for range deleteTries {
		ns, err := m.Client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read namespace %s before deleting it: %w", name, err)
		}
		seen := factsOf(ns)
		switch {
		case seen.UID != uid, seen.Phase == facts.NamespaceTerminating:
			return nil
		case !seen.Ours:
			return keep(name, "Berth did not make it")
		case seen.Keep:
			return keep(name, seen.KeepWhy)
		}
		err = m.deleteAsRead(ctx, ns)
		switch {
		case err == nil, apierrors.IsNotFound(err):
			return nil
		case apierrors.IsForbidden(err):
			return denied("delete namespace "+name, "Grant the verb delete on namespaces, then run teardown again.",
				problem.Permission{Verb: "delete", Name: name, Why: "remove the review app's namespace"}, err)
		case !apierrors.IsConflict(err):
			return fmt.Errorf("delete namespace %s: %w", name, err)
		}
	}
	return &problem.Problem{
		Reason: problem.Unanswered,
		Tried:  "delete namespace " + name,
		Cause:  fmt.Errorf("it changed between reading and deleting it %d times", deleteTries),
		Next:   "Find what keeps changing it, then run teardown again.",
	}
}

// deleteAsRead deletes a namespace unless it changed since it was read.
func (m Manager) deleteAsRead(ctx context.Context, ns *corev1.Namespace) error {
	background := metav1.DeletePropagationBackground
	return m.Client.CoreV1().Namespaces().Delete(ctx, ns.Name, metav1.DeleteOptions{
		Preconditions:     &metav1.Preconditions{UID: &ns.UID, ResourceVersion: &ns.ResourceVersion},
		PropagationPolicy: &background,
	})
}

// keep is the problem of a namespace that is not Berth's to delete.
func keep(name, why string) error {
	return &problem.Problem{
		Reason: problem.Foreign,
		Tried:  "delete namespace " + name,
		Cause:  errors.New(why),
		Next:   "Delete it by hand if nobody needs it:\n$ kubectl delete namespace " + name,
	}
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
				nextStep = "Mend what serves it or, if nobody needs it any more, delete it, then run again:\n$ kubectl delete apiservice " +
					strings.Join(silent, " ")
			}
			m.awaitChange(ctx, ns)
		}
	}
	if left := m.onLostNodes(ctx, name); left != "" {
		blocked, nextStep = fmt.Errorf("%s; %w", left, blocked), "Mend the node or, if it is gone for good, delete it, then run again."
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
