package health

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// podFaults returns what keeps one pod from becoming ready. A pod that failed or
// is being deleted has no fault: its controller replaces it, or fails itself.
func podFaults(e Evidence, p *corev1.Pod) []fault {
	if p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
		return nil
	}
	for _, c := range p.Status.Conditions {
		switch {
		case c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue:
			return nil
		case c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse:
			return schedulingFaults(e, p, c)
		}
	}
	var all []fault
	for _, s := range p.Status.InitContainerStatuses {
		all = append(all, containerFaults(e, p, "init container", s)...)
	}
	for _, s := range p.Status.ContainerStatuses {
		all = append(all, containerFaults(e, p, "container", s)...)
	}
	return append(all, mountFaults(e, p)...)
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
		reason:     AboutPod(p, unschedulableReason(c)),
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

var (
	// imageMissing matches what a registry says of an image that it does not have:
	// another pull changes nothing. Other failures can pass.
	imageMissing = regexp.MustCompile(`(?i)not found|manifest unknown|does not exist|no such image|no match for platform`)
	// pullDenied matches what it says without credentials, which a controller may
	// still provide; the kubelet pulls again after 10 s or more.
	pullDenied = regexp.MustCompile(`(?i)unauthorized|denied`)
	// objectMissing matches the kubelet's message for a Secret, ConfigMap or claim
	// that does not exist, or lacks a key.
	objectMissing = regexp.MustCompile(`(?i)(secret|configmap|persistentvolumeclaim)s? ["'\\]*\S+ (not found|does not exist)|` +
		`references non-existent|couldn't find key`)
)

// containerFaults returns what keeps one container from running.
func containerFaults(e Evidence, p *corev1.Pod, kind string, s corev1.ContainerStatus) []fault {
	if s.Ready || s.State.Terminated != nil && s.State.Terminated.ExitCode == 0 {
		return nil
	}
	why, _ := containerReason(kind, s)
	f := fault{key: string(p.UID) + "/" + s.Name, reason: AboutPod(p, why)}
	reason, message := "", ""
	if s.State.Waiting != nil {
		reason, message = s.State.Waiting.Reason, s.State.Waiting.Message
	}
	switch reason {
	case "InvalidImageName":
		f.key, f.permanent = f.key+"/image", true
	case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed":
		f = pullFault(e, p, f, reason, message)
	case "CreateContainerConfigError":
		f.key, f.minDuration = f.key+"/config", transientTime
		if e.CustomResources && objectMissing.MatchString(message) || e.mayBeStale(p) {
			f.minDuration = e.grace()
		}
	case "CreateContainerError", "RunContainerError":
		f.key, f.minDuration = f.key+"/create", transientTime
		if e.mayBeStale(p) {
			f.minDuration = e.grace()
		}
	default:
		return crashFaults(e, p, f, s)
	}
	return []fault{f}
}

// pullFault counts failed pulls. ErrImagePull follows each of them, and
// ImagePullBackOff is the delay before the next, so that the third occurrence is
// the second failed pull.
func pullFault(e Evidence, p *corev1.Pod, f fault, reason, message string) fault {
	f.key, f.occurrence = f.key+"/image", reason
	pulled := reason == "ErrImagePull" || reason == "ImagePullBackOff"
	switch {
	case pulled && e.mayBeStale(p):
		f.minOccurrences = recurrence + 1
	case e.CustomResources || e.mayBeStale(p):
		f.minDuration = e.grace()
	case !pulled:
		f.minDuration = transientTime
	default:
		f.minOccurrences = recurrence + 1
		if imageMissing.MatchString(message) && !pullDenied.MatchString(message) {
			f.minDuration = transientTime
		}
	}
	return f
}

// crashFaults is the fault of a container that crashed at least twice. Stalled
// (stalled.go) decides whether it counts, by the thresholds in evidence.go. The
// fault is suppressed while the container runs, and up to the fifth crash while
// other workloads are starting, on which it may depend. A Job counts the failures
// of its pods itself.
func crashFaults(e Evidence, p *corev1.Pod, f fault, s corev1.ContainerStatus) []fault {
	const manyRestarts = 5
	if s.RestartCount < recurrence || ownedByJob(p) {
		return nil
	}
	f.key, f.occurrence = f.key+"/crash", strconv.Itoa(int(s.RestartCount))
	f.minOccurrences = recurrence
	if !e.mayBeStale(p) {
		f.minDuration = transientTime
	}
	f.suppressed = s.State.Running != nil || e.OthersStarting && s.RestartCount < manyRestarts
	return []fault{f}
}

func ownedByJob(p *corev1.Pod) bool {
	for _, o := range p.OwnerReferences {
		if o.Kind == "Job" {
			return true
		}
	}
	return false
}

// rootCA is mounted by every pod; a controller creates it in a new namespace.
const rootCA = `"kube-root-ca.crt"`

// mountFaults is the fault of a pod with a volume of an object that does not
// exist. Other failures to mount can pass: another node may still hold the disk.
func mountFaults(e Evidence, p *corev1.Pod) []fault {
	events := e.Events[p.UID]
	if mounted(p, events) {
		return nil // the event outlives what it reports
	}
	for _, event := range events {
		if event.Reason != "FailedMount" || !objectMissing.MatchString(event.Message) {
			continue
		}
		f := fault{key: string(p.UID) + "/mount", minDuration: transientTime, reason: AboutPod(p, "FailedMount: "+Sanitize(event.Message))}
		switch {
		case e.mayBeStale(p):
			f.minDuration = 4 * e.grace() // the kubelet retries with a growing delay
		case e.CustomResources || strings.Contains(event.Message, rootCA):
			f.minDuration = e.grace()
		}
		return []fault{f}
	}
	return nil
}

// mounted returns whether the pod's volumes are mounted. The kubelet pulls images
// only after that.
func mounted(p *corev1.Pod, events []Event) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReadyToStartContainers && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return PodStarted(p) || slices.ContainsFunc(events, func(e Event) bool { return e.Reason == "Pulling" || e.Reason == "Pulled" })
}
