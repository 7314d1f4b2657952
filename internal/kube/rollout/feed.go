package rollout

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
)

const (
	// pollEvery paces the reads where watching is not allowed.
	pollEvery = 250 * time.Millisecond
	// watchTime bounds one watch, so that a connection which died unnoticed costs
	// no more than that.
	watchTime = 30 * time.Second
	// firstPause and longestPause are between tries that brought nothing.
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
	// emptyWatches is after how many watches without an event everything is read.
	emptyWatches = 3
	// deniedFor is how long reads have to be denied: a server that starts denies
	// what it has not learned yet to be allowed.
	deniedFor   = 3 * time.Second
	deniedPause = 750 * time.Millisecond
)

// feed brings the news of some objects of one kind: by one watch, taken up again
// where it ended; by a list where what lies between is not to be had any more;
// by polling where watching is not allowed.
type feed struct {
	resource dynamic.ResourceInterface
	source   source
	scope    metav1.ListOptions  // the selector
	names    map[string]*subject // nil: whatever is in the scope
	subjects []*subject          // the same in a row
	from     string              // the version to watch from; empty: read first
	sights   chan<- sight        // where the news goes
	open     int                 // how many are still waited for
	stop     context.CancelFunc  // ends it when that is none
	seen     map[string]bool     // without names: what was there
	polls    bool                // watching is not allowed, or does not show them all
	polled   time.Time           // since when; zero: it does not
	gets     bool                // listing is not allowed, either
}

// leave says that one of the subjects is settled.
func (f *feed) leave() {
	if f.open--; f.open == 0 {
		f.stop()
	}
}

// run feeds until ctx ends. It returns the error of reads that go on being denied.
func (f *feed) run(ctx context.Context) error {
	pause, empty := firstPause, 0
	var refused time.Time // since when reads are denied
	for ctx.Err() == nil {
		if f.from == "" || empty >= emptyWatches {
			empty = 0
			if err := f.read(ctx); err != nil {
				if refused.IsZero() {
					refused = time.Now()
				}
				if time.Since(refused) >= deniedFor {
					return err
				}
				f.from, f.polls, f.gets = "", false, false // all may be allowed again
				rest(ctx, deniedPause)
				continue
			}
			refused = time.Time{}
		}
		wait, began := time.Duration(0), time.Now()
		switch {
		case f.polls:
			wait, f.from = pollEvery, ""
			f.tryWatching()
		case f.from == "":
			wait, pause = pause, min(2*pause, longestPause)
		case f.watch(ctx) || time.Since(began) > longestPause/2: // a quiet one is as good
			pause, empty = firstPause, 0
		default:
			wait, pause, empty = pause, min(2*pause, longestPause), empty+1
		}
		if wait > 0 {
			rest(ctx, wait)
		}
	}
	return nil
}

// tryWatching ends the polling once it has lasted as long as a watch would: one
// denial, or one lost label, need not mean that it goes on.
func (f *feed) tryWatching() {
	switch {
	case f.polled.IsZero():
		f.polled = time.Now()
	case time.Since(f.polled) >= watchTime:
		f.polls, f.gets, f.polled = false, false, time.Time{}
	}
}

// rest returns after d, or when ctx ends.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// watch follows the objects from the last known version on, and says whether
// anything came.
func (f *feed) watch(ctx context.Context) (progress bool) {
	ctx, cancel := context.WithTimeout(ctx, watchTime)
	defer cancel()
	options := f.scope
	options.ResourceVersion, options.AllowWatchBookmarks = f.from, true
	events, err := f.resource.Watch(ctx, options)
	if err != nil {
		switch {
		case denied(err), apierrors.IsMethodNotSupported(err), apierrors.IsNotFound(err):
			f.polls, f.from = true, ""
		case apierrors.IsResourceExpired(err), apierrors.IsGone(err):
			f.from = ""
		}
		return false
	}
	defer events.Stop()
	for {
		select {
		case <-ctx.Done():
			return true // it lasted for its time
		case e, open := <-events.ResultChan():
			live, ok := e.Object.(*unstructured.Unstructured)
			switch {
			case !open:
				return progress
			case e.Type == watch.Error:
				if err := apierrors.FromObject(e.Object); apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
					f.from = ""
				}
				return progress
			case !ok:
				return progress
			}
			f.from, progress = live.GetResourceVersion(), true
			if e.Type != watch.Bookmark {
				f.tell(ctx, live, e.Type == watch.Deleted)
			}
			if f.from == "" {
				return progress
			}
		}
	}
}

