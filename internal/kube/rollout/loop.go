package rollout

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// outcome is how a target stands to what is waited for.
type outcome int

const (
	pending outcome = iota
	satisfied
	failed // it cannot be satisfied any more
	// provisional is what is as it is waited for and may not stay so. It is watched on
	// as long as the wait lasts, which it keeps from ending for its patience alone.
	provisional
)

// evaluator judges a target by its live object and describes it in t.object.
// deleted means that the live object, if any, is the last state before its end.
type evaluator func(t *target, deleted bool) outcome

// wait returns when every target is satisfied, when one has failed, or when ctx
// ends. left are the targets that are not satisfied. err is that of a read that is
// denied for good. The inspector follows the targets for which inspects is true.
func (w *Waiter) wait(ctx context.Context, targets []*target, evaluate evaluator, inspects func(*target) bool) (left []*target, err error) {
	custom := slices.ContainsFunc(targets, (*target).isCustom)
	targets = slices.DeleteFunc(targets, func(t *target) bool { return t.ignored })
	readAll(ctx, targets)
	open, hasFailed := evaluateAll(targets, evaluate, time.Now())
	r := newReporter(w.Observer, targets)
	defer r.end()
	if left = unsatisfied(open); hasFailed || !slices.ContainsFunc(open, (*target).holds) {
		return left, nil
	}
	l := &loop{
		evaluate: evaluate, reporter: r, targets: open, progressed: time.Now(),
		updates: make(chan update), denied: make(chan error, 1),
		byKey: map[key]*target{}, open: map[*target]*group{},
	}
	l.inspector = newInspector(w, &l.running)
	l.inspector.customResources = custom
	for _, t := range open {
		if inspects(t) {
			l.inspector.track(t)
		}
	}
	return l.run(ctx, w)
}

// evaluateAll evaluates what has been read, and returns what has to be watched.
func evaluateAll(targets []*target, evaluate evaluator, now time.Time) (open []*target, hasFailed bool) {
	for _, t := range targets {
		if !t.read {
			open = append(open, t)
			continue
		}
		switch t.judge(evaluate, t.live == nil, now) {
		case pending, provisional:
			open = append(open, t)
		case failed:
			open, hasFailed = append(open, t), true
		case satisfied:
			if t.satisfied = !t.watch(now); !t.satisfied {
				open = append(open, t)
			}
		}
	}
	return open, hasFailed
}

// unsatisfied returns the targets that are not as they are waited for.
func unsatisfied(targets []*target) []*target {
	return slices.DeleteFunc(slices.Clone(targets), func(t *target) bool { return t.satisfied || t.provisional() })
}

// loop is one wait after the first evaluation. Everything in it is used by one
// goroutine, which takes what informers and probes send. It follows the loop of a
// controller, without its work queue: an update is evaluated at once, and the
// ticker requeues what only time decides.
type loop struct {
	evaluate  evaluator
	reporter  *reporter
	inspector *inspector
	targets   []*target // in their order
	byKey     map[key]*target
	open      map[*target]*group // those not satisfied, or not for good
	// progressed is when a target was last satisfied for good.
	progressed time.Time
	updates    chan update    // from the informers of the targets
	denied     chan error     // of an informer that may not read
	running    sync.WaitGroup // informers and probes
}

// group is the targets that one informer watches.
type group struct {
	open int                // how many are not satisfied
	stop context.CancelFunc // ends the informer
}

func (l *loop) run(ctx context.Context, w *Waiter) (left []*target, err error) {
	wait := ctx // in which a read that has begun is finished when the loop ends
	ctx, cancel := context.WithCancel(ctx)
	defer l.running.Wait()
	defer cancel()
	for _, g := range groupsOf(l.targets, w.OwnNamespace, w.Namespace, w.Release) {
		l.start(ctx, g)
	}
	in := l.inspector
	if in.followsUnprobed() {
		in.watchPods(ctx)
	}
	tick := time.NewTicker(evaluateEvery)
	defer tick.Stop()
	for hasFailed := false; !hasFailed && len(l.open) > 0; {
		if !l.held(time.Now()) {
			l.satisfyAll()
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return l.leftAt(ctx), nil
		case err := <-l.denied:
			return nil, err
		case u := <-l.updates:
			hasFailed = l.handle(u)
		case u := <-in.podUpdates:
			now := time.Now()
			in.handlePod(wait, u, now)
			l.settle(now)
		case r := <-in.results:
			now := time.Now()
			in.handleProbe(r, now)
			hasFailed = in.evaluate(now)
		case now := <-tick.C:
			hasFailed = in.evaluate(now)
			l.settle(now)
			for t := range l.open {
				l.reporter.update(t)
			}
			in.requeue(ctx, now)
		}
	}
	return l.left(), nil
}

