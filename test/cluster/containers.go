package main

import (
	"crypto/sha256"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// containers are the statuses of a pod's containers after the change. Init
// containers complete at once, but for one that crashes and those after it.
func (c *change) containers(started metav1.Time) (inits, containers []corev1.ContainerStatus) {
	initializing := stage{state: "waiting", reason: "PodInitializing"}
	crashing, waits := c.crashingInit(), false
	for _, spec := range c.pod.Spec.InitContainers {
		old := statusOf(c.pod.Status.InitContainerStatuses, spec.Name)
		sidecar := spec.RestartPolicy != nil && *spec.RestartPolicy == corev1.ContainerRestartPolicyAlways
		switch {
		case spec.Name == crashing || sidecar && spec.Name == c.only():
			waits = waits || spec.Name == crashing
			inits = append(inits, c.container(spec, old, c.stage))
		case waits:
			inits = append(inits, c.container(spec, old, initializing))
		case sidecar && c.ends():
			inits = append(inits, c.container(spec, old, c.stage))
		case sidecar:
			inits = append(inits, c.container(spec, old, stage{state: "running", ready: true}))
		default:
			inits = append(inits, completed(c.container(spec, old, stage{state: "running", ready: true}), started))
		}
	}
	for _, spec := range c.pod.Spec.Containers {
		old := statusOf(c.pod.Status.ContainerStatuses, spec.Name)
		switch {
		case c.init:
			containers = append(containers, c.container(spec, old, initializing))
		case c.only() == "" || c.only() == spec.Name || c.ends():
			containers = append(containers, c.container(spec, old, c.stage))
		default:
			containers = append(containers, c.container(spec, old, stage{state: "running", ready: true}))
		}
	}
	return inits, containers
}

// only is the container that does what the pod's behaviour says, where it is not
// all of them.
func (c *change) only() string { return c.pod.Annotations[containerKey] }

// ends returns whether the pod comes to its end, with all that runs in it.
func (c *change) ends() bool { return c.phase == "Succeeded" || c.phase == "Failed" }

// crashingInit is the init container that crashes, where one does: the first that
// is no sidecar, or the one that is named.
func (c *change) crashingInit() string {
	for _, spec := range c.pod.Spec.InitContainers {
		if c.init && spec.RestartPolicy == nil && (c.only() == "" || c.only() == spec.Name) {
			return spec.Name
		}
	}
	return ""
}

// container is the status of one container to which the stage happens.
func (c *change) container(spec corev1.Container, old corev1.ContainerStatus, to stage) corev1.ContainerStatus {
	s := corev1.ContainerStatus{Name: spec.Name, Image: spec.Image, RestartCount: old.RestartCount,
		LastTerminationState: old.LastTerminationState}
	if to.restart {
		s.RestartCount++
	}
	dies := to.reason == "RunContainerError" || to.reason == "PostStartHookError"
	id := "containerd://" + digest(fmt.Sprintf("%s/%s/%d", c.pod.UID, spec.Name, s.RestartCount))
	if dies || to.state != "waiting" || s.RestartCount > 0 || old.ContainerID != "" {
		s.ContainerID, s.ImageID = id, spec.Image+"@sha256:"+digest(spec.Image)
	}
	running, bare := to.state == "running", to.bare && spec.ReadinessProbe == nil
	s.Started, s.Ready = &running, to.ready || running && bare
	switch {
	case old.State.Terminated != nil && to.state != "terminated":
		s.LastTerminationState = old.State
	case dies:
		s.LastTerminationState = corev1.ContainerState{Terminated: c.ended(old, id)}
	}
	switch {
	case running && old.State.Running != nil && !to.restart:
		s.State = old.State
	case running:
		s.State.Running = &corev1.ContainerStateRunning{StartedAt: c.now}
		c.sayStarted(spec)
	case to.state == "waiting":
		s.State.Waiting = c.waits(spec, to)
	case old.State.Terminated != nil:
		s.State = old.State
	case old.State.Waiting != nil && old.LastTerminationState.Terminated != nil:
		s.State = old.LastTerminationState
	default:
		s.State.Terminated = c.ended(old, id)
	}
	return s
}

// ended is how a container that ran, or did not get that far, ended.
func (c *change) ended(old corev1.ContainerStatus, id string) *corev1.ContainerStateTerminated {
	code, reason := c.end()
	t := &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, StartedAt: c.now, FinishedAt: c.now, ContainerID: id}
	if old.State.Running != nil {
		t.StartedAt = old.State.Running.StartedAt
	}
	if reason == "StartError" {
		t.StartedAt, t.Message = metav1.Unix(0, 0), c.startError() // a runtime's own
	}
	return t
}

// end is the exit code and reason of what ends in this change.
func (c *change) end() (code int32, reason string) {
	switch behaviour := c.pod.Annotations[behaviourKey]; {
	case c.pod.DeletionTimestamp != nil && c.pod.Annotations[stopKey] == "grace":
		return 137, "Error"
	case c.pod.DeletionTimestamp != nil:
		return 143, "Error"
	case c.phase == "Succeeded", behaviour == "exit-zero":
		return 0, "Completed"
	case behaviour == "oom-killed":
		return 137, "OOMKilled"
	case behaviour == "start-error":
		return 128, "StartError"
	case behaviour == "liveness-kill", behaviour == "post-start-error":
		return 137, "Error"
	}
	return 1, "Error"
}

// completed turns the status of an init container into that of one that is done.
func completed(s corev1.ContainerStatus, at metav1.Time) corev1.ContainerStatus {
	no := false
	s.Started, s.State = &no, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		Reason: "Completed", StartedAt: at, FinishedAt: at, ContainerID: s.ContainerID}}
	return s
}

func statusOf(all []corev1.ContainerStatus, name string) corev1.ContainerStatus {
	for _, s := range all {
		if s.Name == name {
			return s
		}
	}
	return corev1.ContainerStatus{}
}

func digest(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
