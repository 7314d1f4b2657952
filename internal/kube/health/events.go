package health

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Event is what matters of a Kubernetes event or of a series of the same.
type Event struct {
	Warning bool
	Reason  string
	Message string // untrusted
	Count   int    // how often it occurred
	Last    time.Time
	// Container is the name of the container that it concerns; "": the pod.
	Container string
	// Current is whether it is known to concern the object as it is now, not as it
	// was before this wait.
	Current bool
}

// NewEvent returns the event in this package's form, with Current unset.
func NewEvent(e *corev1.Event) Event {
	return Event{
		Warning: e.Type == corev1.EventTypeWarning, Reason: e.Reason, Message: e.Message, Count: eventCount(e), Last: lastSeen(e),
		Container: containerOf(e.InvolvedObject.FieldPath),
	}
}

// containerOf returns the container that a path in a pod names, as in
// "spec.initContainers{migrate}".
func containerOf(path string) string {
	_, name, _ := strings.Cut(path, "{")
	return strings.TrimSuffix(name, "}")
}

// SortEvents sorts events by when they occurred last, oldest first. A kubelet's times
// are whole seconds and the scheduler's are not: within a second, the names of events
// tell when each was made, down to the nanosecond.
func SortEvents(list []corev1.Event) {
	slices.SortStableFunc(list, func(a, b corev1.Event) int {
		return cmp.Or(lastSeen(&a).Truncate(time.Second).Compare(lastSeen(&b).Truncate(time.Second)), cmp.Compare(made(&a), made(&b)))
	})
}

// made returns when an event was made, in nanoseconds, by the name that client-go
// gives it: NAME.HEX; 0 for one of another name.
func made(e *corev1.Event) int64 {
	n, err := strconv.ParseInt(e.Name[strings.LastIndexByte(e.Name, '.')+1:], 16, 64)
	if err != nil {
		return 0
	}
	return n
}

func eventCount(e *corev1.Event) int {
	n := int(e.Count)
	if e.Series != nil {
		n = max(n, int(e.Series.Count))
	}
	return cmp.Or(n, 1)
}

// lastSeen takes the newest of the fields that the two APIs for events fill in.
func lastSeen(e *corev1.Event) time.Time {
	last := e.LastTimestamp.Time
	if e.Series != nil && e.Series.LastObservedTime.After(last) {
		last = e.Series.LastObservedTime.Time
	}
	if last.IsZero() {
		last = e.EventTime.Time
	}
	return last
}

// later returns the event that occurred last, b where both are of the same time.
func later(a, b Event) Event {
	if b.Last.Before(a.Last) {
		return a
	}
	return b
}
