package rollout

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/kube/health"
)

// ill is an object that is not ready, as it was applied.
func ill(live *unstructured.Unstructured, unchanged bool) *patient {
	return &patient{subject: &subject{live: live, known: true, unchanged: unchanged}, pods: map[string]*corev1.Pod{}}
}

// A question is answered while the wait takes in what comes.
func TestQuestionSharesNothing(t *testing.T) {
	now := func(version string) *unstructured.Unstructured {
		return object(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: owner, generation: 1, resourceVersion: '"+version+"'}}")
	}
	p := ill(now("1"), true)
	q, done := p.question(), make(chan struct{})
	go func() {
		defer close(done)
		if all := q.happenings([]corev1.Event{{}}); all[0].Current {
			t.Error("an event of an earlier run is new")
		}
	}()
	p.subject.take(now("2"))
	<-done
}

// While the events of the first question could not be read, those of the second
// tell what was there before.
func TestEventsAreMeasuredFromTheFirstThatWereRead(t *testing.T) {
	for name, c := range map[string]struct {
		owner     string
		unchanged bool
	}{
		"changed":   {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, uid: owner, generation: 2}}", false},
		"unchanged": {aStatefulSet, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := ill(object(t, c.owner), c.unchanged)
			in := &inspector{w: &Waiter{}}
			q := p.question() // its list of events fails
			in.heard(q.answer)
			refusal := corev1.Event{Reason: "FailedCreate", Message: "exceeded quota: small", Count: 9}
			refusal.UID = "e"
			var seen health.History
			for second, want := range []bool{false, false, false, true} {
				if want {
					refusal.Count++
				}
				q := p.question()
				q.answer.events[types.UID("owner")] = q.happenings([]corev1.Event{refusal})
				in.heard(q.answer)
				var because string
				for _, later := range []float64{0, 1.5} { // new or not, it has to last
					at := time.Unix(int64(10*second), 0).Add(time.Duration(later * float64(time.Second)))
					because, seen = health.Stalled(in.evidence(p, false), seen, at)
				}
				if (because != "") != want {
					t.Errorf("question %d: %q", second+2, because)
				}
			}
		})
	}
}

// What the watch of several shows of a namesake that is gone is no news.
func TestTakeIgnoresThePast(t *testing.T) {
	version := func(uid, version string) *unstructured.Unstructured {
		return object(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, uid: "+uid+", resourceVersion: '"+version+"'}}")
	}
	s := &subject{live: version("new", "20"), known: true}
	for _, c := range []struct {
		uid, version string
		news         bool
	}{{"new", "19", false}, {"old", "10", false}, {"new", "20", true}, {"newer", "30", true}} {
		if news := s.take(version(c.uid, c.version)); news != c.news {
			t.Errorf("take(%s in %s) = %t", c.uid, c.version, news)
		}
	}
}

// A pod that is gone is so in its own namespace.
func TestSawKeepsNamespacesApart(t *testing.T) {
	in := &inspector{}
	for _, namespace := range []string{"one", "two"} {
		p := ill(object(t, aStatefulSet), false)
		p.subject.source.namespace = namespace
		p.selector, p.takes = &metav1.LabelSelector{}, labels.Everything()
		p.pods["db-0"] = aPod(t, "db-0", namespace, "{}")
		in.cases = append(in.cases, p)
	}
	in.saw(sight{feed: &feed{source: source{namespace: "two"}}, name: "db-0", gone: true})
	if len(in.cases[0].pods) != 1 || len(in.cases[1].pods) != 0 {
		t.Errorf("pods %v and %v", in.cases[0].pods, in.cases[1].pods)
	}
}

// A wait of five minutes asks often at first, then rarely, and often again when
// something moves.
func TestQuestionsBecomeRare(t *testing.T) {
	began := time.Now()
	p := &patient{moved: began}
	asked := func(from, to time.Duration) (n int) {
		for at := from; at < to; at += inspectEvery {
			if now := began.Add(at); p.due(now) {
				p.asked = now
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
		if n := asked(c.from, c.to); n < c.least || n > c.most {
			t.Errorf("%d questions from %s to %s, want %d to %d", n, c.from, c.to, c.least, c.most)
		}
	}
	p.moved = began.Add(5 * time.Minute)
	if n := asked(5*time.Minute, 5*time.Minute+4*time.Second); n < 7 {
		t.Errorf("%d questions in the 4 s after a change", n)
	}
}
