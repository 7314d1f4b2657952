package health

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Standing is how one of the objects stands that a rollout still waits for.
type Standing struct {
	Verdict
	// Starting is whether others may wait for it: a workload, a Job that has not
	// ended, a custom resource.
	Starting bool
}

// calmTime is what it takes until what has become ready can be reached by others.
const calmTime = 2 * time.Second

// Failures returns for each of the objects why it has failed; "" where it has not.
//
// What is stalled has failed. A container that crashes again and again may do so
// because of what the release itself still starts. So it has failed only when each
// of the others is past its own threshold, too, and its last crash began after the
// last of those that are ready by now had become so. calm is when that was, or when
// the rollout began.
func Failures(all []Standing, calm time.Time) []string {
	reasons := make([]string, len(all))
	held := false
	for i, s := range all {
		reasons[i] = s.Stalled
		held = held || s.Starting && s.Stalled == "" && s.Looping == ""
	}
	for i, s := range all {
		if reasons[i] == "" && !held && s.began.After(calm.Add(calmTime)) {
			reasons[i] = s.Looping
		}
	}
	return reasons
}

// followReady returns since when each pod is seen to be ready.
func followReady(e Evidence, before map[types.UID]time.Time, now time.Time) map[types.UID]time.Time {
	next := map[types.UID]time.Time{}
	for _, p := range e.Pods {
		if !isReady(p) {
			continue
		}
		if next[p.UID] = now; !before[p.UID].IsZero() {
			next[p.UID] = before[p.UID]
		}
	}
	return next
}

func isReady(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// heldByPods returns whether another pod of the same object may be why a container
// crashes, one that holds a lock say: it still starts, or became ready after the last
// crash had begun. counted are the faults that count by themselves.
func heldByPods(e Evidence, crash fault, counted []fault, ready map[types.UID]time.Time) bool {
	for _, p := range e.Pods {
		if p.UID == crash.pod || PodReason(p) == "" && !isReady(p) {
			continue
		}
		if since, is := ready[p.UID]; is && crash.began.After(since.Add(calmTime)) {
			continue
		}
		if !slices.ContainsFunc(counted, func(f fault) bool { return f.pod == p.UID }) {
			return true
		}
	}
	return false
}
