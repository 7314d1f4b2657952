package rollout

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/kube/health"
)

// claim is one that keeps a pod from being scheduled.
type claim struct {
	pod   types.UID
	name  string
	since time.Time // what was before the pod is another's past
}

// unboundClaims are the claims of a pod that waits for these.
func unboundClaims(p *corev1.Pod) []claim {
	var all []claim
	for _, name := range health.UnboundClaims(p) {
		all = append(all, claim{p.UID, name, p.CreationTimestamp.Time})
	}
	return all
}

// ask gives what happened to a claim. Those of a StatefulSet are no objects of the
// release, so that nothing else would tell.
func (c claim) ask(ctx context.Context, client kubernetes.Interface, namespace string) []health.Event {
	events, err := eventsBy(ctx, client, namespace, fields.AndSelectors(
		fields.OneTermEqualSelector("involvedObject.kind", "PersistentVolumeClaim"),
		fields.OneTermEqualSelector("involvedObject.name", c.name),
	))
	if err != nil {
		return nil
	}
	var all []health.Event
	for i := range events {
		e := &events[i]
		if h := health.NewEvent(e); !h.Last.Before(c.since) {
			h.Message = "claim " + c.name + ": " + h.Message
			all = append(all, h)
		}
	}
	return all
}
