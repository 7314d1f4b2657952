package health

import "time"

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
