package health

import (
	"regexp"

	corev1 "k8s.io/api/core/v1"
)

// podFaults returns what keeps one pod from becoming ready. A pod that failed or
// is being deleted has no fault: its controller replaces it, or fails itself; and of
// one whose node is not ready nothing is known.
func podFaults(e Evidence, p *corev1.Pod, known map[string]runs) []fault {
	if p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed ||
		e.lost(p) != "" {
		return nil
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return schedulingFaults(e, p, c)
		}
	}
	var all []fault
	for _, c := range containersOf(p) {
		all = append(all, containerFaults(e, p, c, known[runKey(p, c.status.Name)])...)
	}
	all = append(append(all, mountFaults(e, p)...), stuckFaults(e, p)...)
	for i := range all {
		all[i].pod = p.UID
	}
	return all
}

// nodesFull matches the scheduler's message for nodes that are full. Pods that end
// make room, after up to their grace period.
var nodesFull = regexp.MustCompile(`Insufficient |Too many pods`)

// schedulingFaults is the fault of a pod that no node takes. It is suppressed
// while an autoscaler adds a node, while a node is nominated for the pod, and
// where its events were not read, which would tell.
func schedulingFaults(e Evidence, p *corev1.Pod, c corev1.PodCondition) []fault {
	if c.Reason != corev1.PodReasonUnschedulable {
		return nil
	}
	events, read := e.Events[p.UID]
	f := fault{
		key: "schedule/" + string(p.UID), minDuration: e.grace(),
		suppressed: !read || scalingUp(e) || p.Status.NominatedNodeName != "",
		reason:     AboutPod(p, unschedulableReason(c)), cause: schedulingCause(c, events),
	}
	switch {
	case volumeClaimUnbound.MatchString(c.Message):
		f.minDuration = 4 * e.grace()
		if event, failing := provisioningFailure(events); failing {
			f.key, f.minDuration = "volume/"+string(p.UID), e.provisioningTime(event)
			f.reason = AboutPod(p, event.Reason+": "+Sanitize(event.Message))
		}
	case nodesFull.MatchString(c.Message):
		f.minDuration = 2 * e.grace()
	}
	return []fault{f}
}

// scalingUp returns whether an autoscaler adds a node for one of the pods. Pods
// of one workload are alike, but need not get the event at the same time.
func scalingUp(e Evidence) bool {
	for _, p := range e.Pods {
		var up, down Event
		for _, event := range e.Events[p.UID] {
			switch event.Reason {
			case "TriggeredScaleUp", "Nominated": // of the cluster autoscaler, of Karpenter
				up = later(up, event)
			case "NotTriggerScaleUp":
				down = later(down, event)
			}
		}
		if up.Reason != "" && !down.Last.After(up.Last) {
			return true
		}
	}
	return false
}

// objectMissing matches the kubelet's message for a Secret, ConfigMap or claim that
// does not exist, or lacks a key.
var objectMissing = regexp.MustCompile(`(?i)(secret|configmap|persistentvolumeclaim)s? ["'\\]*\S+ (not found|does not exist)|` +
	`references non-existent|couldn't find key`)

// containerFaults returns what keeps one container from running. known is what is
// known of its runs.
func containerFaults(e Evidence, p *corev1.Pod, c container, known runs) []fault {
	s := c.status
	if s.Ready || c.done() {
		return nil
	}
	why, _ := containerReason(c.kind, s)
	events := e.Events[p.UID]
	f := fault{key: runKey(p, s.Name), reason: AboutPod(p, why+because(s, events)), cause: containerCause(p, c, events)}
	reason, message := "", ""
	if s.State.Waiting != nil {
		reason, message = s.State.Waiting.Reason, s.State.Waiting.Message
	}
	switch reason {
	case "InvalidImageName":
		f.key, f.permanent = f.key+"/image", true
	case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed":
		f = pullFault(e, p, f, s)
	case "CreateContainerConfigError":
		f.key, f.minDuration = f.key+"/config", transientTime
		if e.CustomResources && objectMissing.MatchString(message) || e.mayBeStale(p) {
			f.minDuration = e.grace()
		}
	default:
		return append(startFaults(e, p, f, s), crashFaults(f, c, known)...)
	}
	return []fault{f}
}
