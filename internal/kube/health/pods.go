package health

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// FirstPodReason returns the reason of the first pod that is not ready as
// "pod NAME: REASON", or "" where all are. events are those of the pods, oldest
// first; they tell of an image that is being pulled, which no status does.
func FirstPodReason(pods []*corev1.Pod, events map[types.UID][]Event) string {
	for _, p := range pods {
		reason := PodReason(p)
		if reason == "" {
			continue
		}
		all := events[p.UID]
		if len(all) > 0 && all[len(all)-1].Reason == "Pulling" && strings.HasSuffix(reason, notStarted) {
			reason = all[len(all)-1].Message
		}
		return AboutPod(p, reason)
	}
	return ""
}

// AboutPod returns "pod NAME: REASON".
func AboutPod(p *corev1.Pod, reason string) string { return "pod " + p.Name + ": " + reason }

// PodReason returns in one line why a pod is not ready, by its own status. It
// returns "" for a pod that is ready, succeeded or is being deleted. Text of the
// kubelet and of images in it is untrusted, and sanitized.
func PodReason(p *corev1.Pod) string {
	if p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded {
		return ""
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return unschedulableReason(c)
		}
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return ""
		}
	}
	reason := containersReason(p)
	switch {
	case reason != "":
		return reason
	case p.Status.Reason != "":
		return join(p.Status.Reason, Sanitize(p.Status.Message))
	case p.Status.Phase == corev1.PodFailed:
		return join("it failed", Sanitize(p.Status.Message))
	case p.Status.Phase == "":
		return "it is not seen by a node yet"
	}
	return "it is " + string(p.Status.Phase)
}

// PodStarted returns whether a container of the pod runs or ran, and so whether
// its volumes were mounted.
func PodStarted(p *corev1.Pod) bool {
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if s.State.Running != nil || s.State.Terminated != nil || s.RestartCount > 0 {
			return true
		}
	}
	return false
}

func unschedulableReason(c corev1.PodCondition) string {
	return join("no node takes it", c.Reason, Sanitize(c.Message))
}

// containersReason returns the reason of the first container with a fault, or else
// of the first that is not ready; "" where all are ready.
func containersReason(p *corev1.Pod) string {
	var starting string
	for _, s := range p.Status.InitContainerStatuses {
		if s.Ready || s.State.Terminated != nil && s.State.Terminated.ExitCode == 0 {
			continue
		}
		why, faulty := containerReason("init container", s)
		if faulty {
			return why
		}
		if starting == "" {
			starting = why
		}
	}
	for _, s := range p.Status.ContainerStatuses {
		if s.Ready {
			continue
		}
		why, faulty := containerReason("container", s)
		if faulty {
			return why
		}
		if starting == "" {
			starting = why
		}
	}
	return starting
}

// notStarted is the reason of a container whose status says no more.
const notStarted = "not started yet"

// containerReason returns why a container is not ready. faulty is false as long as
// it may just take its time to start.
func containerReason(kind string, s corev1.ContainerStatus) (why string, faulty bool) {
	name := kind + " " + s.Name + ": "
	switch {
	case s.State.Waiting != nil:
		w := s.State.Waiting
		switch w.Reason {
		case "", "ContainerCreating", "PodInitializing":
			return name + join(notStarted, Sanitize(w.Message)), false
		case "CrashLoopBackOff":
			return name + fmt.Sprintf("CrashLoopBackOff, %s", restarts(s)) + terminationReason(s.LastTerminationState.Terminated), true
		}
		return name + join(w.Reason, Sanitize(w.Message)), true
	case s.State.Terminated != nil:
		return name + "ended" + terminationReason(s.State.Terminated), true
	case s.RestartCount > 0:
		return name + "running but not ready, " + restarts(s) + terminationReason(s.LastTerminationState.Terminated), true
	case s.State.Running != nil:
		return name + "running but not ready", false
	}
	return name + notStarted, false
}

func restarts(s corev1.ContainerStatus) string {
	if s.RestartCount == 1 {
		return "restarted once"
	}
	return fmt.Sprintf("restarted %d times", s.RestartCount)
}

// terminationReason returns ", REASON (exit code N): MESSAGE", or "" where nothing
// terminated. The message may be the end of the container's log.
func terminationReason(t *corev1.ContainerStateTerminated) string {
	if t == nil {
		return ""
	}
	why := fmt.Sprintf(" (exit code %d)", t.ExitCode)
	if t.Reason != "" {
		why = ", " + t.Reason + why
	}
	return join(why, Sanitize(t.Message))
}
