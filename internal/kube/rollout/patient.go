package rollout

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/kube/health"
)

// patient is an object that is not ready, with what is known of it.
type patient struct {
	subject  *subject
	selector *metav1.LabelSelector // of its pods; nil: it has none, or is one
	takes    labels.Selector       // the same, made ready
	watched  bool                  // these are
	pods     map[string]*corev1.Pod
	events   map[types.UID][]health.Event
	counts   map[types.UID]int // how often an event had been seen at the first question
	replicas string            // the ReplicaSet of its present revision
	refused  string            // why the pods of that are not let be made
	revision string            // which that is
	seen     health.History
	moved    time.Time // when it, or one of its pods, last changed
	asked    time.Time
	asking   bool
	suspect  bool      // it seems hopeless
	sure     bool      // and that was so after another look
	denied   time.Time // since when that is not allowed; zero: it is
}

// unused says that it is a claim that waits for its first consumer.
func (p *patient) unused() bool {
	live := p.subject.live
	return live != nil && health.AwaitsConsumer(live, p.events[live.GetUID()])
}

// starts is 1 for a workload without a fault, not even one that can pass.
func (p *patient) starts() int {
	if p.selector == nil {
		return 0
	}
	if p.seen.Active() {
		return 0
	}
	return 1
}

// due says that it is time for another question. Most of what can be heard, is
// heard soon after a change; the longer nothing moves, the rarer it is worth
// asking, and an image that takes five minutes to pull brings no news in between.
func (p *patient) due(now time.Time) bool {
	const share = 8 // what this adds to the time until a verdict is small beside it
	return now.Sub(p.asked) >= max(askEvery, min(askRarely, now.Sub(p.moved)/share))
}

// doubtful says that its pods do not tell all: there are none, one has not begun
// to run, or whose they are has to be told.
func (p *patient) doubtful() bool {
	live := p.subject.live
	if live == nil {
		return false
	}
	if p.selector == nil {
		return slices.Contains([]string{"PersistentVolumeClaim", "Pod"}, live.GetKind())
	}
	if p.refusal() {
		return true
	}
	for _, pod := range p.pods {
		if !health.PodStarted(pod) || p.stale() && health.PodReason(pod) != "" {
			return true
		}
	}
	return len(p.pods) == 0
}

// stale says that the ReplicaSet that is known, if any, may be of the revision
// before.
func (p *patient) stale() bool {
	live := p.subject.live
	return live.GetKind() == "Deployment" && live.GetGeneration() > 1 &&
		(p.replicas == "" || p.revision != health.Revision(live) || !health.Observed(live))
}

// refusal says that a Deployment that was changed tells of pods that are not let
// be made; they may be those of the revision before.
func (p *patient) refusal() bool {
	live := p.subject.live
	return health.ReplicaFailure(live) && live.GetKind() == "Deployment" && live.GetGeneration() > 1
}
