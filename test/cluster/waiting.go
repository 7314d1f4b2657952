package main

import "fmt"

// waiting is the template function Waiting: what a kubelet says of a container
// that waits for this reason, in its status, and by the events it emits. What
// went wrong is in the pod's own words, if it has any.
func (e events) waiting(pod, container map[string]any, reason string) string {
	name, image := text(container, "name"), text(container, "image")
	warn := func(reason, message string) { e.emit(pod, name, "Warning", reason, message) }
	switch reason {
	case "ErrImagePull":
		cause, code := pullCause(pod, image)
		e.emit(pod, name, "Normal", "Pulling", fmt.Sprintf("Pulling image %q", image))
		warn("Failed", fmt.Sprintf("Failed to pull image %q: rpc error: code = %s desc = %s", image, code, cause))
		warn("Failed", "Error: ErrImagePull")
		return cause
	case "ImagePullBackOff":
		cause, _ := pullCause(pod, image)
		e.emit(pod, name, "Normal", "BackOff", fmt.Sprintf("Back-off pulling image %q", image))
		warn("Failed", "Error: ImagePullBackOff")
		return fmt.Sprintf("Back-off pulling image %q: ErrImagePull: %s", image, cause)
	case "InvalidImageName":
		why := said(pod, fmt.Sprintf("Failed to apply default image tag %q: couldn't parse image name %q: invalid reference format",
			image, image))
		warn("InspectFailed", why)
		warn("Failed", "Error: InvalidImageName")
		return why
	case "CreateContainerConfigError":
		why := said(pod, `secret "credentials" not found`)
		e.emit(pod, name, "Normal", "Pulled", fmt.Sprintf("Container image %q already present on machine", image))
		warn("Failed", "Error: "+why)
		return why
	case "CrashLoopBackOff":
		id := podID(pod)
		warn("BackOff", fmt.Sprintf("Back-off restarting failed container %s in pod %s", name, id))
		return fmt.Sprintf("back-off 10s restarting failed container=%s pod=%s", name, id)
	case "ContainerCreating":
		why := said(pod, `secret "credentials" not found`)
		e.emit(pod, "", "Warning", "FailedMount", fmt.Sprintf("MountVolume.SetUp failed for volume %q : %s", "credentials", why))
		return ""
	case "Pulling":
		e.emit(pod, name, "Normal", "Pulling", fmt.Sprintf("Pulling image %q", image))
		return ""
	case "PodInitializing":
		return ""
	}
	why := fmt.Sprintf("annotation %s: %q is not a behaviour of the simulated node, or not of such a pod",
		behaviourKey, annotation(pod, behaviourKey))
	warn("Failed", why)
	return why
}

// pullCause is why an image cannot be pulled, and containerd's code for that. One
// that can be pulled at the second try was only not to be had at the first.
func pullCause(pod map[string]any, image string) (cause, code string) {
	cause, code = "not found", "NotFound"
	if annotation(pod, behaviourKey) == "image-pull-once" {
		cause, code = "unexpected status from HEAD request: 503 Service Unavailable", "Unavailable"
	}
	why := fmt.Sprintf("failed to pull and unpack image %q: failed to resolve reference %q: %s: %s", image, image, image, cause)
	return said(pod, why), code
}

// said is the pod's own text for what went wrong, or another.
func said(pod map[string]any, otherwise string) string {
	if own := annotation(pod, messageKey); own != "" {
		return own
	}
	return otherwise
}

func annotation(pod map[string]any, key string) string {
	metadata, _ := pod["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	return text(annotations, key)
}

func podID(pod map[string]any) string {
	metadata, _ := pod["metadata"].(map[string]any)
	return fmt.Sprintf("%s_%s(%s)", text(metadata, "name"), text(metadata, "namespace"), text(metadata, "uid"))
}

func text(from map[string]any, key string) string {
	s, _ := from[key].(string)
	return s
}
