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
	// pollInterval is how often the records are listed where they cannot be
	// watched, and the pause after a watch that ended.
	pollInterval = 2 * time.Second
	// watchSeconds bounds a watch: after it the records are listed, in case the
	// watch missed a change.
	watchSeconds int64 = 60
)

// Changed waits until a record of the release is no longer as Revisions last
// listed it, and returns nil then. It watches, and lists every two seconds where
// it may not watch. It returns the cause of ctx's end, or the error for which the
// records cannot be listed; a list without an answer is tried again.
func (l *lister) Changed(ctx context.Context, release string) error {
	before, err := l.lastListed(ctx, release)
	watchable := true
	for err == nil {
		if watchable {
			changed, err := l.watch(ctx, release, before.version)
			if changed {
				return nil
			}
			watchable = !apierrors.IsForbidden(err) && !apierrors.IsMethodNotSupported(err)
		}
		var now listing
		if now, err = l.poll(ctx, release, before); err == nil && !maps.Equal(now.versions, before.versions) {
			return nil
		}
		before = now
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// lastListed returns the release's records as Revisions last listed them, or as
// they are now.
func (l *lister) lastListed(ctx context.Context, release string) (listing, error) {
	l.mu.Lock()
	found, ok := l.listed[release]
	l.mu.Unlock()
	if ok {
		return found, nil
	}
	return l.list(ctx, release, func(facts.Record) {})
}

// watch waits for an event after version. It returns false when the watch ended or
// was refused, with the error if there is one.
func (l *lister) watch(ctx context.Context, release, version string) (changed bool, err error) {
	selector, err := namedSelector(release)
	if err != nil {
		return false, err
	}
	w, err := l.client.watchRecords(ctx, selector, version, watchSeconds)
	if err != nil {
		l.client.log("record: watch: %v", err)
		return false, err
	}
	defer w.Stop()
	for event := range w.ResultChan() {
		switch event.Type {
		case watch.Added, watch.Modified, watch.Deleted:
			return true, nil
		case watch.Error:
			err = apierrors.FromObject(event.Object)
			l.client.log("record: watch: %v", err)
			return false, err
		case watch.Bookmark: // not requested
		}
	}
	return false, nil
}

// poll lists the records after a pause. It returns before when there is no answer.
func (l *lister) poll(ctx context.Context, release string, before listing) (listing, error) {
	select {
	case <-ctx.Done():
		return before, ctx.Err()
	case <-time.After(pollInterval):
	}
	now, err := l.list(ctx, release, func(facts.Record) {})
	if err != nil && ctx.Err() == nil && problem.Of(err).Reason == problem.Unanswered {
		return before, nil
	}
	return now, err
}
