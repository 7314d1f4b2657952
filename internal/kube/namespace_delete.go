package kube

import (
	"context"
	"errors"
	"fmt"
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

// deleteTries bounds how often a namespace that changes under us is judged anew
// before its deletion.
const deleteTries = 5

// pollEvery is how often a namespace is read where it may not be watched.
const pollEvery = 500 * time.Millisecond

// Delete begins to delete the namespace with that UID, if it still is ours and
// nothing says to keep it. It is read again right before, and what was judged is
// what gets deleted: UID and resourceVersion are preconditions of the DELETE.
// One that is gone, ending already, or another under the same name, is success.
func (n Namespaces) Delete(ctx context.Context, name, uid string) error {
	for range deleteTries {
		ns, err := n.Client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read namespace %s before deleting it: %w", name, err)
		}
		seen := namespaceFacts(ns)
		switch {
		case seen.UID != uid, seen.Phase == facts.NamespaceTerminating:
			return nil
		case !seen.Ours:
			return kept(name, "Berth did not make it")
		case seen.Keep:
			return kept(name, seen.KeepWhy)
		}
		own, version, background := types.UID(uid), ns.ResourceVersion, metav1.DeletePropagationBackground
		err = n.Client.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{
			Preconditions:     &metav1.Preconditions{UID: &own, ResourceVersion: &version},
			PropagationPolicy: &background,
		})
		switch {
		case err == nil, apierrors.IsNotFound(err):
			return nil
		case apierrors.IsForbidden(err):
			return &problem.Problem{
				Reason: problem.PermissionMissing,
				Tried:  "delete namespace " + name,
				Cause:  err,
				Next:   "Grant delete on namespaces, then run teardown again.",
				Missing: []problem.MissingPermission{{Permission: problem.Permission{
					Verb: "delete", Resource: "namespaces", Name: name, Why: "remove the review app's namespace",
				}, Reason: err.Error()}},
			}
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

func kept(name, why string) error {
	return &problem.Problem{
		Reason: problem.NotOurs,
		Tried:  "delete namespace " + name,
		Cause:  errors.New(why),
		Next:   "Delete it by hand if nobody needs it:\n$ kubectl delete namespace " + name,
	}
}

// WaitGone waits until the namespace with that UID is gone. Another under the
// same name counts as gone. A read that gets no answer is tried again; when ctx
// ends first, the error names what blocks, or that error.
func (n Namespaces) WaitGone(ctx context.Context, name, uid string) error {
	why := errors.New("the API server has not said what blocks it")
	for ctx.Err() == nil {
		ns, err := n.Client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err), err == nil && string(ns.UID) != uid:
			return nil
		case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
			return unseen(name, err)
		case err != nil && ctx.Err() != nil:
			// The wait was over while asking: what was known before counts.
		case err != nil:
			why = fmt.Errorf("it cannot be read: %w", err)
			pause(ctx, pollEvery)
		default:
			if b := blocking(ns); b != "" {
				why = errors.New(b)
			}
			n.awaitChange(ctx, ns)
		}
	}
	return &problem.Problem{
		Reason: problem.NamespaceTerminating,
		Tried:  "wait until namespace " + name + " is gone",
		Cause:  fmt.Errorf("%w: %w", ctx.Err(), why),
		Next:   "Remove what blocks it (often a finalizer whose controller is gone), then run again.",
	}
}

func unseen(name string, cause error) error {
	return &problem.Problem{
		Reason: problem.PermissionMissing,
		Tried:  "see whether namespace " + name + " is gone",
		Cause:  cause,
		Next:   "Grant get on namespaces cluster-wide: a Role inside the namespace goes away with it.",
		Missing: []problem.MissingPermission{{Permission: problem.Permission{
			Verb: "get", Resource: "namespaces", Name: name, Why: "see that the namespace is gone",
		}, Reason: cause.Error()}},
	}
}

// awaitChange returns at the first event after what was read, or after a pause
// where the namespace cannot be watched.
func (n Namespaces) awaitChange(ctx context.Context, read *corev1.Namespace) {
	w, err := n.Client.CoreV1().Namespaces().Watch(ctx, metav1.ListOptions{
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
