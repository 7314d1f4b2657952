package rollout

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/kube/health"
)

// unready returns a tracked object that is not ready, as it was applied.
func unready(live *unstructured.Unstructured, priorFailure bool) *tracked {
	return &tracked{target: &target{live: live, read: true, priorFailure: priorFailure}, owner: live.GetUID(),
		pods: map[string]*corev1.Pod{}}
}

// Nothing that was found out about an object counts for one made anew under its
// name.
func TestFollowForgetsWhatIsDeleted(t *testing.T) {
	anew := "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, uid: anew, generation: 1}}"
	for name, c := range map[string]struct {
		live    *unstructured.Unstructured
		forgets bool
	}{
		"as it was": {object(t, aStatefulSet), false},
		"deleted":   {nil, true},
		"made anew": {object(t, anew), true},
	} {
		t.Run(name, func(t *testing.T) {
			tr := unready(object(t, aStatefulSet), false)
			late := tr.newProbe().emptyFindings()
			late.events["owner"] = []health.Event{{Reason: "FailedCreate"}}
			late.reread = &reread{complete: true}
			tr.apply(late, time.Now())
			tr.replicaSet.name, tr.target.podReason = "db-1", "pod db-0: waiting"
			_, tr.history = health.Stalled(refused(tr), health.History{}, time.Now())
			tr.suspected, tr.confirmed, tr.deniedSince = true, true, time.Now()
			tr.target.live = c.live
			tr.follow()
			tr.probing = true
			tr.apply(late, time.Now()) // its requests were under way meanwhile
			if tr.probing {
				t.Error("no other probe will start")
			}
			for what, known := range map[string]bool{
				"events": tr.events != nil, "baseline": tr.baseline != nil, "history": !reflect.ValueOf(tr.history).IsZero(),
				"suspicion": tr.suspected, "confirmation": tr.confirmed,
			} {
				if known == c.forgets {
					t.Errorf("%s are known: %t", what, known)
				}
			}
			if c.forgets && (tr.replicaSet != replicaSet{} || tr.target.podReason != "" || tr.confirmation != confirmation{}) {
				t.Errorf("left: %+v, %q, %+v", tr.replicaSet, tr.target.podReason, tr.confirmation)
			}
		})
	}
}

// refused returns evidence that the API server refuses the pods of the target.
func refused(tr *tracked) health.Evidence {
	return health.Evidence{Owner: tr.target.live, Events: map[types.UID][]health.Event{
		tr.owner: {{Reason: "FailedCreate", Message: "exceeded quota: small", Count: 1, Current: true}},
	}}
}

// A probe runs while the wait takes updates. The race detector would see what they
// share.
func TestProbeSharesNothing(t *testing.T) {
	now := func(version string) *unstructured.Unstructured {
		return object(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: owner, generation: 1, resourceVersion: '"+version+
			"'}}")
	}
	tr := unready(now("1"), true)
	p, done := tr.newProbe(), make(chan struct{})
	go func() {
		defer close(done)
		if all := p.classify([]corev1.Event{{}}, p.emptyFindings().counts); all[0].Current {
			t.Error("an event of an earlier run is current")
		}
	}()
	tr.target.update(now("2"))
	<-done
}

// A denial is an answer once it lasts; no answer never is.
func TestAccepts(t *testing.T) {
	answered, refused, none := &reread{complete: true}, &reread{complete: true, denied: true}, &reread{}
	begin := time.Unix(1e9, 0)
	c := &confirmation{}
	for _, tt := range []struct {
		second float64
		reread *reread
		want   bool
	}{{0, refused, false}, {1, answered, true}, {2, refused, false}, {4, none, false}, {4.9, refused, false}, {5, refused, true},
		{60, none, false}} {
		if got := c.accepts(tt.reread, begin.Add(time.Duration(tt.second*float64(time.Second)))); got != tt.want {
			t.Errorf("at %g s: %t", tt.second, got)
		}
	}
}

// What was read again removes the pods that it would have seen, and brings back
// none.
func TestMergeKeepsWhatIsNewer(t *testing.T) {
	pod := func(name, uid, version string) *corev1.Pod {
		p := aPod(t, name, uid, "{}")
		p.ResourceVersion = version
		return p
	}
	tr := unready(object(t, aStatefulSet), false)
	tr.pods = map[string]*corev1.Pod{"gone": pod("gone", "a", "5"), "new": pod("new", "b", "30"), "known": pod("known", "c", "25"),
		"again": pod("again", "d", "4")}
	tr.merge(&reread{owner: object(t, aStatefulSet), version: 20,
		pods: map[string]*corev1.Pod{"known": pod("known", "c", "10"), "again": pod("again", "e", "19")}})
	if got := slices.Sorted(maps.Keys(tr.pods)); !slices.Equal(got, []string{"again", "known", "new"}) {
		t.Errorf("pods %v", got)
	}
	if tr.pods["known"].ResourceVersion != "25" || tr.pods["again"].UID != "e" {
		t.Errorf("known in %s, again as %s", tr.pods["known"].ResourceVersion, tr.pods["again"].UID)
	}
	tr.target.live = nil
	tr.merge(&reread{owner: object(t, aStatefulSet)})
	if tr.target.live != nil {
		t.Error("what is deleted is back")
	}
}

// A wait of five minutes probes often at first, then rarely, and often again when
// something changes.
func TestProbesBecomeRare(t *testing.T) {
	began := time.Now()
	tr := &tracked{changed: began}
	probes := func(from, to time.Duration) (n int) {
		for at := from; at < to; at += evaluateEvery {
			if now := began.Add(at); tr.due(now) {
				tr.probed = now
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		from, to    time.Duration
		least, most int
	}{
		{0, 4 * time.Second, 8, 8},
		{4 * time.Second, 5 * time.Minute, 25, 60},
	} {
		if n := probes(c.from, c.to); n < c.least || n > c.most {
			t.Errorf("%d probes from %s to %s, want %d to %d", n, c.from, c.to, c.least, c.most)
		}
	}
	tr.changed = began.Add(5 * time.Minute)
	if n := probes(5*time.Minute, 5*time.Minute+4*time.Second); n < 7 {
		t.Errorf("%d probes in the 4 s after a change", n)
	}
}
