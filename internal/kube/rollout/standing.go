package rollout

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// apiServicePatience is how long an APIService may take to become available once the
// rest of the release is ready. Kubernetes asks again every few seconds.
const apiServicePatience = 10 * time.Second

// standing is how a target stands that is as it is waited for, but may not stay so.
type standing struct {
	since       time.Time     // since when it is; zero: it is not
	patience    time.Duration // for how long it keeps the wait from ending
	afterOthers bool          // its patience begins anew when another target is satisfied
	waits       bool          // its patience is not over
}

// provisional returns whether the target is as it is waited for, but not for good.
func (s *standing) provisional() bool { return !s.since.IsZero() }

// holds returns whether the target keeps the wait from ending.
func (t *target) holds() bool { return !t.satisfied && (!t.provisional() || t.waits) }

// wait returns whether the patience of a provisional target goes on. progressed is
// when another target was last satisfied.
func (s *standing) wait(now, progressed time.Time) bool {
	from := s.since
	if s.afterOthers && progressed.After(from) {
		from = progressed
	}
	s.waits = now.Sub(from) < s.patience
	return s.waits
}

// judge evaluates the target, and keeps since when it is provisional.
func (t *target) judge(evaluate evaluator, deleted bool, now time.Time) outcome {
	o := evaluate(t, deleted)
	switch o {
	case provisional:
		if !t.provisional() {
			t.since = now
		}
		t.wait(now, time.Time{})
	case pending, satisfied, failed:
		t.since, t.waits = time.Time{}, false
	}
	return o
}

// isFresh returns whether an object was made or changed in the last minute, its
// status aside. The clock of the API server may be somewhat off.
func isFresh(u *unstructured.Unstructured, now time.Time) bool {
	const recently = time.Minute
	newest := u.GetCreationTimestamp().Time
	for _, m := range u.GetManagedFields() {
		if m.Subresource == "" && m.Time != nil && m.Time.After(newest) {
			newest = m.Time.Time
		}
	}
	return !newest.IsZero() && now.Sub(newest) < recently
}
