package record

import (
	"context"
	"errors"

	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
)

// judge says what reading back tells of a write: that it is stored, that it
// never will be (an error), or neither, so that it has to be sent again. It is
// given nil when the record is absent.
type judge func(found *object) (stored bool, err error)

// created judges a create. The record is ours when it holds what we sent, run
// and payload.
func created(want *object) judge {
	return func(found *object) (bool, error) {
		switch {
		case found == nil:
			return false, nil
		case found.Payload == want.Payload && found.Labels[LabelRun] == want.Labels[LabelRun]:
			return true, nil
		}
		return false, taken(found, want)
	}
}

// swapped judges a compare-and-swap.
func swapped(want *object) judge {
	return func(found *object) (bool, error) {
		switch {
		case found == nil:
			return false, errGone
		case found.UID == want.UID && found.Payload == want.Payload && sameHelmLabels(found.Labels, want.Labels):
			return true, nil
		case found.UID == want.UID && found.ResourceVersion == want.ResourceVersion:
			return false, nil
		}
		return false, conflictOver(found)
	}
}

// deleted judges a delete: another object of the same name is not ours to touch.
func deleted(uid types.UID) judge {
	return func(found *object) (bool, error) {
		return found == nil || found.UID != uid, nil
	}
}

// perform sends a write until it is stored, refused, or the tries are used up.
//
// Every write is conditional (a name that must be free, a resourceVersion, a
// UID), so one whose answer was lost can be sent again: the server refuses the
// second, and reading back tells whether the first was ours.
func (s *Store) perform(ctx context.Context, w *entry, is judge, send func(context.Context) (*object, error)) (*object, error) {
	unsure := false // a try may have been applied, and nothing read back since tells
	got, err := retry(ctx, s, writeTimeout, func(try context.Context) (*object, error) {
		w.Tries++
		got, err := send(try)
		if !contested(err) {
			unsure = unsure || uncertain(err)
			return got, err
		}
		if !unsure {
			return s.contend(ctx, w, is, err)
		}
		unsure = false
		return s.settleBy(ctx, w, is, err, &sendAgain{err})
	})
	if err != nil && unsure {
		got, err = s.settleBy(ctx, w, is, err, err)
	}
	if err == nil {
		return got, nil
	}
	return nil, s.explainWrite(w, err)
}

// contend looks at what is in the way of a write that was refused. Where that
// cannot be read, the refusal itself says enough.
func (s *Store) contend(ctx context.Context, w *entry, is judge, cause error) (*object, error) {
	found, stored, err := s.readBack(ctx, w, is)
	switch {
	case stored: // client-go sent it twice, on a Retry-After of a 5xx
		w.Lost = true
		return found, nil
	case errors.Is(err, errUnread):
		return nil, refusal(w, cause)
	case err != nil:
		return nil, err
	}
	return nil, &sendAgain{cause}
}

// settleBy reads back a write of which a try may have been applied. When it is
// not stored and nobody else is in its way, the error is otherwise.
func (s *Store) settleBy(ctx context.Context, w *entry, is judge, cause, otherwise error) (*object, error) {
	found, stored, err := s.readBack(ctx, w, is)
	switch {
	case stored:
		w.Lost = true
		return found, nil
	case errors.Is(err, errUnread):
		w.Unknown = true
		return nil, &UnansweredError{Tries: w.Tries, Unknown: true, Err: errors.Join(cause, err)}
	case err != nil:
		return nil, err
	}
	return nil, otherwise
}

// errUnread marks a read-back that told nothing.
var errUnread = errors.New("reading back failed")

// readBack fetches the record and judges it. Its error is the judge's, or
// wraps errUnread.
func (s *Store) readBack(ctx context.Context, w *entry, is judge) (*object, bool, error) {
	found, err := s.read(ctx, w.Key)
	if err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, false, errors.Join(errUnread, err)
	}
	stored, err := is(found)
	return found, stored, err
}

// contested says that the server refused a write because of what is stored.
func contested(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err)
}

// refusal is what a contested write means when what is stored cannot be read.
func refusal(w *entry, err error) error {
	if w.Verb == "create" && apierrors.IsAlreadyExists(err) {
		return driver.ErrReleaseExists
	}
	return &ConflictError{Key: w.Key, Err: err}
}
