package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/objects"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/kube/transport"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/progress"
	"github.com/berth-dev/berth/internal/result"
)

// backends opens the backend of each Helm operation.
type backends struct {
	conn    *kube.Conn
	target  target
	lock    *locker
	display *progress.Display
	given   *objects.Given // what the pods are given is known before anything of them is shown
	patience
}

// patience is what a wait for objects puts up with, as the user wants it.
type patience struct {
	failFast          bool
	settle, imageWait time.Duration
	ignore            []string // what is not waited for
}

// open returns the backend of one Helm operation, behind a fence of its own.
func (b backends) open(ctx context.Context) (helm.Backend, error) {
	fence := transport.NewFence(ctx, b.lock.guard)
	getter := b.conn.Getter(b.target.Namespace, fence)
	core, err := getter.Core()
	if err != nil {
		return helm.Backend{}, err
	}
	metadata, err := getter.Metadata()
	if err != nil {
		return helm.Backend{}, err
	}
	// The waiter only reads, and goes on when the operation is over, to find out why
	// something is not ready. With a fence, a lock that is renewed at the last moment
	// would leave it blind for the rest of the wait; one that is lost ends ctx.
	reads := b.conn.Getter(b.target.Namespace, nil)
	return helm.Backend{
		Getter: getter, Core: core, Metadata: metadata, Fence: fence, CacheGets: getter.CacheGets,
		Pods: b.conn.Clientset(), Waiter: waiter{b, reads},
	}, nil
}

// waiter implements the Waiter of a helm.Backend with internal/kube/rollout, and
// shows on the display how each wait goes.
type waiter struct {
	backends
	getter *kube.Getter
}

func (w waiter) WaitForReady(ctx context.Context, applied manifest.Objects, jobs bool) ([]result.Event, error) {
	r, shown, err := w.begin(ctx, progress.Ready, jobs)
	if err != nil {
		return nil, err
	}
	if ignored := r.Ignored(applied); len(ignored) > 0 {
		w.display.Say("Not waited for, as wait-ignore says: " + strings.Join(ignored, ", "))
	}
	w.conceal(ctx, applied)
	err = w.quoted(ctx, r.WaitForReady(ctx, applied))
	return shown.Timeline(), err
}

// conceal keeps out of all that is shown what the pods of these objects are given.
func (w waiter) conceal(ctx context.Context, applied manifest.Objects) {
	w.given.Note(applied...)
	w.given.ReadLate(ctx)
}

// quoted returns the error of a wait, with what pods have said as far as it may be shown.
func (w waiter) quoted(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	w.given.Read(ctx)
	var words interface{ Withhold(why string) }
	if why := w.given.Unread(); why != "" && errors.As(err, &words) {
		words.Withhold(why)
	}
	return err
}

// Conceal implements helm.Waiter.
func (w waiter) Conceal(ctx context.Context, pods manifest.Objects) (unread string) {
	for _, p := range pods {
		w.given.Pod(p)
	}
	w.given.Read(ctx)
	return w.given.Unread()
}

func (w waiter) WaitForDelete(ctx context.Context, deleted manifest.Objects) ([]result.Event, error) {
	r, shown, err := w.begin(ctx, progress.Gone, false)
	if err != nil {
		return nil, err
	}
	err = r.WaitForDelete(ctx, deleted)
	return shown.Timeline(), err
}

func (w waiter) WaitForCompletion(ctx context.Context, applied manifest.Objects) ([]facts.Ref, error) {
	r, _, err := w.begin(ctx, progress.Done, false)
	if err != nil {
		return nil, err
	}
	w.conceal(ctx, applied)
	deleted, err := r.WaitForCompletion(ctx, applied)
	err = w.quoted(ctx, err)
	var incomplete *rollout.IncompleteError
	if errors.As(err, &incomplete) {
		return deleted, err // the hook failed, and not a request
	}
	return deleted, apifailure.Classify(err, "wait for the hook to end")
}

// signTime is how long a wait watches what gives no other sign that it is well.
const signTime = 3 * time.Second

// begin returns the waiter of one wait, and how that wait is shown.
func (w waiter) begin(ctx context.Context, aim progress.Condition, jobs bool) (*rollout.Waiter, *progress.Wait, error) {
	mapper, err := w.conn.Mapper(ctx)
	if err != nil {
		return nil, nil, apifailure.Classify(err, "ask the API server for its kinds of object")
	}
	client, dynamic, err := w.getter.Clients()
	if err != nil {
		return nil, nil, err
	}
	shown := w.display.Wait(aim)
	return &rollout.Waiter{
		Release: w.target.Release, OwnNamespace: w.target.PerBranch, WaitForJobs: jobs, FailFast: w.failFast,
		Observer: concealing{shown, func() (unread string) {
			w.given.ReadLate(ctx)
			return w.given.Unread()
		}}, Seen: w.given.Pod,
		Settle: w.settle, Patience: signTime, Ignore: w.ignore, ImageWait: w.imageWait,
		Clients: rollout.Clients{Clientset: client, Dynamic: dynamic, Mapper: mapper, Namespace: w.target.Namespace},
	}, shown, nil
}

// concealing shows a wait once what its pods are given is known, as far as it is there by then: a
// container that ends may quote it.
type concealing struct {
	*progress.Wait
	look func() (unread string) // why it is not known
}

// Begin implements rollout.Observer.
func (c concealing) Begin(all []facts.Awaited) {
	shown := slices.Clone(all)
	for i := range shown {
		shown[i] = c.conceal(shown[i])
	}
	c.Wait.Begin(shown)
}

// Update implements rollout.Observer.
func (c concealing) Update(a facts.Awaited) { c.Wait.Update(c.conceal(a)) }

func (c concealing) conceal(a facts.Awaited) facts.Awaited {
	if a.Reason == "" {
		return a
	}
	if unread := c.look(); unread != "" {
		a.Reason = "not shown, since " + unread
	}
	return a
}
