package health

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// because returns what the events of a container tell of why it is not ready, as
// "; MESSAGE", where its status does not: a probe that fails, a hook after its
// start, a pull secret that is missing.
func because(s corev1.ContainerStatus, events []Event) string {
	var tells func(Event) bool
	switch w := s.State.Waiting; {
	case w != nil && strings.Contains(w.Reason, "ImagePull"):
		tells = func(e Event) bool { return e.Reason == "FailedToRetrieveImagePullSecret" }
	case s.RestartCount > 0 || s.LastTerminationState.Terminated != nil || s.State.Terminated != nil:
		tells = func(e Event) bool {
			return e.Reason == "FailedPostStartHook" || e.Reason == "Unhealthy" && !strings.HasPrefix(e.Message, "Readiness") ||
				s.State.Running != nil && e.Reason == "Unhealthy"
		}
	case s.State.Running != nil:
		tells = func(e Event) bool { return e.Reason == "Unhealthy" }
	default:
		return ""
	}
	var last Event
	for _, e := range events {
		if (e.Container == "" || e.Container == s.Name) && tells(e) {
			last = later(last, e)
		}
	}
	if last.Reason == "" {
		return ""
	}
	return "; " + Sanitize(last.Message)
}

// underWay returns what the events of a pod that has not started tell of where it
// is: it pulls an image, or what it was warned of last. It returns "" where they
// tell neither.
func underWay(p *corev1.Pod, events []Event) string {
	if warning, times := lastWarning(p, events); times > 0 {
		return warning.Reason + ": " + Sanitize(warning.Message)
	}
	began, pulling := map[string]Event{}, ""
	for _, e := range events {
		switch e.Reason {
		case "Pulling":
			began[e.Container] = e
		case "Pulled", "Failed":
			delete(began, e.Container)
		}
	}
	for _, e := range events {
		if _, still := began[e.Container]; still && e.Reason == "Pulling" {
			pulling = Sanitize(e.Message)
		}
	}
	return pulling
}
