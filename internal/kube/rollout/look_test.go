package rollout

import (
	"maps"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// A denial is an answer once it goes on, no answer never is.
func TestOnlyAnswersConfirm(t *testing.T) {
	answered, refused, none := &look{complete: true}, &look{complete: true, denied: true}, &look{}
	begin := time.Unix(1e9, 0)
	p := &patient{}
	for _, c := range []struct {
		second float64
		look   *look
		want   bool
	}{{0, refused, false}, {1, answered, true}, {2, refused, false}, {4, none, false}, {4.9, refused, false}, {5, refused, true}, {60, none, false}} {
		if got := p.confirms(c.look, begin.Add(time.Duration(c.second*float64(time.Second)))); got != c.want {
			t.Errorf("at %g s: %t", c.second, got)
		}
	}
}

// Another look takes away what it would have seen, and brings nothing back.
func TestLookIsOlderThanTheWatch(t *testing.T) {
	pod := func(name, uid, version string) *corev1.Pod {
		p := aPod(t, name, uid, "{}")
		p.ResourceVersion = version
		return p
	}
	p := ill(object(t, aStatefulSet), false)
	p.pods = map[string]*corev1.Pod{"gone": pod("gone", "a", "5"), "new": pod("new", "b", "30"), "known": pod("known", "c", "25"), "again": pod("again", "d", "4")}
	p.look(&look{owner: object(t, aStatefulSet), version: 20, pods: map[string]*corev1.Pod{"known": pod("known", "c", "10"), "again": pod("again", "e", "19")}})
	if got := slices.Sorted(maps.Keys(p.pods)); !slices.Equal(got, []string{"again", "known", "new"}) {
		t.Errorf("pods %v", got)
	}
	if p.pods["known"].ResourceVersion != "25" || p.pods["again"].UID != "e" {
		t.Errorf("known in %s, again as %s", p.pods["known"].ResourceVersion, p.pods["again"].UID)
	}
	p.subject.live = nil
	p.look(&look{owner: object(t, aStatefulSet)})
	if p.subject.live != nil {
		t.Error("what is gone is back")
	}
}

// Each of those that fail is named if another look at it says so, and no other.
func TestHopelessNamesWhatIsSure(t *testing.T) {
	lost := "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c, uid: owner}, status: {phase: Lost}}"
	first, second := ill(object(t, lost), false), ill(object(t, lost), false)
	in := &inspector{w: &Waiter{}, failFast: true, cases: []*patient{first, second}}
	now := time.Unix(1e9, 0)
	if in.hopeless(now) {
		t.Fatal("from memory")
	}
	first.sure = true
	if in.hopeless(now) {
		t.Error("while the other is looked at")
	}
	if !in.hopeless(now.Add(time.Second)) || !first.subject.object.Failed || second.subject.object.Failed {
		t.Errorf("failed: %t and %t", first.subject.object.Failed, second.subject.object.Failed)
	}
	second.sure = true
	if !in.hopeless(now.Add(time.Second)) || !second.subject.object.Failed {
		t.Error("the other is sure, too")
	}
}
