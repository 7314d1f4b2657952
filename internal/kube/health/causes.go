package health

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/text"
)

// maxSaid is how many bytes are kept of what is said of a cause: a headline has no room
// for more, and the whole of it is in the reason.
const maxSaid = 200

// said returns what somebody says of a cause, as one line without secrets.
func said(message string) string { return text.Cut(Sanitize(message), maxSaid) }

// PodCause returns why a pod is not ready, by its own status and its events, oldest
// first. It is the zero value for one that nothing is the matter with.
func PodCause(p *corev1.Pod, events []Event, lost LostNodes) facts.Cause {
	if node := lost[p.Spec.NodeName]; node != "" {
		return facts.Cause{Kind: facts.CauseNode, About: p.Spec.NodeName, Said: said(node)}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return schedulingCause(c, events)
		}
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return facts.Cause{}
		}
	}
	if c := containersCause(p, events); c.Kind != "" {
		return c
	}
	switch {
	case p.Status.Phase == corev1.PodSucceeded:
		return facts.Cause{}
	case p.Status.Reason != "" || p.Status.Phase == corev1.PodFailed:
		return facts.Cause{Kind: facts.CausePod, Said: said(join(p.Status.Reason, p.Status.Message))}
	}
	return facts.Cause{Kind: facts.CauseNotReady}
}

// containersCause returns the cause of the first container with a fault, or else of the
// first that is not ready; the zero value where all are.
func containersCause(p *corev1.Pod, events []Event) (starting facts.Cause) {
	for _, c := range containersOf(p) {
		if c.status.Ready || c.done() {
			continue
		}
		cause := containerCause(p, c, events)
		if _, faulty := containerReason(c.kind, c.status); faulty {
			return cause
		}
		starting = cmp.Or(starting, cause)
	}
	if starting.Kind == facts.CauseNotReady {
		if cause := startCause(p, events); cause.Kind != "" {
			return cause
		}
	}
	return starting
}

// containerCause returns why a container is not ready.
func containerCause(p *corev1.Pod, c container, events []Event) facts.Cause {
	s := c.status
	cause := facts.Cause{Container: s.Name}
	ended := lastEnd(s)
	message, failedToStart := startFailure(s)
	probe := strings.TrimPrefix(because(s, events), "; ")
	switch w := s.State.Waiting; {
	case w != nil && w.Reason == "InvalidImageName":
		cause.Kind, cause.About = facts.CauseImageName, imageOf(p, s)
	case w != nil && isImageReason(w.Reason):
		return imageCause(p, s, events)
	case w != nil && w.Reason == "CreateContainerConfigError":
		cause.Kind, cause.Said = facts.CauseStart, said(w.Message)
		if about := missingObject(w.Message); about != "" {
			cause.Kind, cause.About, cause.Said = facts.CauseConfigMissing, about, ""
		}
	case failedToStart:
		cause.Kind, cause.Said = facts.CauseStart, said(shortStart(message))
	case ended != nil && ended.Reason == "OOMKilled":
		cause.Kind, cause.About, cause.ExitCode = facts.CauseMemory, memoryLimit(p, s.Name), int(ended.ExitCode)
	case w != nil && w.Reason == "PostStartHookError":
		cause.Kind, cause.Said = facts.CauseStart, said("its postStart hook failed: "+lastClause(w.Message))
	case ended != nil && probe != "" && (probeKind(probe) == facts.CauseStart || killedByProbe(ended, s.Name, events)):
		cause.Kind, cause.Said = probeKind(probe), said(probe)
	case w != nil && w.Reason != "" && !strings.HasSuffix(w.Reason, "Creating") && w.Reason != "PodInitializing" && w.Reason != crashLoop:
		cause.Kind, cause.Said = facts.CausePod, said(join(w.Reason, w.Message))
	case ended != nil && ended.ExitCode != 0:
		cause.Kind, cause.Said, cause.ExitCode = facts.CauseCrash, lastWords(ended), int(ended.ExitCode)
	case ended != nil && c.serves:
		cause.Kind = facts.CauseEnds
	case probe != "":
		cause.Kind, cause.Said = probeKind(probe), said(probe)
	default:
		cause.Kind = facts.CauseNotReady
	}
	return cause
}

// crashLoop is what a container waits for that crashed before.
const crashLoop = "CrashLoopBackOff"

// probeKind returns the kind of what an event tells of a container that runs or ran: a
// probe, or a hook after its start, that fails.
func probeKind(message string) facts.CauseKind {
	if strings.Contains(message, "probe") {
		return facts.CauseProbe
	}
	return facts.CauseStart
}

