package health

import (
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// What a crash loop has to reach. The kubelet starts a container again at once, and
// then after 10, 20, 40 s and so on: the third crash comes 14 s after the start, which
// is too soon for a database, a migration or a lock.
const (
	loopCrashes = 4
	loopTime    = 40 * time.Second
	// emptyRuns is how many runs of a server may end in a row with exit code 0.
	emptyRuns = 3
)

// crashFaults is the fault of a container that has ended again. It counts from the
// fourth crash on, if that is 40 s after the first; sooner what cannot pass: a
// container that twice was killed for its memory as it started, and a server that
// three times ended with exit code 0. It is suppressed while the container runs.
func crashFaults(f fault, c container, known runs) []fault {
	if known.counted == 0 {
		return nil
	}
	f.key += "/crash"
	f.suppressed = !down(c.status)
	f.began = known.crashed
	switch {
	case known.early >= recurrence:
		f.permanent = true
	case known.counted >= loopCrashes && known.looked.Sub(known.first) >= loopTime, known.clean >= emptyRuns && c.serves:
		f.permanent, f.dependent = true, true
	}
	return []fault{f}
}

// cannotRun matches what container runtimes say of a command that there is not, or
// that is no executable.
var cannotRun = regexp.MustCompile(`(?i)\bexec\b.*(not found|no such file|permission denied|is a directory|exec format error)|` +
	`executable file not found|no command specified|not a directory`)

// startFaults is the fault of a container that the runtime cannot create or start.
// Its state becomes CrashLoopBackOff in between, and the fault goes on. Whatever is
// not known to remain gets the time of what passes.
func startFaults(e Evidence, p *corev1.Pod, f fault, s corev1.ContainerStatus) []fault {
	message, failed := startFailure(s)
	if !failed || e.mayBeStale(p) && down(s) { // an older pod is judged by its next crash
		return nil
	}
	f.key, f.minDuration = f.key+"/create", passingTime
	if cannotRun.MatchString(message) && !e.mayBeStale(p) {
		f.minDuration = transientTime
	}
	return []fault{f}
}

// startFailure returns why the runtime could not create or start the container.
func startFailure(s corev1.ContainerStatus) (message string, failed bool) {
	w, ended := s.State.Waiting, lastEnd(s)
	switch {
	case s.State.Running != nil:
		return "", false
	case w != nil && (strings.HasPrefix(w.Reason, "CreateContainer") || strings.HasPrefix(w.Reason, "RunContainer") ||
		w.Reason == "StartError"):
		return w.Message, true
	case ended != nil && (ended.Reason == "StartError" || ended.Reason == "ContainerCannotRun"):
		return ended.Message, true
	}
	return "", false
}
