package main

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// What a kubelet says, in a status and by events. What went wrong is in the pod's
// own words, if it has any.

func (c *change) said(otherwise string) string {
	if own := c.pod.Annotations[messageKey]; own != "" {
		return own
	}
	return otherwise
}

// name is how a kubelet names the pod.
func (c *change) name() string {
	return fmt.Sprintf("%s_%s(%s)", c.pod.Name, c.pod.Namespace, c.pod.UID)
}

func (c *change) sayStarted(spec corev1.Container) {
	c.say(spec.Name, "Normal", "Pulled", fmt.Sprintf("Container image %q already present on machine", spec.Image))
	c.say(spec.Name, "Normal", "Created", "Container created")
	c.say(spec.Name, "Normal", "Started", "Container started")
}

// sayFailure tells of a probe that failed, which no status does.
func (c *change) sayFailure() {
	spec := c.pod.Spec.Containers[0]
	switch c.pod.Annotations[behaviourKey] {
	case "unready":
		c.say(spec.Name, "Warning", "Unhealthy", "Readiness probe failed: "+c.said("HTTP probe failed with statuscode: 503"))
	case "liveness-kill":
		for range 3 {
			c.say(spec.Name, "Warning", "Unhealthy", "Liveness probe failed: "+c.said("HTTP probe failed with statuscode: 500"))
		}
		c.say(spec.Name, "Normal", "Killing", fmt.Sprintf("Container %s failed liveness probe, will be restarted", spec.Name))
	}
}

// waits is the state of a container that waits for the stage's reason.
func (c *change) waits(spec corev1.Container, to stage) *corev1.ContainerStateWaiting {
	waiting := &corev1.ContainerStateWaiting{Reason: to.reason}
	warn := func(reason, message string) { c.say(spec.Name, "Warning", reason, message) }
	switch to.reason {
	case "ErrImagePull", "ImagePullBackOff":
		waiting.Message = c.pulls(spec, to)
	case "InvalidImageName":
		waiting.Message = c.said(fmt.Sprintf("Failed to apply default image tag %q: couldn't parse image name %q: invalid reference format",
			spec.Image, spec.Image))
		warn("InspectFailed", waiting.Message)
		warn("Failed", "Error: InvalidImageName")
	case "CreateContainerConfigError":
		waiting.Message = c.said(`secret "credentials" not found`)
		c.say(spec.Name, "Normal", "Pulled", fmt.Sprintf("Container image %q already present on machine", spec.Image))
		warn("Failed", "Error: "+waiting.Message)
	case "RunContainerError":
		waiting.Message = c.startError()
		c.say(spec.Name, "Normal", "Created", "Container created")
		warn("Failed", "Error: "+waiting.Message)
	case "PostStartHookError":
		waiting.Message = c.said(fmt.Sprintf("Exec lifecycle hook ([/bin/false]) for Container %q in Pod %q failed - error: "+
			`command '/bin/false' exited with 1: , message: ""`, spec.Name, c.name()))
		c.sayStarted(spec)
		warn("FailedPostStartHook", "PostStartHook failed")
		c.say(spec.Name, "Normal", "Killing", "FailedPostStartHook")
	case "CrashLoopBackOff":
		waiting.Message = fmt.Sprintf("back-off %s restarting failed container=%s pod=%s", backOff(c.failures), spec.Name, c.name())
		warn("BackOff", fmt.Sprintf("Back-off restarting failed container %s in pod %s", spec.Name, c.name()))
	case "ContainerCreating":
		c.sayUncreated()
	case "Pulling":
		waiting.Reason = "ContainerCreating"
		c.say(spec.Name, "Normal", "Pulling", fmt.Sprintf("Pulling image %q", spec.Image))
	case "PodInitializing":
	default:
		waiting.Message = fmt.Sprintf("annotation %s: %q is not a behaviour of the simulated node, or not of such a pod",
			behaviourKey, c.pod.Annotations[behaviourKey])
		warn("Failed", waiting.Message)
	}
	return waiting
}

// pulls is what the status says of a pull that failed. It is a sync behind the
// events: these tell of a pull, and of the delay before the next, when it happens.
func (c *change) pulls(spec corev1.Container, to stage) string {
	warn := func(reason, message string) { c.say(spec.Name, "Warning", reason, message) }
	cause, code := c.pullCause(spec.Image)
	if to.reason == "ImagePullBackOff" {
		c.say(spec.Name, "Normal", "Pulling", fmt.Sprintf("Pulling image %q", spec.Image))
	}
	if to.fails {
		warn("Failed", fmt.Sprintf("Failed to pull image %q: rpc error: code = %s desc = %s", spec.Image, code, cause))
		warn("Failed", "Error: ErrImagePull")
	}
	if to.reason == "ErrImagePull" {
		c.say(spec.Name, "Normal", "BackOff", fmt.Sprintf("Back-off pulling image %q", spec.Image))
		warn("Failed", "Error: ImagePullBackOff")
		return cause
	}
	return fmt.Sprintf("Back-off pulling image %q: ErrImagePull: %s", spec.Image, cause)
}

// pullCause is why an image cannot be pulled, and containerd's code for that. One
// that can be pulled at the second try was only not to be had at the first.
func (c *change) pullCause(image string) (cause, code string) {
	cause, code = "not found", "NotFound"
	if c.pod.Annotations[behaviourKey] == "image-pull-once" {
		cause, code = "unexpected status from HEAD request: 503 Service Unavailable", "Unavailable"
	}
	why := fmt.Sprintf("failed to pull and unpack image %q: failed to resolve reference %q: %s: %s", image, image, image, cause)
	return c.said(why), code
}

// sayUncreated tells why the pod's containers are not created, which no status does.
func (c *change) sayUncreated() {
	reason, why := "FailedMount", `MountVolume.SetUp failed for volume "credentials" : `+c.said(`secret "credentials" not found`)
	if c.pod.Annotations[behaviourKey] == "sandbox-error" {
		reason = "FailedCreatePodSandBox"
		why = "Failed to create pod sandbox: rpc error: code = Unknown desc = " + c.said(fmt.Sprintf("failed to setup network for sandbox %q: "+
			`plugin type="bridge" failed (add): no IP addresses available in range set`, digest(string(c.pod.UID))))
	}
	c.say("", "Warning", reason, why)
}

// startError is why a runtime could not start a container's command.
func (c *change) startError() string {
	return c.said("failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: " +
		`unable to start container process: exec: "/srv/app": stat /srv/app: no such file or directory: unknown`)
}

// backOff is how long a kubelet waits before it starts a container anew that
// crashed so often.
func backOff(failures int) time.Duration {
	return min(10*time.Second<<max(0, min(failures-2, 5)), 5*time.Minute)
}
