package survey

import (
	"context"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-dev/berth/internal/problem"
)

// Events is what Follow tells of.
type Events[T any] struct {
	Set    func(namespace, name string, object T) // it is there, or has changed
	Gone   func(namespace, name string)
	Listed func() // all that there are were told of: the first time, and where they had to be listed anew

	// Heard is called whenever the API server has said how things are: by a list, a watch that
	// begins, a change, or a bookmark. Nil: nobody wants to know.
	Heard func()
	// Lost is called with the problem for which a list or a watch failed that is tried again.
	// Where somebody wants to know that, a denial is tried again, too, once a watch has begun: an
	// API server that was just started denies what it allows a moment later. Nil: nobody does.
	Lost func(error)
}

func (e Events[T]) heard() {
	if e.Heard != nil {
		e.Heard()
	}
}

func (e Events[T]) lost(ctx context.Context, err error) {
	if e.Lost != nil && ctx.Err() == nil {
		e.Lost(err)
	}
}

// ends returns whether a failure is the end. begun says that a watch has begun before.
func (e Events[T]) ends(err error, begun bool) bool { return isFinal(err) && (e.Lost == nil || !begun) }

// watchSeconds bounds one watch, and so what a connection costs that died unnoticed.
const watchSeconds int64 = 300

// Follow tells of every object, and then of each change, until ctx ends. It returns the problem
// for which the objects cannot be listed or watched; what fails for a moment is tried again.
func (s Source[T]) Follow(ctx context.Context, on Events[T]) error {
	known := map[key]bool{}
	pause, version, listed, begun := minPause, "", false, false
	for ctx.Err() == nil {
		began := time.Now()
		if version == "" {
			var err error
			version, err = s.relist(ctx, known, on)
			switch {
			case err != nil && (ctx.Err() == nil && !listed || on.ends(err, begun)):
				return err
			case err != nil:
				on.lost(ctx, err)
			case version == "": // lenient, and denied: there is nothing to follow
				<-ctx.Done()
				return nil
			default:
				listed = true
			}
		}
		if version != "" {
			next, err := s.follow(ctx, version, known, on, func() { begun = true })
			if err != nil && on.ends(err, begun) {
				return err
			}
			if err != nil {
				on.lost(ctx, err)
			}
			version = next
		}
		if time.Since(began) > maxPause {
			pause = minPause
			continue
		}
		sleep(ctx, pause)
		pause = min(2*pause, maxPause)
	}
	return nil
}

// isFinal returns whether trying again is of no use.
func isFinal(err error) bool { return problem.Of(err).Reason != problem.Unanswered }

// relist tells of all objects that there are, and of those that are gone.
func (s Source[T]) relist(ctx context.Context, known map[key]bool, on Events[T]) (version string, err error) {
	found := map[key]bool{}
	version, err = s.each(ctx, func(at key, object T) {
		found[at], known[at] = true, true
		on.Set(at.namespace, at.name, object)
	})
	if err != nil {
		return "", err
	}
	for at := range known {
		if !found[at] {
			delete(known, at)
			on.Gone(at.namespace, at.name)
		}
	}
	on.Listed()
	on.heard()
	return version, nil
}

// follow tells of changes from a version on until the watch ends. It returns the version to go on
// from, or "" where all has to be listed anew. begun is called once the watch has begun.
func (s Source[T]) follow(ctx context.Context, version string, known map[key]bool, on Events[T], begun func()) (string, error) {
	options, seconds := s.options, watchSeconds
	options.ResourceVersion, options.AllowWatchBookmarks, options.TimeoutSeconds = version, true, &seconds
	w, err := s.watch(ctx, options)
	switch {
	case apierrors.IsForbidden(err) && s.lenient:
		<-ctx.Done()
		return version, nil
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err), apierrors.IsMethodNotSupported(err):
		return version, s.explainWatch(err)
	case isExpired(err):
		return "", nil
	case err != nil:
		on.lost(ctx, s.explainWatch(err))
		return version, nil
	}
	defer w.Stop()
	// One whose connection was cut as it was to begin is no error of client-go's, but has ended.
	first, open, has := watch.Event{}, true, false
	select {
	case first, open = <-w.ResultChan():
		has = true
	default:
	}
	if !open {
		on.lost(ctx, s.explainWatch(io.ErrUnexpectedEOF))
		return version, nil
	}
	begun()
	on.heard()
	for e := first; ; has = false {
		if !has {
			select {
			case <-ctx.Done():
				return version, nil
			case e, open = <-w.ResultChan():
			}
		}
		if !open {
			return version, nil
		}
		if e.Type == watch.Error {
			return "", nil
		}
		version = s.tell(e, version, known, on)
		on.heard()
	}
}

// tell tells of one event, and returns the version that it brings.
func (s Source[T]) tell(e watch.Event, version string, known map[key]bool, on Events[T]) string {
	o, err := meta.Accessor(e.Object)
	if err != nil {
		return version
	}
	at := key{o.GetNamespace(), o.GetName()}
	switch e.Type {
	case watch.Added, watch.Modified:
		s.hand(e.Object, func(at key, object T) {
			known[at] = true
			on.Set(at.namespace, at.name, object)
		})
	case watch.Deleted:
		if known[at] {
			delete(known, at)
			on.Gone(at.namespace, at.name)
		}
	case watch.Bookmark, watch.Error:
	}
	return o.GetResourceVersion()
}

func (s Source[T]) explainWatch(err error) error {
	s.needs.Verb = "watch"
	return s.explain(err)
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
