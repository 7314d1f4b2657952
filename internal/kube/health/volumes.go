package health

import (
	"regexp"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/facts"
)

// volumeLost is why a claim in the phase Lost is not ready.
const volumeLost = "the volume that it was bound to is gone"

// selectedNode is the annotation of a claim that has found its first consumer.
const selectedNode = "volume.kubernetes.io/selected-node"

var (
	// noProvisioner matches what remains until somebody makes a class or a volume.
	noProvisioner = regexp.MustCompile(`no persistent volumes available|storageclass\S* "[^"]*" not found|no volume plugin matched`)
	// volumeClaimUnbound matches the scheduler's message for a claim that has to be bound
	// first.
	volumeClaimUnbound = regexp.MustCompile(`unbound immediate PersistentVolumeClaims`)
)

// AwaitsConsumer returns whether the object is a PersistentVolumeClaim that is
// bound only when a pod uses it (volumeBindingMode: WaitForFirstConsumer), by its
// events, oldest first.
func AwaitsConsumer(claim *unstructured.Unstructured, events []Event) bool {
	return claim.GetKind() == "PersistentVolumeClaim" && claim.GetAnnotations()[selectedNode] == "" &&
		len(events) > 0 && events[len(events)-1].Reason == "WaitForFirstConsumer"
}

// UnboundClaims returns the names of a pod's claims if one of them keeps it from
// being scheduled. The pod does not tell which.
func UnboundClaims(p *corev1.Pod) []string {
	var names []string
	for _, c := range p.Status.Conditions {
		if c.Type != corev1.PodScheduled || !volumeClaimUnbound.MatchString(c.Message) {
			continue
		}
		for _, v := range p.Spec.Volumes {
			if v.PersistentVolumeClaim != nil {
				names = append(names, v.PersistentVolumeClaim.ClaimName)
			}
		}
	}
	return names
}

// claimFaults is the fault of a claim that lost its volume, or for which none can
// be found or provisioned. One that awaits its first consumer has none.
func claimFaults(e Evidence) []fault {
	if phase(e.Owner) == "Lost" {
		return []fault{{key: "claim", permanent: true, reason: volumeLost, cause: facts.Cause{Kind: facts.CauseVolume, Said: volumeLost}}}
	}
	event, failing := provisioningFailure(e.Events[e.Owner.GetUID()])
	if !failing {
		return nil
	}
	return []fault{{key: "claim", minDuration: e.provisioningTime(event), reason: event.Reason + ": " + Sanitize(event.Message),
		cause: volumeCause(event)}}
}

// provisioningFailure returns the last event that tells why a claim has no volume,
// unless one was provisioned after it.
func provisioningFailure(events []Event) (last Event, failing bool) {
	for _, e := range events {
		switch e.Reason {
		case "FailedBinding", "ProvisioningFailed":
			last, failing = e, true
		case "ProvisioningSucceeded":
			failing = false
		}
	}
	return last, failing
}

// provisioningTime returns how long a volume may take after such a failure. A
// driver retries: its first call may only have exceeded the caller's timeout.
func (e Evidence) provisioningTime(failure Event) time.Duration {
	if noProvisioner.MatchString(failure.Message) {
		return 3 * transientTime
	}
	return 4 * e.grace()
}
