package rollout

import (
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/kube/health"
)

// unseenTime is how long the pods of a target that is ready may take to be seen. Where
// they cannot be read, the target itself is watched.
const unseenTime = time.Second

// watching is how a target is watched that is ready and may be so between two crashes.
type watching struct {
	settle     time.Duration // how long its containers have to run; 0: it is not watched
	readySince time.Time     // since when it is ready and watched; zero: it is not
	unprobed   []string      // its containers without a readiness probe
	watched    time.Duration // what that has cost, once it is satisfied
}

// watch begins to watch a target that is ready, and returns whether there is reason to:
// one of its containers has no readiness probe.
func (t *target) watch(now time.Time) bool {
	if t.settle <= 0 {
		return false
	}
	t.unprobed = health.Unprobed(t.live)
	if len(t.unprobed) == 0 {
		return false
	}
	if t.readySince.IsZero() {
		t.readySince = now
	}
	t.object.Ready, t.object.Reason = false, "it is ready, and its pods have not been seen yet"
	return true
}

// unwatch ends that for a target that is not ready any more.
func (t *target) unwatch() { t.readySince, t.unprobed = time.Time{}, nil }

// settled returns whether a target that is ready has been watched for long enough, and
// describes why it has not.
func (in *inspector) settled(t *target, now time.Time) bool {
	tr := in.trackedOf(t)
	if tr == nil || t.settle <= 0 {
		return true
	}
	e := in.evidence(tr)
	why := health.Unsettled(e, tr.history, t.settle, now)
	if len(t.unprobed) > 0 && !health.AllSeen(t.live, e.Pods) {
		return now.Sub(t.readySince) >= t.settle+unseenTime
	}
	if why != "" {
		t.object.Ready, t.object.Reason = false, "it is ready; "+why
	}
	return why == ""
}

// trackedOf returns what is known of a target; nil for one that is not followed.
func (in *inspector) trackedOf(t *target) *tracked {
	i := slices.IndexFunc(in.tracked, func(tr *tracked) bool { return tr.target == t })
	if i < 0 {
		return nil
	}
	return in.tracked[i]
}

// followsUnprobed returns whether one of the targets may have to be watched.
func (in *inspector) followsUnprobed() bool {
	for _, tr := range in.tracked {
		if tr.target.settle > 0 && tr.target.live != nil && len(health.Unprobed(tr.target.live)) > 0 {
			return true
		}
	}
	return false
}

// settle ends the watching of what is settled by now.
func (l *loop) settle(now time.Time) {
	for t := range l.open {
		if t.readySince.IsZero() || !l.inspector.settled(t, now) {
			continue
		}
		if len(t.unprobed) > 0 {
			t.watched = now.Sub(t.readySince)
		}
		l.satisfy(t)
		l.reporter.update(t)
	}
}

// ready takes a target that is ready: for satisfied, or to be watched.
func (l *loop) ready(t *target, now time.Time) {
	if t.watch(now) || !l.inspector.settled(t, now) {
		if t.readySince.IsZero() {
			t.readySince = now
		}
		l.inspector.changed(t)
		return
	}
	l.satisfy(t)
}