// start starts the informer of a group of targets.
func (l *loop) start(ctx context.Context, w watchGroup) {
	ctx, stop := context.WithCancel(ctx)
	g := &group{open: len(w.targets), stop: stop}
	first := w.targets[0]
	i := &informer{
		resource: first.resource, source: first.source, options: w.options,
		names: map[string]bool{}, version: oldestVersion(w.targets), updates: l.updates,
	}
	for _, t := range w.targets {
		i.names[t.object.Name] = true
		l.byKey[t.key()], l.open[t] = t, g
	}
	l.running.Go(func() {
		defer stop()
		if err := i.run(ctx); err != nil {
			select {
			case l.denied <- err:
			default: // one is enough
			}
		}
	})
}

// handle takes an update of a target, and returns whether that has failed.
func (l *loop) handle(u update) (hasFailed bool) {
	t := l.byKey[u.key]
	if t == nil || l.open[t] == nil {
		return false
	}
	defer func() { l.reporter.update(t) }()
	if u.err != nil {
		t.read, t.object.Ready, t.object.Reason = false, false, "it cannot be read: "+u.err.Error()
		l.inspector.changed(t)
		return false
	}
	if u.live != nil && !t.update(u.live) {
		l.inspector.changed(t)
		return false
	}
	if u.deleted && u.live == nil {
		t.update(nil)
	}
	switch t.judge(l.evaluate, u.deleted, time.Now()) {
	case pending, provisional:
		t.unwatch()
		l.inspector.changed(t)
	case failed:
		return true
	case satisfied:
		l.ready(t, time.Now())
	}
	return false
}

// satisfy ends the wait for one target, and the informer that has no other.
func (l *loop) satisfy(t *target) {
	t.satisfied, l.progressed = true, time.Now()
	g := l.open[t]
	if g.open--; g.open == 0 {
		g.stop()
	}
	delete(l.open, t)
	l.inspector.untrack(t)
}

// satisfyAll takes the targets that are left as satisfied.
func (l *loop) satisfyAll() {
	for t := range l.open {
		t.satisfied = true
		l.reporter.update(t)
	}
}

// held returns whether a target keeps the wait from ending. It also brings up to
// date which of the provisional ones do.
func (l *loop) held(now time.Time) (held bool) {
	for t := range l.open {
		switch {
		case t.provisional():
			t.waits = t.wait(now, l.progressed) || l.inspector.ended(t)
			held = held || t.waits
		case !l.inspector.excuses(t, now):
			held = true
		}
	}
	return held
}

// left returns the targets that are not satisfied, in their order.
func (l *loop) left() []*target {
	return slices.DeleteFunc(unsatisfied(l.targets), func(t *target) bool { return l.open[t] == nil })
}

// leftAt returns what is left when ctx has ended. Where time ran out, that is none of
// those that are as ready as they will be; an interrupt is never taken for success.
func (l *loop) leftAt(ctx context.Context) []*target {
	if interrupted(context.Cause(ctx)) {
		return slices.DeleteFunc(slices.Clone(l.targets), func(t *target) bool { return t.satisfied })
	}
	now := time.Now()
	left := slices.DeleteFunc(l.left(), func(t *target) bool { return l.inspector.excuses(t, now) })
	if len(left) == 0 {
		l.satisfyAll()
	}
	return left
}

// failedFirst moves the targets that have failed to the front, and returns whether
// there are any.
func failedFirst(targets []*target) bool {
	n := 0
	for i, t := range targets {
		if t.object.Failed {
			targets[n], targets[i] = targets[i], targets[n]
			n++
		}
	}
	return n > 0
}

// endOf returns why ctx has ended. A timeout is put into words.
func endOf(ctx context.Context) error {
	cause := context.Cause(ctx)
	if cause != nil && errors.Is(cause, context.DeadlineExceeded) {
		return timedOut{cause}
	}
	return cause
}

// timedOut tells of a timeout in words of the inputs, not in those of Go.
type timedOut struct{ cause error }

func (timedOut) Error() string   { return "the timeout is over" }
func (t timedOut) Unwrap() error { return t.cause }

// interrupted returns whether the wait ended by neither a failure (nil) nor a
// timeout. Nobody asks for reasons then, and the run has to store its record.
func interrupted(cause error) bool {
	return cause != nil && !errors.Is(cause, context.DeadlineExceeded)
}
