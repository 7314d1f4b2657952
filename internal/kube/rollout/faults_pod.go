package rollout

import (
	"regexp"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// podFaults are what keeps one pod from becoming ready.
func podFaults(f evidence, p *corev1.Pod) []fault {
	if p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
		return nil // its controller replaces it, or ends with it
	}
	for _, c := range p.Status.Conditions {
		switch {
		case c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue:
			return nil
		case c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse:
			return unscheduled(f, p, c)
		}
	}
	var all []fault
	for _, s := range p.Status.InitContainerStatuses {
		all = append(all, containerFaults(f, p, "init container", s)...)
	}
	for _, s := range p.Status.ContainerStatuses {
		all = append(all, containerFaults(f, p, "container", s)...)
	}
	return append(all, mountFaults(f, p)...)
}

func later(a, b happening) happening {
	if b.Last.Before(a.Last) {
		return a
	}
	return b
}

func about(p *corev1.Pod, why string) string { return "pod " + p.Name + ": " + why }

var (
	// noSuchImage says that a registry does not have the image: to ask again changes
	// nothing. Other failures to pull can pass.
	noSuchImage = regexp.MustCompile(`(?i)not found|manifest unknown|does not exist|no such image|no match for platform`)
	// noAccess says that it does not give the image to us, before a controller has
	// brought the credentials perhaps; the kubelet asks again after 10 s or more.
	noAccess = regexp.MustCompile(`(?i)unauthorized|denied`)
)

// missingObject is in a kubelet's words for a Secret or ConfigMap that is not
// there, or lacks a key.
var missingObject = regexp.MustCompile(`(?i)(secret|configmap|persistentvolumeclaim)s? ["'\\]*\S+ (not found|does not exist)|references non-existent|couldn't find key`)

// containerFaults are what keeps one container from running.
func containerFaults(f evidence, p *corev1.Pod, what string, s corev1.ContainerStatus) []fault {
	if s.Ready || s.State.Terminated != nil && s.State.Terminated.ExitCode == 0 {
		return nil
	}
	why, _ := containerReason(what, s)
	x := fault{key: string(p.UID) + "/" + s.Name, reason: about(p, why)}
	reason, message := "", ""
	if s.State.Waiting != nil {
		reason, message = s.State.Waiting.Reason, s.State.Waiting.Message
	}
	switch reason {
	case "InvalidImageName":
		x.key, x.final = x.key+"/image", true
	case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed":
		x = pullFault(f, p, x, reason, message)
	case "CreateContainerConfigError":
		x.key, x.lasts = x.key+"/config", steady
		if f.operators && missingObject.MatchString(message) || f.inherited(p) {
			x.lasts = f.patience()
		}
	case "CreateContainerError", "RunContainerError":
		x.key, x.lasts = x.key+"/create", steady
		if f.inherited(p) {
			x.lasts = f.patience()
		}
	default:
		return crashFaults(f, p, x, s)
	}
	return []fault{x}
}

// pullFault counts the tries: ErrImagePull follows each, ImagePullBackOff is the
// pause before the next.
func pullFault(f evidence, p *corev1.Pod, x fault, reason, message string) fault {
	x.key, x.mark = x.key+"/image", reason
	tries := reason == "ErrImagePull" || reason == "ImagePullBackOff"
	switch {
	case tries && f.inherited(p):
		x.strikes = strikesTwice + 1
	case f.operators || f.inherited(p):
		x.lasts = f.patience()
	case !tries:
		x.lasts = steady
	default:
		x.strikes = strikesTwice + 1
		if noSuchImage.MatchString(message) && !noAccess.MatchString(message) {
			x.lasts = steady
		}
	}
	return x
}

// crashFaults is a container that crashes again and again. The pods of a Job are
// left to their Job, which counts failures itself.
func crashFaults(f evidence, p *corev1.Pod, x fault, s corev1.ContainerStatus) []fault {
	if s.RestartCount < strikesTwice || jobs(p) {
		return nil
	}
	x.key, x.mark = x.key+"/crash", strconv.Itoa(int(s.RestartCount))
	x.strikes = strikesTwice
	if !f.inherited(p) {
		x.lasts = steady
	}
	x.quiet = s.State.Running != nil || f.others && s.RestartCount < manyRestarts
	return []fault{x}
}

func jobs(p *corev1.Pod) bool {
	for _, o := range p.OwnerReferences {
		if o.Kind == "Job" {
			return true
		}
	}
	return false
}

// started says that a container of the pod ran: its volumes were mounted.
func started(p *corev1.Pod) bool {
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if s.State.Running != nil || s.State.Terminated != nil || s.RestartCount > 0 {
			return true
		}
	}
	return false
}
