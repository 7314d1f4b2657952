package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// FirstPodReason returns the reason of the first pod of the evidence that is not
// ready as "pod NAME: REASON", or "" where all are.
func FirstPodReason(e Evidence) string {
	for _, p := range e.Pods {
		reason := ExplainPod(p, e.Events[p.UID])
		if reason == "" {
			continue
		}
		if lost := e.lost(p); lost != "" {
			return AboutPod(p, lost)
		}
		for _, c := range containersOf(p) {
			reason = e.awaitedImage(p, c.status) + reason
		}
		return AboutPod(p, reason)
	}
	return ""
}

// AboutPod returns "pod NAME: REASON".
func AboutPod(p *corev1.Pod, reason string) string { return "pod " + p.Name + ": " + reason }

// PodReason is ExplainPod where no events were read.
func PodReason(p *corev1.Pod) string { return ExplainPod(p, nil) }

// ExplainPod returns in one line why a pod is not ready, by its own status and its
// events, oldest first: they alone tell of an image that is being pulled, and why a
// probe fails. It returns "" for a pod that is ready, succeeded or is being deleted.
// Text of the kubelet and of images in it is untrusted, and sanitized.
func ExplainPod(p *corev1.Pod, events []Event) string {
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
	reason := containersReason(p, events)
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

// EndReason returns in one line how a container of a pod ended that did not do what it
// is for, though the pod is being deleted or the container runs again; "" where none
// did.
func EndReason(p *corev1.Pod) string {
	if p.Status.Phase == corev1.PodSucceeded {
		return ""
	}
	for i, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		kind := "container"
		if i < len(p.Status.InitContainerStatuses) {
			kind = "init container"
		}
		before, runs := s.LastTerminationState.Terminated, s.State.Running != nil
		switch {
		case s.State.Terminated != nil && s.State.Terminated.ExitCode == 0, !runs && s.State.Terminated == nil && before == nil:
		case runs && p.DeletionTimestamp != nil:
			return kind + " " + s.Name + ": it ran until its pod was deleted" + terminationReason(before)
		case runs && before == nil:
		case runs:
			return kind + " " + s.Name + ": " + restarts(s) + terminationReason(before)
		default:
			why, _ := containerReason(kind, s)
			return why
		}
	}
	return ""
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

// PodRuns returns whether a container of the pod runs that the pod is there for: no
// init container, or sidecar among these.
func PodRuns(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool { return s.State.Running != nil })
}

func unschedulableReason(c corev1.PodCondition) string {
	return join("no node takes it", c.Reason, Sanitize(c.Message))
}

// containersReason returns the reason of the first container with a fault, or else
// of the first that is not ready; "" where all are ready.
func containersReason(p *corev1.Pod, events []Event) string {
	var starting string
	for _, c := range containersOf(p) {
		if c.status.Ready || c.done() {
			continue
		}
		why, faulty := containerReason(c.kind, c.status)
		switch why += because(c.status, events); {
		case faulty:
			return why
		case starting == "":
			starting = why
		}
	}
	if strings.HasSuffix(starting, notStarted) {
		return cmp.Or(underWay(p, events), starting)
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
