package health

import (
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/berth-dev/berth/internal/facts"
)

var (
	// warnsOfOther are the reasons of warnings that tell nothing of why a pod has not
	// started: it starts in spite of them, or its status says the same.
	warnsOfOther = []string{
		"DNSConfigForming", "MissingClusterDNS", "FailedToRetrieveImagePullSecret", "PolicyViolation", "FailedScheduling",
		"Failed", "BackOff", "InspectFailed", "Unhealthy", "FailedCreate",
	}
	// goesOn are the reasons of events that tell that a pod goes on its way, so that
	// what was warned of before is over.
	goesOn = []string{"Pulling", "Pulled", "Created", "Started", "SuccessfulAttachVolume", "SuccessfulMountVolume"}
	// takesLonger matches warnings of what takes a node or a driver its time: a disk
	// that another node still holds, and a network that is being set up.
	takesLonger = regexp.MustCompile(`^(FailedAttachVolume|NetworkNotReady)$`)
)

// stuckFaults is the fault of a pod that has not started, and of which the same is
// warned again and again.
func stuckFaults(e Evidence, p *corev1.Pod) []fault {
	warning, times := lastWarning(p, e.Events[p.UID])
	if times == 0 {
		return nil
	}
	f := fault{key: string(p.UID) + "/stuck/" + warning.Reason, minDuration: passingTime, suppressed: times < recurrence,
		reason: AboutPod(p, warning.Reason+": "+Sanitize(warning.Message)), cause: startCause(p, e.Events[p.UID])}
	if e.mayBeStale(p) || takesLonger.MatchString(warning.Reason) {
		f.minDuration = 2 * passingTime
	}
	return []fault{f}
}

// lastWarning returns the last warning of why a pod has not started, and how often
// it was given; 0 where there is none, or the pod has gone on since. Times may be
// whole seconds: a warning of the same second is taken to be the older.
func lastWarning(p *corev1.Pod, events []Event) (last Event, times int) {
	if PodStarted(p) {
		return Event{}, 0
	}
	var went Event
	for _, e := range events {
		if slices.Contains(goesOn, e.Reason) {
			went = later(went, e)
		}
	}
	for _, e := range events {
		if !e.Warning || slices.Contains(warnsOfOther, e.Reason) || went.Reason != "" && !e.Last.After(went.Last) {
			continue
		}
		if e.Reason != last.Reason {
			times = 0
		}
		last, times = e, times+e.Count
	}
	return last, times
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
		f := fault{key: string(p.UID) + "/mount", minDuration: transientTime, reason: AboutPod(p, "FailedMount: "+Sanitize(event.Message)),
			cause: facts.Cause{Kind: facts.CauseConfigMissing, About: missingObject(event.Message)}}
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
