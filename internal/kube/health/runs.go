package health

import (
	"cmp"
	"maps"
	"regexp"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// runs is what is known of the runs of one container in this rollout. Its times are
// those of this process: the clock of a node may differ.
type runs struct {
	looked  time.Time     // at the last evaluation
	crashes int           // of the container in all, as seen last
	counted int           // those of them that belong to this rollout, or to a loop that it found
	first   time.Time     // when the first of these was seen
	began   time.Time     // no later than the run began that is on; zero: none is, or it began before all was seen
	up      time.Time     // since when that run is seen to be on; zero: none is
	crashed time.Time     // began of the run that crashed last; zero: it began before this rollout
	early   int           // how many runs in a row were killed for their memory as they started
	clean   int           // how many runs in a row ended with exit code 0
	found   bool          // it was found in a loop
	outlive time.Duration // how long the run has to last besides, because the one before did
}

const (
	// loopMemory is after how long a run the kubelet forgets the crashes before it.
	loopMemory = 10 * time.Minute
	// clockSkew is by how much the clock of a node may differ.
	clockSkew = 10 * time.Second
	// startTime is within what time a container that needs too much memory for its
	// start is killed.
	startTime = 10 * time.Second
	// longOutlived and shortOutlived bound how long a container is watched because its
	// last run was that long, of a loop that was found and of one of this rollout.
	longOutlived  = time.Minute
	shortOutlived = 10 * time.Second
)

func runKey(p *corev1.Pod, container string) string { return string(p.UID) + "/" + container }

// followRuns returns what is known of the containers of all pods by now. before is
// what was known at the last evaluation; it is not changed.
func followRuns(e Evidence, before map[string]runs, now time.Time) map[string]runs {
	next := maps.Clone(before)
	if next == nil {
		next = map[string]runs{}
	}
	for _, p := range e.Pods {
		for _, c := range containersOf(p) {
			if key := runKey(p, c.status.Name); c.restarts {
				r, known := before[key]
				if !known {
					r = firstLook(e, p, c.status, now)
				}
				next[key] = r.look(c.status, now)
			}
		}
	}
	return next
}

// firstLook returns what is known of a container that was not seen before. All
// crashes of a pod that this rollout made count. Those of an older pod count as far
// as they belong to a loop that is still on.
func firstLook(e Evidence, p *corev1.Pod, s corev1.ContainerStatus, now time.Time) runs {
	if !e.mayBeStale(p) {
		return runs{looked: e.WaitStart}
	}
	r := runs{looked: now, crashes: crashes(s), counted: min(crashes(s), loopOf(s, now))}
	r.found = r.counted > 0
	if r.counted >= loopCrashes {
		r.first = now.Add(-loopTime) // it took longer than that to crash so often
	} else if r.counted > 0 {
		r.first = now
	}
	if on := s.State.Running; on != nil {
		r.up = now
		if at := on.StartedAt.Time; s.RestartCount == 0 && at.Before(now) || now.Sub(at) > clockSkew {
			r.up = at
		}
	}
	r.outlast(s)
	return r
}

// look returns what is known once the container was seen with that status.
func (r runs) look(s corev1.ContainerStatus, now time.Time) runs {
	began := r.looked
	if fresh := crashes(s) - r.crashes; fresh > 0 {
		if r.counted == 0 {
			r.first = now
		}
		r.crashed = r.began
		if r.up.IsZero() || fresh > 1 { // the run was over before it was seen
			r.crashed = began
		}
		r.crashes, r.counted = crashes(s), r.counted+fresh
		r.began, r.up = time.Time{}, time.Time{}
		r.end(s)
		r.outlast(s)
	}
	switch {
	case s.State.Running == nil:
		r.up = time.Time{}
	case r.up.IsZero():
		r.began, r.up = began, now
	}
	r.looked = now
	return r
}

// end counts how the last run ended.
func (r *runs) end(s corev1.ContainerStatus) {
	ended := lastEnd(s)
	switch {
	case ended == nil:
		r.early, r.clean = 0, 0
	case ended.Reason == "OOMKilled" && ended.FinishedAt.Sub(ended.StartedAt.Time) <= startTime:
		r.early, r.clean = r.early+1, 0
	case ended.ExitCode == 0:
		r.early, r.clean = 0, r.clean+1
	default:
		r.early, r.clean = 0, 0
	}
}

// outlast sets how long the next run has to last, or the one that is on: one that is
// no longer than the last proves nothing.
func (r *runs) outlast(s corev1.ContainerStatus) {
	limit := shortOutlived
	if r.found {
		limit = longOutlived
	}
	if ended := lastEnd(s); r.counted > 0 && ended != nil {
		r.outlive = min(ended.FinishedAt.Sub(ended.StartedAt.Time), limit)
	}
}

// crashes returns how often a container that is always restarted has ended.
func crashes(s corev1.ContainerStatus) int {
	if down(s) {
		return int(s.RestartCount) + 1
	}
	return int(s.RestartCount)
}

// down returns whether a container has ended and was not started again.
func down(s corev1.ContainerStatus) bool {
	return s.State.Terminated != nil || s.State.Waiting != nil && s.LastTerminationState.Terminated != nil
}

// lastEnd returns how the container ended last; nil: it never did.
func lastEnd(s corev1.ContainerStatus) *corev1.ContainerStateTerminated {
	return cmp.Or(s.State.Terminated, s.LastTerminationState.Terminated)
}

// backOffSaid matches how long the kubelet waits until it starts a container again.
var backOffSaid = regexp.MustCompile(`back-off (\d\S*) restarting`)

// backOff returns how long the kubelet waits, or waited, until it starts the
// container again; 0 where that is not known. It is ten seconds after the second
// crash and twice as long after each further one, up to five minutes.
func backOff(s corev1.ContainerStatus) time.Duration {
	if w := s.State.Waiting; w != nil {
		if said := backOffSaid.FindStringSubmatch(w.Message); said != nil {
			d, err := time.ParseDuration(said[1])
			if err == nil {
				return d
			}
		}
		return 0
	}
	began, ended := lastBegan(s), s.LastTerminationState.Terminated
	if began.IsZero() || ended == nil {
		return 0
	}
	return began.Sub(ended.FinishedAt.Time)
}

// lastBegan returns when the run began that is on or has just ended.
func lastBegan(s corev1.ContainerStatus) time.Time {
	switch {
	case s.State.Running != nil:
		return s.State.Running.StartedAt.Time
	case s.State.Terminated != nil:
		return s.State.Terminated.StartedAt.Time
	}
	return time.Time{}
}

// loopOf returns of how many crashes the loop consists in which an older container
// is found; 0 where it is in none. A kubelet may show for all of a back-off that the
// container has ended, and not how long the back-off is.
func loopOf(s corev1.ContainerStatus, now time.Time) int {
	loop, ended := 0, s.LastTerminationState.Terminated
	if over := s.State.Terminated; over != nil {
		if loop = 1; over.FinishedAt.Sub(over.StartedAt.Time) > loopMemory {
			return loop
		}
	}
	switch {
	case ended == nil, ended.FinishedAt.Sub(ended.StartedAt.Time) > loopMemory:
		return loop
	case s.State.Running != nil && now.Sub(s.State.Running.StartedAt.Time) > loopMemory:
		return loop
	}
	loop++
	for d := backOff(s); d >= 9*time.Second; d /= 2 { // times are whole seconds
		loop++
	}
	return loop
}
