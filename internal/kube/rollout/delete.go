package rollout

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/manifest"
)

// WaitForDelete returns nil once none of the objects exists, or only one that was
// made anew under the name: since it was first read, or under another UID than the
// one given. When ctx ends first, it returns a *NotReadyError with
// those that still exist and the finalizers that hold them.
func (w *Waiter) WaitForDelete(ctx context.Context, objects manifest.Objects) error {
	targets, err := w.targets(objects)
	if err != nil {
		return err
	}
	nothing := func(*target) bool { return false }
	left, err := w.wait(ctx, targets, evaluateDeletion, nothing)
	if err != nil || len(left) == 0 {
		return err
	}
	e := &NotReadyError{Cause: fmt.Errorf("waiting for them to be gone: %w", context.Cause(ctx))}
	for _, t := range left {
		t.object.Reason = strings.TrimPrefix(t.object.Reason+"; "+w.podsOf(ctx, t), "; ")
		t.object.Reason = strings.TrimSuffix(t.object.Reason, "; ")
		e.Objects = append(e.Objects, t.object)
	}
	return e
}

// podsOf returns which pods of an object there still are, or itself, if that is one.
func (w *Waiter) podsOf(ctx context.Context, t *target) string {
	if t.live == nil {
		return ""
	}
	if pod, ok := toPod(t.live); ok && t.object.Kind == "Pod" {
		reads, cancel := context.WithTimeout(context.WithoutCancel(ctx), leftTimeout)
		defer cancel()
		return lostBy(reads, w.Dynamic)(pod.Spec.NodeName)
	}
	selector, ok := health.PodSelector(t.live)
	if !ok {
		return ""
	}
	return podsLeft(ctx, w.Dynamic, t.live.GetNamespace(), metav1.FormatLabelSelector(selector), t.isPodOf)
}

// evaluateDeletion evaluates an object that is to be deleted. It cannot fail.
func evaluateDeletion(t *target, deleted bool) outcome {
	if deleted || t.live == nil || t.madeAnew() {
		return satisfied
	}
	t.describe()
	t.object.Reason = cmp.Or(health.Holding(t.live.GetFinalizers()), "it is still there")
	return pending
}
