package rollout

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/berth-dev/berth/internal/text"
)

// PodReason says in one line why a pod is not ready, from its own status: empty
// when it is ready, done or on its way out. What the kubelet and the images say
// in it is untrusted text.
func PodReason(p *corev1.Pod) string {
	if p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded {
		return ""
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return "no node takes it: " + c.Reason + text.After(": ", told(c.Message))
		}
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return ""
		}
	}
	var mild string // true, but nothing that stands in the way
	for _, s := range p.Status.InitContainerStatuses {
		if s.Ready || s.State.Terminated != nil && s.State.Terminated.ExitCode == 0 {
			continue
		}
		if why, hard := containerReason("init container", s); hard {
			return why
		} else if mild == "" {
			mild = why
		}
	}
	for _, s := range p.Status.ContainerStatuses {
		if s.Ready {
			continue
		}
		if why, hard := containerReason("container", s); hard {
			return why
		} else if mild == "" {
			mild = why
		}
	}
	switch {
	case mild != "":
		return mild
	case p.Status.Reason != "":
		return p.Status.Reason + text.After(": ", told(p.Status.Message))
	case p.Status.Phase == corev1.PodFailed:
		return "it failed" + text.After(": ", told(p.Status.Message))
	}
	return "it is " + phaseWord(p.Status.Phase)
}

// containerReason says what holds a container up; hard means that it is a
// fault, not just a start that takes its time.
func containerReason(what string, s corev1.ContainerStatus) (why string, hard bool) {
	name := what + " " + s.Name + ": "
	switch {
	case s.State.Waiting != nil:
		w := s.State.Waiting
		switch w.Reason {
		case "", "ContainerCreating", "PodInitializing":
			return name + unstarted + text.After(": ", told(w.Message)), false
		case "CrashLoopBackOff":
			return name + fmt.Sprintf("CrashLoopBackOff, %s", restarts(s)) + ended(s.LastTerminationState.Terminated), true
		}
		return name + w.Reason + text.After(": ", told(w.Message)), true
	case s.State.Terminated != nil:
		return name + "ended" + ended(s.State.Terminated), true
	case s.RestartCount > 0:
		return name + "running but not ready, " + restarts(s) + ended(s.LastTerminationState.Terminated), true
	case s.State.Running != nil:
		return name + "running but not ready", false
	}
	return name + unstarted, false
}

// unstarted is said of a container of which its status says no more.
const unstarted = "not started yet"

func restarts(s corev1.ContainerStatus) string {
	if s.RestartCount == 1 {
		return "restarted once"
	}
	return fmt.Sprintf("restarted %d times", s.RestartCount)
}

// ended says how a container ended: OOMKilled, Error with its exit code. Its
// message may be the end of its log.
func ended(t *corev1.ContainerStateTerminated) string {
	if t == nil {
		return ""
	}
	return text.After(", ", t.Reason) + fmt.Sprintf(" (exit code %d)", t.ExitCode) + text.After(": ", told(t.Message))
}

func phaseWord(p corev1.PodPhase) string {
	if p == "" {
		return "not seen by a node yet"
	}
	return string(p)
}
