package rollout

import (
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
)

// reporter passes each change to an observer once. observer may be nil.
type reporter struct {
	observer Observer
	reported map[*target]facts.Awaited
}

// newReporter calls the observer's Begin.
func newReporter(observer Observer, targets []*target) *reporter {
	r := &reporter{observer: observer}
	if observer == nil {
		return r
	}
	r.reported = make(map[*target]facts.Awaited, len(targets))
	all := make([]facts.Awaited, 0, len(targets))
	for _, t := range targets {
		r.reported[t] = awaited(t)
		all = append(all, r.reported[t])
	}
	observer.Begin(all)
	return r
}

// update reports a target if it changed.
func (r *reporter) update(t *target) {
	if r.observer == nil {
		return
	}
	if a := awaited(t); a != r.reported[t] {
		r.reported[t] = a
		r.observer.Update(a)
	}
}

func (r *reporter) end() {
	if r.observer != nil {
		r.observer.End()
	}
}

// awaited returns a target as it is shown to people. The reason of a pod is shown
// before that of its workload, which mostly says that there are too few of them, but
// not where the workload cannot be read: what is known of the pod may be the past.
func awaited(t *target) facts.Awaited {
	a := facts.Awaited{Ref: t.object.Ref, Failed: t.object.Failed, Reason: t.object.Reason}
	a.Satisfied = t.satisfied || t.provisional() && !t.waits
	a.Ready, a.Wanted = health.Replicas(t.live)
	switch {
	case a.Satisfied:
		a.Reason = ""
		if t.watched > 0 {
			a.Unprobed, a.Watched = strings.Join(t.unprobed, ", "), t.watched
		}
	case !t.readySince.IsZero(): // its reason tells that it is watched
	case !a.Failed && t.read && t.podReason != "":
		a.Reason, a.OldPod = t.podReason, t.oldPod
	}
	return a
}
