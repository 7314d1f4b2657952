package rollout

import (
	"context"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/kube/health"
)

const (
	// inspectEvery paces the judgements; what can pass has to last much longer.
	inspectEvery = 250 * time.Millisecond
	// podsAfter is when pods begin to be watched: most rollouts are over by then.
	podsAfter = 500 * time.Millisecond
	// askEvery and askRarely pace the questions about objects that pods do not
	// explain, and asksAtOnce bounds them.
	askEvery   = 500 * time.Millisecond
	askRarely  = 10 * time.Second
	asksAtOnce = 5
)

// inspector gathers what tells whether the objects of a wait can still become
// ready. It belongs to the goroutine of the wait; an idle one never says no.
type inspector struct {
	w         *Waiter
	cases     []*patient
	pods      chan sight
	answers   chan answer
	running   *sync.WaitGroup
	began     time.Time
	asked     time.Time
	turn      int // whom to ask about next
	operators bool
	failFast  bool
	sure      time.Time // since when one of them is hopeless for sure
}

// answer is what a question about a patient brought.
type answer struct {
	of       *patient
	owner    types.UID // whose events tell which of them are new
	events   map[types.UID][]health.Event
	counts   map[types.UID]int
	replicas string
	refused  string
	revision string
	again    *look
}

func (w *Waiter) inspector(subjects []*subject, operated bool, running *sync.WaitGroup) *inspector {
	in := &inspector{w: w, running: running, began: time.Now(), operators: operated, failFast: w.FailFast}
	if w.going {
		return in
	}
	in.pods, in.answers = make(chan sight), make(chan answer)
	for _, s := range subjects {
		if !w.FailFast && w.Observer == nil && s.object.Kind != "PersistentVolumeClaim" {
			continue // nobody asks how it goes
		}
		p := &patient{subject: s, pods: map[string]*corev1.Pod{}, moved: in.began}
		in.cases = append(in.cases, p)
		in.open(p)
	}
	return in
}

// open finds out whose pods to look at, once the object is there.
func (in *inspector) open(p *patient) {
	live := p.subject.live
	if live == nil {
		return
	}
	if selector, ok := health.PodSelector(live); ok && p.selector == nil { // it never changes
		takes, err := metav1.LabelSelectorAsSelector(selector)
		if err == nil && !takes.Empty() {
			p.selector, p.takes = selector, takes
		}
	}
	if live.GroupVersionKind().GroupKind() == (schema.GroupKind{Kind: "Pod"}) {
		if pod, ok := podOf(live); ok {
			p.pods[pod.Name] = pod
		}
	}
}

// changed takes in what the wait saw of an object.
func (in *inspector) changed(s *subject) {
	for _, p := range in.cases {
		if p.subject == s {
			p.moved = time.Now()
			in.open(p)
		}
	}
}

// settled lets go of an object that needs no more looking at.
func (in *inspector) settled(s *subject) {
	in.cases = slices.DeleteFunc(in.cases, func(p *patient) bool { return p.subject == s })
}

// ask starts what has to be asked by now: the watch of the pods, and questions
// about some of the objects that have a fault, or no pods to show one. What seems
// hopeless is asked about at once.
func (in *inspector) ask(ctx context.Context, now time.Time) {
	if len(in.cases) == 0 || now.Sub(in.began) < podsAfter {
		return
	}
	in.watchPods(ctx)
	due := now.Sub(in.asked) >= askEvery
	if due {
		in.asked = now
	}
	asked := 0
	for range len(in.cases) {
		p := in.cases[in.turn%len(in.cases)]
		in.turn++
		if p.asking || !p.suspect && (!due || !p.due(now) || !p.doubtful()) {
			continue
		}
		p.asking, p.asked = true, now
		q := p.question()
		in.running.Go(func() {
			a := q.ask(ctx, in.w.Clientset)
			select {
			case <-ctx.Done():
			case in.answers <- a:
			}
		})
		if asked++; asked == asksAtOnce {
			return
		}
	}
}

// heard takes in an answer.
func (in *inspector) heard(a answer) {
	p := a.of
	p.asking = false
	p.events, p.replicas, p.refused, p.revision = a.events, a.replicas, a.refused, a.revision
	if _, read := a.events[a.owner]; p.counts == nil && read { // else all would be new at the next question
		p.counts = a.counts
	}
	if a.again != nil && p.suspect {
		p.sure = p.confirms(a.again, time.Now())
		p.look(a.again)
		in.open(p)
	}
}
