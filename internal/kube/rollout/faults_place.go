package rollout

import (
	"regexp"

	corev1 "k8s.io/api/core/v1"

	"github.com/berth-dev/berth/internal/text"
)

// noRoom is in the scheduler's words for nodes that are full: pods that end make
// room, and take their grace period for that.
var noRoom = regexp.MustCompile(`Insufficient |Too many pods`)

// unscheduled is the fault of a pod that no node takes, unless an autoscaler
// makes one, or one is cleared for it. Where its events are not known, nobody can
// tell.
func unscheduled(f evidence, p *corev1.Pod, c corev1.PodCondition) []fault {
	events, asked := f.events[p.UID]
	if c.Reason != corev1.PodReasonUnschedulable {
		return nil
	}
	x := fault{
		key: "schedule/" + string(p.UID), lasts: f.patience(),
		quiet:  !asked || scaling(f) || p.Status.NominatedNodeName != "",
		reason: about(p, "no node takes it: "+c.Reason+text.After(": ", told(c.Message))),
	}
	switch {
	case unbound.MatchString(c.Message):
		x.lasts = 4 * f.patience()
		if e, ok := unprovided(events); ok {
			x.key, x.lasts, x.reason = "volume/"+string(p.UID), f.forVolume(e), about(p, e.Reason+": "+told(e.Message))
		}
	case noRoom.MatchString(c.Message):
		x.lasts = 2 * f.patience()
	}
	return []fault{x}
}

// scaling says that an autoscaler makes a node for one of the pods; the others,
// which are alike, may hear of it later.
func scaling(f evidence) bool {
	for _, p := range f.pods {
		var up, down happening
		for _, e := range f.events[p.UID] {
			switch e.Reason {
			case "TriggeredScaleUp", "Nominated": // by the cluster autoscaler, by Karpenter
				up = later(up, e)
			case "NotTriggerScaleUp":
				down = later(down, e)
			}
		}
		if up.Reason != "" && !down.Last.After(up.Last) {
			return true
		}
	}
	return false
}