// tell passes one event on. That an object left a selection by labels need not
// be its end, so it is looked at.
func (f *feed) tell(ctx context.Context, live *unstructured.Unstructured, gone bool) {
	name := live.GetName()
	switch {
	case f.names == nil:
		f.seen[name] = !gone
	case f.names[name] == nil:
		return
	case gone && f.scope.LabelSelector != "":
		switch now, err := f.resource.Get(ctx, name, metav1.GetOptions{}); {
		case err == nil && now.GetUID() == live.GetUID():
			live, gone = now, false
			f.polls, f.from = true, "" // this watch does not show it any more
		case err != nil && !apierrors.IsNotFound(err):
			f.from = "" // nobody can tell: all is read anew
			return
		}
	}
	f.emit(ctx, sight{name: name, live: live, gone: gone})
}

// read looks at everything anew.
func (f *feed) read(ctx context.Context) error {
	if f.gets {
		return f.getAll(ctx, nil)
	}
	list, err := f.resource.List(ctx, f.scope)
	switch {
	case denied(err) && f.names != nil:
		f.gets, f.polls = true, true
		return f.getAll(ctx, nil)
	case denied(err):
		return err
	case err == nil:
		return f.listed(ctx, list)
	}
	for name := range f.names {
		f.emit(ctx, sight{name: name, err: err})
	}
	return nil
}

// listed passes on what there is.
func (f *feed) listed(ctx context.Context, list *unstructured.UnstructuredList) error {
	f.from = list.GetResourceVersion()
	there := make(map[string]bool, len(list.Items))
	for i := range list.Items {
		u := &list.Items[i]
		there[u.GetName()] = true
		if f.names == nil || f.names[u.GetName()] != nil {
			f.emit(ctx, sight{name: u.GetName(), live: u})
		}
	}
	return f.missing(ctx, there)
}

// missing tells of what a list did not have.
func (f *feed) missing(ctx context.Context, there map[string]bool) error {
	if f.names == nil {
		for name, was := range f.seen {
			if was && !there[name] {
				f.emit(ctx, sight{name: name, gone: true})
			}
		}
		f.seen = there
		return nil
	}
	if f.scope.LabelSelector != "" { // it may have lost its labels
		return f.getAll(ctx, there)
	}
	for name := range f.names {
		if !there[name] {
			f.emit(ctx, sight{name: name, gone: true})
		}
	}
	return nil
}

// getAll reads each object but those of which it is known.
func (f *feed) getAll(ctx context.Context, but map[string]bool) error {
	var reads errgroup.Group
	var strays atomic.Bool
	reads.SetLimit(parallelReads)
	for name, s := range f.names {
		if but[name] {
			continue
		}
		reads.Go(func() error {
			live, err := f.resource.Get(ctx, name, metav1.GetOptions{})
			if !apierrors.IsNotFound(err) {
				strays.Store(true)
			}
			switch {
			case err == nil:
				f.emit(ctx, sight{name: name, live: live})
			case apierrors.IsNotFound(err):
				f.emit(ctx, sight{name: name, gone: true})
			case denied(err) && ctx.Err() == nil:
				return fmt.Errorf("read %s to wait for it: %w", s.source.resource.Resource+"/"+name, err)
			default:
				f.emit(ctx, sight{name: name, err: err})
			}
			return nil
		})
	}
	err := reads.Wait()
	if strays.Load() {
		f.polls = true // a watch of the scope would not show them
	}
	return err
}

func (f *feed) emit(ctx context.Context, s sight) {
	s.feed = f
	select {
	case <-ctx.Done():
	case f.sights <- s:
	}
}
