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
	// watchTimeout bounds one watch, and so what a connection costs that died
	// unnoticed. Polling, too, gives way to a watch after that time.
	watchTimeout = 30 * time.Second
	// minBackoff and maxBackoff bound the delay after a try that brought nothing.
	minBackoff = 50 * time.Millisecond
	maxBackoff = 2 * time.Second
	// maxEmptyWatches is after how many watches without an event all is read again.
	maxEmptyWatches = 3
	// deniedFor is how long reads have to be denied before that is believed: an API
	// server that starts denies what it has not learned yet to be allowed.
	deniedFor   = 3 * time.Second
	deniedDelay = 750 * time.Millisecond
)

// update is what an informer saw of one object.
type update struct {
	key     key
	live    *unstructured.Unstructured // nil where it is deleted, or err is set
	deleted bool                       // live, if any, is its last state
	err     error                      // it could not be read
}

// informer reports the changes of some objects of one kind: by a watch that is
// resumed where it ended, by a list where that is not possible, and by polling
// where watching is not allowed.
//
// An informer of client-go needs the right to list, and keeps all that a selector
// matches in memory; a RetryWatcher of client-go ends for good when its resource
// version has expired. A wait has to go on in both cases, by reading each object
// by its name if need be.
type informer struct {
	resource dynamic.ResourceInterface
	source   source
	options  metav1.ListOptions // the selector
	names    map[string]bool    // the objects to report; nil: all that the selector matches
	updates  chan<- update

	version   string          // the resource version to watch from; "": read first
	seen      map[string]bool // without names: the objects that existed
	polls     bool            // watching is not allowed, or does not show all of the objects
	pollStart time.Time       // of the present polling; zero: none
	gets      bool            // polling reads by name: listing is not allowed, either
}

// run reports changes until ctx ends. It returns the error of reads that are denied
// for deniedFor.
func (i *informer) run(ctx context.Context) error {
	i.seen = map[string]bool{}
	backoff, empty := minBackoff, 0
	var deniedSince time.Time
	for ctx.Err() == nil {
		if i.version == "" || empty >= maxEmptyWatches {
			empty = 0
			if err := i.read(ctx); err != nil {
				if deniedSince.IsZero() {
					deniedSince = time.Now()
				}
				if time.Since(deniedSince) >= deniedFor {
					return err
				}
				i.version, i.polls, i.gets = "", false, false // try again what was denied
				sleep(ctx, deniedDelay)
				continue
			}
			deniedSince = time.Time{}
		}
		delay, start := time.Duration(0), time.Now()
		switch {
		case i.polls:
			delay, i.version = pollEvery, ""
			i.endPolling()
		case i.version == "":
			delay, backoff = backoff, min(2*backoff, maxBackoff)
		case i.watch(ctx) || time.Since(start) > maxBackoff/2: // one that lasted is as good as one with events
			backoff, empty = minBackoff, 0
		default:
			delay, backoff, empty = backoff, min(2*backoff, maxBackoff), empty+1
		}
		if delay > 0 {
			sleep(ctx, delay)
		}
	}
	return nil
}

// endPolling goes back to watching once polling has lasted as long as a watch: a
// denial may have been temporary, and a label may have come back.
func (i *informer) endPolling() {
	switch {
	case i.pollStart.IsZero():
		i.pollStart = time.Now()
	case time.Since(i.pollStart) >= watchTimeout:
		i.polls, i.gets, i.pollStart = false, false, time.Time{}
	}
}

// watch reports events from i.version on, until the watch ends. It returns whether
// it brought any, or lasted for watchTimeout.
func (i *informer) watch(ctx context.Context) (progress bool) {
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	options := i.options
	options.ResourceVersion, options.AllowWatchBookmarks = i.version, true
	events, err := i.resource.Watch(ctx, options)
	if err != nil {
		switch {
		case isDenied(err), apierrors.IsMethodNotSupported(err), apierrors.IsNotFound(err):
			i.polls, i.version = true, ""
		case isExpired(err):
			i.version = ""
		}
		return false
	}
	defer events.Stop()
	for {
		select {
		case <-ctx.Done():
			return true
		case e, open := <-events.ResultChan():
			live, ok := e.Object.(*unstructured.Unstructured)
			switch {
			case !open:
				return progress
			case e.Type == watch.Error:
				if isExpired(apierrors.FromObject(e.Object)) {
					i.version = ""
				}
				return progress
			case !ok:
				return progress
			}
			i.version, progress = live.GetResourceVersion(), true
			if e.Type != watch.Bookmark {
				i.handle(ctx, live, e.Type == watch.Deleted)
			}
			if i.version == "" {
				return progress
			}
		}
	}
}