// killedByProbe returns whether a container ended because a probe failed. One that crashes
// by itself fails its probes as well while it is down.
func killedByProbe(ended *corev1.ContainerStateTerminated, name string, events []Event) bool {
	const killed, terminated = 137, 143
	return ended.ExitCode == killed || ended.ExitCode == terminated || slices.ContainsFunc(events, func(e Event) bool {
		return e.Reason == "Killing" && (e.Container == "" || e.Container == name) && strings.Contains(e.Message, "probe, will be restarted")
	})
}

// EndCause returns how a container of a pod ended that was to run to its end, though the
// pod is being deleted or the container runs again; the zero value where none did.
func EndCause(p *corev1.Pod) facts.Cause {
	for _, c := range containersOf(p) {
		ended := lastEnd(c.status)
		switch {
		case ended == nil || ended.ExitCode == 0:
		case ended.Reason == "OOMKilled":
			return facts.Cause{Kind: facts.CauseMemory, Container: c.status.Name, About: memoryLimit(p, c.status.Name),
				ExitCode: int(ended.ExitCode)}
		default:
			return facts.Cause{Kind: facts.CauseCrash, Container: c.status.Name, Said: lastWords(ended), ExitCode: int(ended.ExitCode)}
		}
	}
	return facts.Cause{}
}

// lastWords returns the last line that a container has left as its message.
func lastWords(ended *corev1.ContainerStateTerminated) string {
	lines := text.Lines(ended.Message)
	if len(lines) == 0 {
		return ""
	}
	return said(lines[len(lines)-1])
}

func isImageReason(reason string) bool {
	switch reason {
	case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed":
		return true
	}
	return false
}

// noPlatform is what is said of an image that is there for other machines alone.
var noPlatform = regexp.MustCompile(`no match for platform[\w ]*`)

// imageCause returns why the image of a container cannot be had.
func imageCause(p *corev1.Pod, s corev1.ContainerStatus, events []Event) facts.Cause {
	cause := facts.Cause{Kind: facts.CauseImagePull, Container: s.Name, About: imageOf(p, s)}
	why := pullCause(s, pullsOf(events, s.Name))
	switch {
	case imageIsMissing(why):
		cause.Kind, cause.Said = facts.CauseImageMissing, noPlatform.FindString(why)
	case pullDenied.MatchString(why) && !pullPasses.MatchString(why):
		cause.Kind = facts.CauseImageDenied
		cause.Said = said(strings.TrimPrefix(because(s, events), "; "))
	default:
		cause.Said = said(shortPull(why))
	}
	return cause
}

// imageOf returns the image of a container as the pod asks for it.
func imageOf(p *corev1.Pod, s corev1.ContainerStatus) string {
	image := s.Image
	for _, all := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		if i := indexOf(all, s.Name); i >= 0 {
			image = all[i].Image
		}
	}
	return said(image)
}

// memoryLimit returns how much memory a container may take; "" where nothing limits it.
func memoryLimit(p *corev1.Pod, name string) string {
	for _, all := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		if i := indexOf(all, name); i >= 0 {
			if limit, ok := all[i].Resources.Limits[corev1.ResourceMemory]; ok {
				return limit.String()
			}
		}
	}
	return ""
}

// startCause returns why a pod has not started, by its events: an object that it mounts
// is missing, or what its node warned of last. It is the zero value where they tell
// neither.
func startCause(p *corev1.Pod, events []Event) facts.Cause {
	warning, times := lastWarning(p, events)
	if times == 0 {
		return facts.Cause{}
	}
	if about := missingObject(warning.Message); about != "" {
		return facts.Cause{Kind: facts.CauseConfigMissing, About: about}
	}
	return facts.Cause{Kind: facts.CausePod, Said: said(warning.Reason + ": " + afterCode(warning.Message))}
}

// schedulingCause returns why no node takes a pod.
func schedulingCause(c corev1.PodCondition, events []Event) facts.Cause {
	switch event, failing := provisioningFailure(events); {
	case volumeClaimUnbound.MatchString(c.Message) && failing:
		return volumeCause(event)
	case volumeClaimUnbound.MatchString(c.Message):
		return facts.Cause{Kind: facts.CauseVolume, Said: said(shortScheduling(c.Message))}
	case missingObject(c.Message) != "":
		return facts.Cause{Kind: facts.CauseConfigMissing, About: missingObject(c.Message)}
	}
	return facts.Cause{Kind: facts.CauseNoNode, Said: said(shortScheduling(c.Message))}
}

func volumeCause(failure Event) facts.Cause {
	return facts.Cause{Kind: facts.CauseVolume, Said: said(afterCode(failure.Message))}
}
