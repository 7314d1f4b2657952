package rollout

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-dev/berth/internal/verdict"
)

// watchTime bounds one watch, so that a connection which died unnoticed costs
// no more than that.
const watchTime = 30 * time.Second

// Finish returns once each Job and Pod among the objects has ended well; for
// other kinds there is nothing to wait for. It returns an *UnfinishedError as
// soon as one has failed, or when ctx ends, and names those that were deleted
// before they had ended.
//
// It watches. Where that is not allowed it reads again and again; where reading
// is not allowed either, it gives the API server's error.
func (w *Waiter) Finish(ctx context.Context, refs []verdict.Ref) (deleted []verdict.Ref, err error) {
	var mu sync.Mutex
	runs, ctx := errgroup.WithContext(ctx)
	for _, ref := range refs {
		if !slices.Contains([]string{"batch/v1/Job", "v1/Pod"}, ref.APIVersion+"/"+ref.Kind) {
			continue
		}
		s, err := w.subject(ref)
		if err != nil {
			return nil, err
		}
		runs.Go(func() error {
			how, err := s.finish(ctx)
			if err != nil {
				return err
			}
			switch how {
			case endedWell:
			case vanished:
				mu.Lock()
				defer mu.Unlock()
				deleted = append(deleted, s.object.Ref)
			case endedBadly:
				return w.unfinished(ctx, s, nil)
			case unended:
				return w.unfinished(ctx, s, context.Cause(ctx))
			}
			return nil
		})
	}
	err = runs.Wait()
	return deleted, err
}

// ending is how a Job or Pod stands.
type ending int

const (
	unended ending = iota // it still runs, as far as is known
	endedWell
	endedBadly
	vanished // deleted, or made anew by somebody else, before it had ended
)

// finish returns when the object has ended, or unended when ctx has. A read
// without an answer is tried again; a watch that ends is taken up again.
func (s *subject) finish(ctx context.Context) (ending, error) {
	for watching := true; ; {
		live, err := s.resource.Get(ctx, s.object.Name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return vanished, nil
		case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
			return unended, fmt.Errorf("read %s to see it end: %w", s.object.Ref, err)
		case err != nil && ctx.Err() == nil:
			s.object.Reason = fmt.Sprintf("it cannot be read: %v", err)
		case err == nil:
			how := s.judge(live)
			if how == unended && watching {
				how, watching = s.follow(ctx)
			}
			if how != unended {
				return how, nil
			}
		}
		select {
		case <-ctx.Done():
			return unended, nil
		case <-time.After(pollEvery):
		}
	}
}

// follow watches the object from its last known version on, and says whether
// watching it again makes sense.
func (s *subject) follow(ctx context.Context) (how ending, again bool) {
	ctx, cancel := context.WithTimeout(ctx, watchTime)
	defer cancel()
	events, err := s.resource.Watch(ctx, metav1.ListOptions{
		FieldSelector:   fields.OneTermEqualSelector("metadata.name", s.object.Name).String(),
		ResourceVersion: s.live.GetResourceVersion(),
	})
	if err != nil {
		return unended, !apierrors.IsForbidden(err) && !apierrors.IsUnauthorized(err) && !apierrors.IsMethodNotSupported(err)
	}
	defer events.Stop()
	for {
		select {
		case <-ctx.Done():
			return unended, true
		case e, open := <-events.ResultChan():
			live, ok := e.Object.(*unstructured.Unstructured)
			if !open || !ok || e.Type == watch.Error {
				return unended, true
			}
			// Its last state counts: a Job with a time to live of zero is deleted at
			// once when it is done (https://github.com/helm/helm/pull/32586).
			how := s.judge(live)
			if how == unended && e.Type == watch.Deleted {
				how = vanished
			}
			if how != unended {
				return how, true
			}
		}
	}
}

// judge says how the object stands, by nothing but its own content: one that is
// being deleted may still come to its end.
func (s *subject) judge(live *unstructured.Unstructured) ending {
	if s.live != nil && s.live.GetUID() != live.GetUID() {
		return vanished
	}
	s.live = live
	s.object.UID, s.object.Exists, s.object.Reason = string(live.GetUID()), true, ""
	if Complete(live) {
		s.object.Complete = true
		return endedWell
	}
	broken, why := phase(live) == "Failed", "" // a Pod's containers say why
	if live.GetKind() == "Job" {
		broken, why = jobFailed(live)
	}
	if broken {
		s.object.Failed, s.object.Reason = true, strings.TrimPrefix(why, ": ")
		return endedBadly
	}
	return unended
}
