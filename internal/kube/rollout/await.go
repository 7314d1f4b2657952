package rollout

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// sight is what a feed saw of one object.
type sight struct {
	feed *feed
	name string
	live *unstructured.Unstructured // nil: nothing is known but that it is gone
	gone bool
	err  error // it could not be read
}

// await returns when every subject has met what judge asks, when one has missed
// it, or when ctx ends, with the subjects that have not met it. An error is a
// read that goes on being denied.
//
// Judge sees each change of an object, and whether that was its end. All that is
// decided, is decided on this goroutine; feeds and questions bring in the news.
func (w *Waiter) await(ctx context.Context, subjects []*subject, judge func(s *subject, gone bool) outcome) ([]*subject, error) {
	readAll(ctx, subjects)
	left := subjects[:0:0]
	lost := false
	for _, s := range subjects {
		if !s.known {
			left = append(left, s)
			continue
		}
		switch judge(s, s.live == nil) {
		case pending:
			left = append(left, s)
		case missed:
			left, lost = append(left, s), true
		case met:
			s.met = true
		}
	}
	telling := w.begin(subjects)
	defer telling.end()
	if len(left) == 0 || lost {
		return left, nil
	}
	return w.follow(ctx, left, operated(subjects), judge, telling)
}

// follow is await once the first look is over. Operated says that the wait is for
// custom resources, too.
func (w *Waiter) follow(ctx context.Context, subjects []*subject, operated bool, judge func(*subject, bool) outcome, telling *telling) (left []*subject, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	n := w.start(ctx, subjects, &running)
	in := w.inspector(subjects, operated, &running)
	tick := time.NewTicker(inspectEvery)
	defer tick.Stop()
	for lost := false; !lost && len(n.open) > 0; {
		if in.idle(len(n.open)) {
			for s := range n.open {
				s.met = true
				telling.saw(s)
			}
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return remaining(subjects, n.open), nil
		case err := <-n.denied:
			return nil, err
		case s := <-n.sights:
			lost = n.take(s, judge, in, telling)
		case s := <-in.pods:
			in.saw(s)
		case a := <-in.answers:
			in.heard(a)
			lost = in.hopeless(time.Now())
		case now := <-tick.C:
			lost = in.hopeless(now)
			for s := range n.open {
				telling.saw(s)
			}
			in.ask(ctx, now)
		}
	}
	return remaining(subjects, n.open), nil
}

// news is what the feeds of one wait bring.
type news struct {
	sights chan sight
	denied chan error         // a read that was
	open   map[*subject]*feed // what is still waited for
}

// start starts the feeds of the subjects.
func (w *Waiter) start(ctx context.Context, subjects []*subject, running *sync.WaitGroup) *news {
	n := &news{sights: make(chan sight), denied: make(chan error, 1), open: map[*subject]*feed{}}
	for _, f := range w.feeds(subjects) {
		fed, stop := context.WithCancel(ctx)
		f.sights, f.stop = n.sights, stop
		for _, s := range f.subjects {
			n.open[s] = f
		}
		running.Go(func() {
			defer stop()
			if err := f.run(fed); err != nil {
				select {
				case n.denied <- err:
				default: // one is enough
				}
			}
		})
	}
	return n
}

// take judges what was seen, and says whether it ends the wait.
func (n *news) take(s sight, judge func(*subject, bool) outcome, in *inspector, telling *telling) (lost bool) {
	subject := s.feed.names[s.name]
	if subject == nil || n.open[subject] == nil {
		return false
	}
	defer func() { telling.saw(subject) }()
	switch s.judge(subject, judge) {
	case pending:
		in.changed(subject)
	case missed:
		return true
	case met:
		subject.met = true
		s.feed.leave()
		delete(n.open, subject)
		in.settled(subject)
	}
	return false
}

// judge takes the sight into its subject and judges that.
func (s *sight) judge(subject *subject, judge func(*subject, bool) outcome) outcome {
	if s.err != nil {
		subject.object.Ready, subject.object.Reason = false, "it cannot be read: "+s.err.Error()
		return pending
	}
	if s.live != nil && !subject.take(s.live) {
		return pending
	}
	if s.gone && s.live == nil {
		subject.take(nil)
	}
	return judge(subject, s.gone)
}

// remaining are the subjects that are still waited for, in their order.
func remaining(subjects []*subject, open map[*subject]*feed) []*subject {
	var left []*subject
	for _, s := range subjects {
		if open[s] != nil {
			left = append(left, s)
		}
	}
	return left
}
