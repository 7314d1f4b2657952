package rollout

import (
	"context"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
)

const (
	// evaluateEvery paces the evaluation of what is known. Transient faults have to
	// last several times as long.
	evaluateEvery = 250 * time.Millisecond
	// podsAfter is when pods begin to be watched: most rollouts are over by then.
	podsAfter = 500 * time.Millisecond
	// maxProbes bounds how many probes one round starts.
	maxProbes = 5
)

// inspector finds out whether the targets of a wait can still be satisfied: it
// watches their pods and probes for what pods do not show. It is used by the
// goroutine of the wait alone. Without tracked targets it does nothing.
type inspector struct {
	clients         Clients
	seen            func(*unstructured.Unstructured) // see Waiter.Seen
	failFast        bool
	grace           time.Duration
	imageWait       time.Duration
	customResources bool // the release has any
	started         time.Time
	calm            time.Time // when the last of those became ready that others may wait for, or the wait began
	tracked         []*tracked
	podUpdates      chan update
	results         chan probeResult
	running         *sync.WaitGroup // counts the goroutines that it starts
	lastRound       time.Time       // when targets were last probed without being suspected
	next            int             // the tracked target to probe next
	stalledSince    time.Time       // since when one of them is confirmed to be stalled; zero: none
}

// probeResult is what the probe of a tracked target found.
type probeResult struct {
	tracked  *tracked
	findings findings
}

func newInspector(w *Waiter, running *sync.WaitGroup) *inspector {
	now := time.Now()
	return &inspector{
		clients: w.Clients, seen: w.Seen, failFast: w.FailFast, grace: w.grace, imageWait: w.ImageWait, started: now, calm: now, running: running,
		podUpdates: make(chan update), results: make(chan probeResult),
	}
}

// track begins to follow a target, also one that does not exist yet.
func (in *inspector) track(t *target) {
	tr := &tracked{target: t, pods: map[string]*corev1.Pod{}, changed: in.started, probed: in.started}
	tr.follow()
	in.tracked = append(in.tracked, tr)
}

// untrack ends that for a target that is satisfied.
func (in *inspector) untrack(t *target) {
	in.tracked = slices.DeleteFunc(in.tracked, func(tr *tracked) bool {
		if tr.target == t && tr.awaited {
			in.calm = time.Now()
		}
		return tr.target == t
	})
}

// changed notes that a target changed.
func (in *inspector) changed(t *target) {
	for _, tr := range in.tracked {
		if tr.target == t {
			tr.changed = time.Now()
			tr.follow()
		}
	}
}

// excuses returns whether a target that is not ready by its own content is as ready
// as it will be (health.Excused), so that nothing has to wait for it. A claim that
// awaits its consumer stays as it is: a consumer in the release would be waited for,
// and have it bound.
func (in *inspector) excuses(t *target, now time.Time) bool {
	if t.live == nil || !health.MayBeExcused(t.live) {
		return false
	}
	tr := in.trackedOf(t)
	return tr != nil && tr.excused(now)
}

// ended returns whether a Job that runs by its own word has no pod any more that does.
// Its controller is about to say what that means, and on a busy cluster takes its time.
func (in *inspector) ended(t *target) bool {
	tr := in.trackedOf(t)
	if tr == nil || !t.isJob() || len(tr.pods) == 0 {
		return false
	}
	for _, pod := range tr.pods {
		if health.PodRuns(pod) {
			return false
		}
	}
	return true
}

// evaluate returns whether one of the targets has failed because it is stalled, and
// marks all of these. It also updates the reason of each one's pods.
//
// A verdict is never passed on the informers' word alone, since a dead connection
// leaves them with the past: a target that is suspected is read again first, and
// others that are suspected get two evaluations' time for that, too, so that all
// are reported together. Without failFast nothing fails.
func (in *inspector) evaluate(now time.Time) (hasFailed bool) {
	var live []*tracked
	var standings []health.Standing
	for _, tr := range in.tracked {
		if tr.target.live == nil {
			tr.follow() // there is nothing to confirm any more
			continue
		}
		live = append(live, tr)
		starting := tr.starting()
		if tr.awaited && !starting {
			in.calm = now
		}
		tr.awaited = starting
		standings = append(standings, health.Standing{Verdict: tr.evaluate(in.evidence(tr), now), Starting: starting})
	}
	unconfirmed := 0
	stalled := map[*tracked]facts.Object{}
	for i, reason := range health.Failures(standings, in.calm) {
		tr := live[i]
		tr.suspect(in.failFast && reason != "" && !tr.excused(now))
		switch {
		case tr.confirmed:
			stalled[tr] = facts.Object{Reason: reason, Cause: standings[i].Cause(reason)}
		case tr.suspected:
			unconfirmed++
		}
	}
	switch {
	case len(stalled) == 0:
		in.stalledSince = time.Time{}
		return false
	case in.stalledSince.IsZero():
		in.stalledSince = now
	}
	if unconfirmed > 0 && now.Sub(in.stalledSince) < 2*evaluateEvery {
		return false
	}
	for tr, found := range stalled {
		o := &tr.target.object
		o.Failed, o.Reason, o.Cause = true, found.Reason, found.Cause
	}
	return true
}

