package record

import (
	"context"
	"maps"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

const (
	// lookInterval is how often the records are listed where they cannot be
	// watched, and the pause after a watch that was dropped.
	lookInterval = 2 * time.Second
	// watchSeconds ends a watch in time to look whether it missed anything.
	watchSeconds int64 = 60
)

// Changed waits until a record of the release is no longer as Revisions last
// saw it, and returns nil then. It watches, and looks every two seconds where
// it may not; it gives up when ctx ends or looking is refused for good.
func (s *Store) Changed(ctx context.Context, release string) error {
	seen, err := s.held(ctx, release)
	watching := true
	for err == nil {
		if watching {
			changed, err := s.watch(ctx, release, seen.version)
			if changed {
				return nil
			}
			watching = !apierrors.IsForbidden(err) && !apierrors.IsMethodNotSupported(err)
		}
		var now listing
		if now, err = s.look(ctx, release, seen); err == nil && !maps.Equal(now.records, seen.records) {
			return nil
		}
		seen = now
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// look lists the records after a pause. No answer is no change.
func (s *Store) look(ctx context.Context, release string, before listing) (listing, error) {
	select {
	case <-ctx.Done():
		return before, ctx.Err()
	case <-time.After(lookInterval):
	}
	now, err := s.listing(ctx, release, func(facts.Record) {})
	if err != nil && ctx.Err() == nil && problem.Of(err).Reason == problem.Unanswered {
		return before, nil
	}
	return now, err
}

// watch waits for a change since version. It also returns when the watch ends
// by itself or is refused, with the reason if there is one.
func (s *Store) watch(ctx context.Context, release, version string) (changed bool, err error) {
	selector, err := named(release)
	if err != nil {
		return false, err
	}
	options := s.options(selector)
	options.ResourceVersion = version
	seconds := watchSeconds
	options.TimeoutSeconds = &seconds
	w, err := s.metadata.Watch(ctx, options)
	if err != nil {
		s.opts.Log("record: watch: %v", err)
		return false, err
	}
	defer w.Stop()
	for event := range w.ResultChan() {
		switch event.Type {
		case watch.Added, watch.Modified, watch.Deleted:
			return true, nil
		case watch.Error:
			err = apierrors.FromObject(event.Object)
			s.opts.Log("record: watch: %v", err)
			return false, err
		case watch.Bookmark: // not asked for
		}
	}
	return false, nil
}

// held is the release's records as they were last listed.
func (s *Store) held(ctx context.Context, release string) (listing, error) {
	s.mu.Lock()
	seen, ok := s.listed[release]
	s.mu.Unlock()
	if ok {
		return seen, nil
	}
	return s.listing(ctx, release, func(facts.Record) {})
}

// hold keeps how the release's records stand.
func (s *Store) hold(release string, found listing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed[release] = found
}
