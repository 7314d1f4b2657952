package rollout

import (
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/kube/health"
)

// tracked is a target that is not satisfied, with all that is known of it.
type tracked struct {
	target      *target
	owner       types.UID       // of the object that all below was found out about; "": it does not exist
	selector    labels.Selector // of its pods; nil: it has none, or is a pod
	matchLabels labels.Set      // the same as labels; nil: it is not that simple
	watched     bool            // its pods are
	pods        map[string]*corev1.Pod
	events      map[types.UID][]health.Event
	// baseline is how often each event had occurred when the events of the target
	// were first read; nil: they have not been.
	baseline   map[types.UID]int
	replicaSet replicaSet
	lost       health.LostNodes
	history    health.History
	awaited    bool // the last evaluation saw that others may wait for it
	// excusedSince is since when it is as ready as it will be; zero: it is not.
	excusedSince time.Time
	changed      time.Time // when it or one of its pods last changed
	probed       time.Time // when the last probe started
	probing      bool
	confirmation
}

// follow takes the target as it was last seen. What was found out about an object
// that is deleted by now is dropped: one made anew under the same name has a history
// of its own.
func (tr *tracked) follow() {
	live := tr.target.live
	var owner types.UID
	if live != nil {
		owner = live.GetUID()
	}
	if tr.owner != owner {
		tr.owner = owner
		tr.events, tr.baseline, tr.replicaSet, tr.history = nil, nil, replicaSet{}, health.History{}
		tr.confirmation, tr.target.podView = confirmation{}, podView{}
	}
	if live != nil {
		tr.findPods(live)
	}
}

// findPods stores the selector of the target's pods. A selector never changes.
func (tr *tracked) findPods(live *unstructured.Unstructured) {
	if found, ok := health.PodSelector(live); ok && tr.selector == nil {
		if selector, err := metav1.LabelSelectorAsSelector(found); err == nil && !selector.Empty() {
			tr.selector = selector
			if len(found.MatchExpressions) == 0 {
				tr.matchLabels = found.MatchLabels
			}
		}
	}
	if live.GroupVersionKind().GroupKind() == (schema.GroupKind{Kind: "Pod"}) {
		if pod, ok := toPod(live); ok {
			tr.pods[pod.Name] = pod
		}
	}
}

// evaluate weighs the evidence. It updates the history and the target's pod reason.
func (tr *tracked) evaluate(e health.Evidence, now time.Time) (v health.Verdict) {
	tr.target.podView = podView{podReason: health.FirstPodReason(e)}
	if tr.target.podReason == "" {
		tr.target.podView = tr.outgoing()
	}
	tr.target.lost = tr.lost
	v, tr.history = health.Stalled(e, tr.history, now)
	return v
}

// outgoing returns the pod that has to end before the target makes another.
func (tr *tracked) outgoing() podView {
	byName := slices.SortedFunc(maps.Values(tr.pods), func(a, b *corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	p, reason := health.OldPod(tr.target.live, byName, tr.lost)
	if p == nil {
		return podView{}
	}
	return podView{podReason: reason, oldPod: p.Name}
}

// excused returns whether the target, though not ready, is as ready as it will be. The
// scheduler gets some time to find a node after all.
func (tr *tracked) excused(now time.Time) bool {
	live := tr.target.live
	if live == nil || !health.MayBeExcused(live) {
		tr.excusedSince = time.Time{}
		return false
	}
	if _, excused := health.Excused(live, tr.events[live.GetUID()], tr.currentPods()); !excused {
		tr.excusedSince = time.Time{}
		return false
	}
	if tr.excusedSince.IsZero() {
		tr.excusedSince = now
	}
	return tr.selector == nil || now.Sub(tr.excusedSince) >= placingTime
}

// placingTime is how long a pod has to find no node before it is done without.
const placingTime = 3 * time.Second

// starting returns whether others of the release may wait for the target: it is a
// workload or a bare pod, a Job that has not ended, or a custom resource that is not
// ready yet.
func (tr *tracked) starting() bool {
	t := tr.target
	switch {
	case t.live == nil || !tr.excusedSince.IsZero():
		return false
	case t.isCustom():
		return t.holds()
	}
	return tr.selector != nil || t.live.GetKind() == "Pod"
}

// replicaSetOutdated returns whether a Deployment that was changed may have another
// ReplicaSet than the one that is known.
func (tr *tracked) replicaSetOutdated() bool {
	live := tr.target.live
	return live.GetKind() == "Deployment" && live.GetGeneration() > 1 &&
		(tr.replicaSet.name == "" || tr.replicaSet.revision != health.Revision(live) || !health.Observed(live))
}

// hasReplicaFailure returns whether a Deployment that was changed reports a refusal
// of pods. These may be pods of an earlier revision.
func (tr *tracked) hasReplicaFailure() bool {
	live := tr.target.live
	return health.ReplicaFailure(live) && live.GetKind() == "Deployment" && live.GetGeneration() > 1
}

// currentPods returns the pods of the target's present revision, by name.
func (tr *tracked) currentPods() []*corev1.Pod {
	name := tr.replicaSet.name
	if tr.replicaSetOutdated() {
		name = ""
	}
	var pods []*corev1.Pod
	for _, pod := range tr.pods {
		if health.OfCurrentRevision(tr.target.live, name, pod) || name == "" && tr.ofReady(pod) {
			pods = append(pods, pod)
		}
	}
	slices.SortFunc(pods, func(a, b *corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return pods
}

// ofReady returns whether a pod is of a Deployment that is ready: it has no others any
// more than those of its present revision.
func (tr *tracked) ofReady(pod *corev1.Pod) bool {
	controller := metav1.GetControllerOf(pod)
	return !tr.target.readySince.IsZero() && tr.target.live.GetKind() == "Deployment" && pod.DeletionTimestamp == nil &&
		controller != nil && controller.Kind == "ReplicaSet" && strings.HasPrefix(controller.Name, tr.target.object.Name+"-")
}
