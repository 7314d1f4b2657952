package rollout

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/berth-dev/berth/internal/kube/health"
)

// probeEvery and probeRarely bound the time between two probes of a target.
const (
	probeEvery  = 500 * time.Millisecond
	probeRarely = 10 * time.Second
)

// podsProbed bounds how many pods of one workload have their events read.
const podsProbed = 3

// due returns whether it is time for another probe. The longer nothing changes,
// the rarer they are: events come soon after a change, and an image that takes five
// minutes to be pulled brings none meanwhile.
func (tr *tracked) due(now time.Time) bool {
	const share = 8 // so a probe comes late by no more than this part of the time that has passed
	return now.Sub(tr.probed) >= max(probeEvery, min(probeRarely, now.Sub(tr.changed)/share))
}

// needsProbe returns whether the pods do not tell all: there are none, one has not
// started, or is not ready, or the ReplicaSet has to be found to which they belong.
func (tr *tracked) needsProbe(now time.Time) bool {
	live := tr.target.live
	if live == nil {
		return false
	}
	if tr.selector == nil {
		return slices.Contains([]string{"PersistentVolumeClaim", "Pod"}, live.GetKind())
	}
	if tr.hasReplicaFailure() || len(tr.lost) > 0 { // a node may be back
		return true
	}
	late := now.Sub(tr.probed) >= startedTime
	for _, pod := range tr.pods {
		if !health.PodStarted(pod) || (late || tr.replicaSetOutdated()) && health.PodReason(pod) != "" || late && tr.isWaitedOut(pod) {
			return true
		}
	}
	return len(tr.pods) == 0
}

// startedTime is how often the events are read, at most, of a pod that runs and is not
// ready, which most pods are for a while: then they may tell why.
const startedTime = 3 * time.Second

// isWaitedOut returns whether a pod has to end before the target makes another. Where
// that takes long, its node may be the reason.
func (tr *tracked) isWaitedOut(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp != nil && health.OldPodsGoFirst(tr.target.live)
}

// newProbe returns the probe that the target needs now. The target exists.
func (tr *tracked) newProbe() probe {
	live := tr.target.live
	p := probe{
		owner: live, resource: tr.target.resource, reread: tr.suspected, known: tr.replicaSet,
		created: live.GetGeneration() <= 1 && !tr.target.priorFailure, baseline: tr.baseline,
	}
	if tr.selector != nil {
		p.podSelector = tr.selector.String()
	}
	if live.GetKind() == "Deployment" {
		if tr.replicaSetOutdated() || tr.hasReplicaFailure() {
			p.replicaSets = tr.selector.String()
		}
	} else if live.GetKind() != "Pod" {
		p.events = append(p.events, live.GetUID())
	}
	p.nodes, p.allNodes = tr.nodesInQuestion()
	pods := 0
	for _, name := range slices.Sorted(maps.Keys(tr.pods)) {
		pod := tr.pods[name]
		if pods < podsProbed && health.PodReason(pod) != "" {
			pods++
			p.events = append(p.events, pod.UID)
			for _, claim := range health.UnboundClaims(pod) {
				p.claims = append(p.claims, podClaim{pod.UID, claim, pod.CreationTimestamp.Time})
			}
		}
	}
	return p
}

// nodesInQuestion returns the nodes of the first few pods that are not ready, and
// whether a pod may wait for any that is not.
func (tr *tracked) nodesInQuestion() (names []string, all bool) {
	for _, name := range slices.Sorted(maps.Keys(tr.pods)) {
		pod := tr.pods[name]
		switch node := pod.Spec.NodeName; {
		case health.PodReason(pod) == "" && !tr.isWaitedOut(pod):
		case node == "":
			all = all || health.TaintsRepel(pod)
		case len(names) < podsProbed && !slices.Contains(names, node):
			names = append(names, node)
		}
	}
	return names, all
}