// isExpired returns whether a watch cannot be resumed: the version is too old.
func isExpired(err error) bool { return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) }

// handle reports one event. An object that is deleted by an event may merely have
// lost the labels of the selector, so it is read.
func (i *informer) handle(ctx context.Context, live *unstructured.Unstructured, deleted bool) {
	name := live.GetName()
	switch {
	case i.names == nil:
		i.seen[name] = !deleted
	case !i.names[name]:
		return
	case deleted && i.options.LabelSelector != "":
		switch now, err := i.resource.Get(ctx, name, metav1.GetOptions{}); {
		case err == nil && now.GetUID() == live.GetUID():
			live, deleted = now, false
			i.polls, i.version = true, "" // the watch does not show it any more
		case err != nil && !apierrors.IsNotFound(err):
			i.version = "" // it is unknown: read all again
			return
		}
	}
	i.report(ctx, name, update{live: live, deleted: deleted})
}

// read reports all of the objects by a list, or by name where that is denied. It
// returns the error of a denial that leaves nothing else to try.
func (i *informer) read(ctx context.Context) error {
	if i.gets {
		return i.getAll(ctx, nil)
	}
	list, err := i.resource.List(ctx, i.options)
	switch {
	case isDenied(err) && i.names != nil:
		i.gets, i.polls = true, true
		return i.getAll(ctx, nil)
	case isDenied(err):
		return err
	case err == nil:
		return i.handleList(ctx, list)
	}
	for name := range i.names {
		i.report(ctx, name, update{err: err})
	}
	return nil
}

// handleList reports what a list holds, and what it does not hold any more.
func (i *informer) handleList(ctx context.Context, list *unstructured.UnstructuredList) error {
	i.version = list.GetResourceVersion()
	listed := make(map[string]bool, len(list.Items))
	for n := range list.Items {
		u := &list.Items[n]
		listed[u.GetName()] = true
		if i.names == nil || i.names[u.GetName()] {
			i.report(ctx, u.GetName(), update{live: u})
		}
	}
	switch {
	case i.names == nil:
		for name, existed := range i.seen {
			if existed && !listed[name] {
				i.report(ctx, name, update{deleted: true})
			}
		}
		i.seen = listed
		return nil
	case i.options.LabelSelector != "": // what is missing may have lost its labels
		return i.getAll(ctx, listed)
	}
	for name := range i.names {
		if !listed[name] {
			i.report(ctx, name, update{deleted: true})
		}
	}
	return nil
}

// getAll reads each of the objects by name, except those in skip.
func (i *informer) getAll(ctx context.Context, skip map[string]bool) error {
	var reads errgroup.Group
	var exist atomic.Bool
	reads.SetLimit(parallelReads)
	for name := range i.names {
		if skip[name] {
			continue
		}
		reads.Go(func() error {
			live, err := i.resource.Get(ctx, name, metav1.GetOptions{})
			if !apierrors.IsNotFound(err) {
				exist.Store(true)
			}
			switch {
			case err == nil:
				i.report(ctx, name, update{live: live})
			case apierrors.IsNotFound(err):
				i.report(ctx, name, update{deleted: true})
			case isDenied(err) && ctx.Err() == nil:
				return fmt.Errorf("read %s to wait for it: %w", i.source.resource.Resource+"/"+name, err)
			default:
				i.report(ctx, name, update{err: err})
			}
			return nil
		})
	}
	err := reads.Wait()
	if exist.Load() {
		i.polls = true // a watch with the selector does not show them
	}
	return err
}

func (i *informer) report(ctx context.Context, name string, u update) {
	u.key = key{i.source, name}
	select {
	case <-ctx.Done():
	case i.updates <- u:
	}
}

// sleep returns after d, or when ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
