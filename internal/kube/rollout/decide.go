package rollout

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/berth-dev/berth/internal/kube/health"
)

// idle says that all that is waited for are claims that wait for their first
// consumer themselves. A consumer of the release would be waited for, too, and
// have them bound; without one they stay as they are, and well.
func (in *inspector) idle(open int) bool {
	unused := 0
	for _, p := range in.cases {
		if p.unused() {
			unused++
		}
	}
	return open > 0 && unused == open
}

// hopeless says that one of the objects cannot become ready, and marks those. It
// is never said from memory alone, which a connection that died leaves as it was:
// what seems hopeless is looked at again before. Others that seem so get a moment
// for that, too, to be told of together. Without failing fast it says no, but what
// holds each of them up is found all the same.
func (in *inspector) hopeless(now time.Time) bool {
	starting, unsure := 0, 0
	for _, p := range in.cases {
		starting += p.starts()
	}
	found := map[*patient]string{}
	for _, p := range in.cases {
		if p.subject.live == nil {
			continue
		}
		f := in.evidence(p, starting > p.starts())
		p.subject.held = health.FirstPodReason(f.Pods, f.Events)
		because, seen := health.Stalled(f, p.seen, now)
		p.seen, p.suspect = seen, in.failFast && because != ""
		switch p.sure = p.sure && p.suspect; {
		case p.sure:
			found[p] = because
		case p.suspect:
			unsure++
		default:
			p.denied = time.Time{}
		}
	}
	switch {
	case len(found) == 0:
		in.sure = time.Time{}
		return false
	case in.sure.IsZero():
		in.sure = now
	}
	if unsure > 0 && now.Sub(in.sure) < 2*inspectEvery {
		return false
	}
	for p, because := range found {
		p.subject.object.Failed, p.subject.object.Reason = true, because
	}
	return true
}

func (in *inspector) evidence(p *patient, others bool) health.Evidence {
	f := health.Evidence{
		Owner: p.subject.live, PriorFailure: p.subject.unchanged, Unchanged: p.subject.before, WaitStart: in.began,
		Events: p.events, CustomResources: in.operators, OthersStarting: others, Grace: in.w.grace,
	}
	replicas := p.replicas
	if p.stale() {
		replicas = ""
	} else {
		f.ReplicaSetFailure = p.refused
	}
	for _, pod := range p.pods {
		if health.OfCurrentRevision(f.Owner, replicas, pod) {
			f.Pods = append(f.Pods, pod)
		}
	}
	slices.SortFunc(f.Pods, func(a, b *corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return f
}
