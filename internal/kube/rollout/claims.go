package rollout

import (
	"context"
	"regexp"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// selectedNode is on a claim that has found its first consumer.
const selectedNode = "volume.kubernetes.io/selected-node"

var (
	// noVolume is what stays so until somebody makes a class or a volume.
	noVolume = regexp.MustCompile(`no persistent volumes available|storageclass\S* "[^"]*" not found|no volume plugin matched`)
	// unbound is in the scheduler's words for a claim that is to be bound first.
	unbound = regexp.MustCompile(`unbound immediate PersistentVolumeClaims`)
)

// claimFaults is a claim that no volume can be found or made for. One that waits
// for its first consumer has nothing wrong.
func claimFaults(f evidence) []fault {
	if phase(f.owner) == "Lost" {
		return []fault{{key: "claim", final: true, reason: "the volume that it was bound to is gone"}}
	}
	e, ok := unprovided(f.events[f.owner.GetUID()])
	if !ok {
		return nil
	}
	return []fault{{key: "claim", lasts: f.forVolume(e), reason: e.Reason + ": " + told(e.Message)}}
}

// unprovided is why there is no volume for a claim, by the last of its events that
// tells.
func unprovided(events []happening) (why happening, ok bool) {
	for _, e := range events {
		switch e.Reason {
		case "FailedBinding", "ProvisioningFailed":
			why, ok = e, true
		case "ProvisioningSucceeded":
			ok = false
		}
	}
	return why, ok
}

// forVolume is how long a volume may take. What a driver fails at, it tries again:
// the first try may only have been too slow for its caller.
func (f evidence) forVolume(e happening) time.Duration {
	if noVolume.MatchString(e.Message) {
		return 3 * steady
	}
	return 4 * f.patience()
}

// unused says that a claim waits for its first consumer.
func unused(claim *unstructured.Unstructured, events []happening) bool {
	return claim.GetKind() == "PersistentVolumeClaim" && claim.GetAnnotations()[selectedNode] == "" &&
		len(events) > 0 && events[len(events)-1].Reason == "WaitForFirstConsumer"
}

// claim is one that keeps a pod from being scheduled.
type claim struct {
	pod   types.UID
	name  string
	since time.Time // what was before the pod is another's past
}

// unboundClaims are the claims of a pod that waits for these.
func unboundClaims(p *corev1.Pod) []claim {
	var all []claim
	for _, c := range p.Status.Conditions {
		if c.Type != corev1.PodScheduled || !unbound.MatchString(c.Message) {
			continue
		}
		for _, v := range p.Spec.Volumes {
			if v.PersistentVolumeClaim != nil {
				all = append(all, claim{p.UID, v.PersistentVolumeClaim.ClaimName, p.CreationTimestamp.Time})
			}
		}
	}
	return all
}

// ask gives what happened to a claim. Those of a StatefulSet are no objects of the
// release, so that nothing else would tell.
func (c claim) ask(ctx context.Context, client kubernetes.Interface, namespace string) []happening {
	events, err := eventsBy(ctx, client, namespace, fields.AndSelectors(
		fields.OneTermEqualSelector("involvedObject.kind", "PersistentVolumeClaim"),
		fields.OneTermEqualSelector("involvedObject.name", c.name),
	))
	if err != nil {
		return nil
	}
	var all []happening
	for i := range events {
		e := &events[i]
		if last := lastOf(e); !last.Before(c.since) {
			all = append(all, happening{Reason: e.Reason, Message: "claim " + c.name + ": " + e.Message, Count: count(e), Last: last})
		}
	}
	return all
}