// evidence gathers what is known of a target.
func (in *inspector) evidence(tr *tracked) health.Evidence {
	e := health.Evidence{
		Owner: tr.target.live, Pods: tr.currentPods(), Events: tr.events, Lost: tr.lost,
		Unchanged: tr.target.unchanged, PriorFailure: tr.target.priorFailure, WaitStart: in.started,
		ImageWait: in.imageWait, CustomResources: in.customResources, Grace: in.grace,
	}
	if !tr.replicaSetOutdated() {
		e.ReplicaSetFailure = tr.replicaSet.failure
	}
	return e
}

// requeue starts what is due: the watches of pods, and probes of targets that are
// suspected or whose pods do not tell all.
func (in *inspector) requeue(ctx context.Context, now time.Time) {
	if len(in.tracked) == 0 || now.Sub(in.started) < podsAfter {
		return
	}
	in.watchPods(ctx)
	round := now.Sub(in.lastRound) >= probeEvery
	if round {
		in.lastRound = now
	}
	started := 0
	for range len(in.tracked) {
		tr := in.tracked[in.next%len(in.tracked)]
		in.next++
		if tr.target.live == nil || tr.probing || !tr.suspected && (!round || !tr.due(now) || !tr.needsProbe(now)) {
			continue
		}
		tr.probing, tr.probed = true, now
		p := tr.newProbe()
		in.running.Go(func() {
			r := probeResult{tr, p.run(ctx, in.clients.Clientset)}
			select {
			case <-ctx.Done():
			case in.results <- r:
			}
		})
		if started++; started == maxProbes {
			return
		}
	}
}

// handleProbe takes what a probe found.
func (in *inspector) handleProbe(r probeResult, now time.Time) { r.tracked.apply(r.findings, now) }

// watchPods watches the pods of all workloads that exist by now, by nothing but
// their own selectors. Without the right to do so there are fewer reasons, and no
// error.
func (in *inspector) watchPods(ctx context.Context) {
	sets := map[string][]labels.Set{}
	selectors := map[string][]string{}
	for _, tr := range in.tracked {
		namespace := tr.target.source.namespace
		if tr.selector == nil || tr.watched {
			continue
		}
		tr.watched = true
		if tr.matchLabels != nil {
			sets[namespace] = append(sets[namespace], tr.matchLabels)
		} else {
			selectors[namespace] = append(selectors[namespace], tr.selector.String())
		}
	}
	for namespace, all := range sets {
		for _, selector := range mergeSelectors(all) {
			selectors[namespace] = append(selectors[namespace], selector.String())
		}
	}
	for namespace, all := range selectors {
		pods := source{corev1.SchemeGroupVersion.WithResource("pods"), namespace}
		for _, selector := range all {
			i := &informer{
				resource: in.clients.resource(pods), source: pods,
				options: metav1.ListOptions{LabelSelector: selector}, updates: in.podUpdates,
			}
			in.running.Go(func() { _ = i.run(ctx) })
		}
	}
}

// handlePod takes an update of a pod. A target that is ready, and watched because of
// its pods, is judged at once; of a Job's pods the logs are kept. ctx is that of the
// wait.
func (in *inspector) handlePod(ctx context.Context, u update, now time.Time) {
	if u.live == nil {
		for _, tr := range in.tracked {
			if tr.selector != nil && tr.target.source.namespace == u.key.namespace && tr.pods[u.key.name] != nil {
				delete(tr.pods, u.key.name)
				tr.changed = now
			}
		}
		return
	}
	pod, ok := toPod(u.live)
	if !ok {
		return
	}
	for _, tr := range in.tracked {
		if tr.selector == nil || tr.target.source.namespace != pod.Namespace || !tr.selector.Matches(labels.Set(pod.Labels)) ||
			!tr.target.isPodOf(pod) {
			continue
		}
		if in.seen != nil {
			in.seen(u.live)
		}
		if tr.changed = now; u.deleted {
			delete(tr.pods, pod.Name)
		} else {
			tr.pods[pod.Name] = pod
		}
		if tr.target.live != nil && !tr.target.readySince.IsZero() {
			_ = tr.evaluate(in.evidence(tr), now)
		}
		if tr.target.isJob() {
			tr.target.remains.see(ctx, in.clients.Clientset, pod, in.running.Go)
		}
	}
}
