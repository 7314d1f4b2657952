package health

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/berth-dev/berth/internal/text"
)

var (
	// imageMissing matches what a registry says of an image that it does not have:
	// another pull changes nothing, unless somebody pushes it.
	imageMissing = regexp.MustCompile(`(?i)not found|manifest unknown|does not exist|no such image|no match for platform|name unknown`)
	// pullDenied matches what it says without credentials, or with the wrong ones.
	pullDenied = regexp.MustCompile(`(?i)unauthorized|denied|forbidden|no basic auth|authorization failed`)
	// pullPasses matches what often passes, whatever else is said with it.
	pullPasses = regexp.MustCompile(`(?i)(status|code|response)\D{0,40}(429|5\d\d)\b|too many requests|internal server error|bad gateway|` +
		`service unavailable|gateway time|timed? ?out|deadline exceeded|connection (refused|reset)|no such host|i/o |\beof\b|` +
		`tls handshake|temporary failure|server misbehaving|unreachable`)
)

// pullFault is the fault of an image that cannot be pulled. One that is missing
// counts when that has lasted a moment, or as long as it is to be waited for. Where
// access is denied, the second failed pull counts: by its event, since the status
// follows it late, else by the status, in which it is the third change. What else
// there is has the time of what passes, and as many pulls as a kubelet makes in it.
// A pull that is under way is waited for.
func pullFault(e Evidence, p *corev1.Pod, f fault, s corev1.ContainerStatus) fault {
	w := s.State.Waiting
	pulls := pullsOf(e.Events[p.UID], s.Name)
	f.key, f.occurrence = f.key+"/image", w.Reason
	f.suppressed = w.Reason == "ImagePullBackOff" && !pulls.on.IsZero() && e.now.Sub(pulls.on) < longPull
	pulled := w.Reason == "ErrImagePull" || w.Reason == "ImagePullBackOff"
	switch cause := pullCause(s, pulls); {
	case !pulled && w.Reason != "RegistryUnavailable":
		f.minDuration = transientTime
	case imageIsMissing(cause):
		f.minDuration, f.minOccurrences, f.atLeast = transientTime, recurrence+1, e.ImageWait
	case pullDenied.MatchString(cause) && !pullPasses.MatchString(cause):
		f.minOccurrences = recurrence + 1
		f.permanent = pulls.failed >= recurrence && !e.mayBeStale(p)
	case pulls.failed > 0 && pulls.failed < passingPulls: // a busy kubelet tries late
		f.minDuration = 2 * passingTime
	default:
		f.minDuration = passingTime
	}
	switch {
	case pulled && e.mayBeStale(p):
		f.minDuration = 0 // the kubelet pulls ever more rarely: it has to have tried again
	case e.CustomResources || e.mayBeStale(p):
		f.permanent, f.minOccurrences, f.minDuration = false, 0, max(e.grace(), f.minDuration)
	}
	return f
}

// pullCause returns why the image cannot be pulled, without the image's name, which
// may say anything. An older kubelet tells the cause in the first of its states
// alone, and then in events.
func pullCause(s corev1.ContainerStatus, known pulls) string {
	cause := s.State.Waiting.Message
	if s.State.Waiting.Reason == "ImagePullBackOff" && !strings.Contains(cause, "ErrImagePull") {
		cause = cmp.Or(known.cause, cause)
	}
	if s.Image == "" {
		return cause
	}
	name, _, _ := strings.Cut(s.Image, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	return strings.ReplaceAll(strings.ReplaceAll(cause, s.Image, ""), name, "")
}

func imageIsMissing(cause string) bool {
	return imageMissing.MatchString(cause) && !pullDenied.MatchString(cause) && !pullPasses.MatchString(cause)
}

// pulls is what the events tell of the pulls of one container's image.
type pulls struct {
	failed int
	on     time.Time // since when one is under way; zero: none is
	cause  string    // why the last one failed
}

// passingPulls is how many pulls have to fail of what often passes, unless twice its
// time is over: a kubelet that is not busy makes three in a minute.
const passingPulls = 3

// longPull is for how long a pull is believed to be under way by its event: that of
// its end may have been dropped, since a kubelet may not send too many.
const longPull = 3 * time.Minute

// pullsOf counts a container's pulls. Of two events of the same second the counts
// tell which was last.
func pullsOf(events []Event, container string) pulls {
	var known pulls
	var began, ended time.Time
	started := 0
	for _, e := range events {
		if e.Container != "" && e.Container != container {
			continue
		}
		switch {
		case e.Reason == "Pulling":
			started += e.Count
			began = e.Last
		case e.Reason == "Failed" && strings.HasPrefix(e.Message, "Failed to pull image"):
			known.failed += e.Count
			known.cause, ended = e.Message, e.Last
		}
	}
	if began.After(ended) || began.Equal(ended) && started > known.failed {
		known.on = began
	}
	return known
}

// awaitedImage returns what is said of a container whose missing image is waited
// for, before the reason: "" where none is.
func (e Evidence) awaitedImage(p *corev1.Pod, s corev1.ContainerStatus) string {
	w := s.State.Waiting
	if e.ImageWait <= 0 || w == nil || w.Reason != "ErrImagePull" && w.Reason != "ImagePullBackOff" ||
		!imageIsMissing(pullCause(s, pullsOf(e.Events[p.UID], s.Name))) {
		return ""
	}
	return fmt.Sprintf("waits up to %s for its image: ", text.Duration(e.ImageWait))
}
