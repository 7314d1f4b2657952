package record

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/berth-dev/berth/internal/verdict"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
)

// read fetches one record; driver.ErrReleaseNotFound when there is none.
func (s *Store) read(ctx context.Context, key string) (*object, error) {
	obj, err := retry(ctx, s, readTimeout, func(ctx context.Context) (*object, error) {
		return s.objects.get(ctx, key)
	})
	if apierrors.IsNotFound(err) {
		return nil, driver.ErrReleaseNotFound
	}
	return obj, s.explain("read", "get", key, err)
}

// readSame fetches a record that was listed, in whatever version it is now. Its
// error is a change of the records when that one is gone.
func (s *Store) readSame(ctx context.Context, rec *verdict.Record) (*object, error) {
	obj, err := s.read(ctx, rec.Key)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, s.explain("read", "get", rec.Key, errGone)
	}
	if err != nil {
		return nil, err
	}
	if rec.UID != "" && rec.UID != string(obj.UID) {
		return nil, s.explain("read", "get", rec.Key, conflictOver(obj))
	}
	return obj, nil
}

func (s *Store) list(wanted map[string]string) ([]*object, error) {
	selector, err := labels.ValidatedSelectorFromSet(wanted)
	if err != nil {
		return nil, fmt.Errorf("list the release records in namespace %s: %w", s.opts.Namespace, err)
	}
	found, err := retry(s.opts.Context, s, readTimeout, func(ctx context.Context) ([]*object, error) {
		return s.objects.list(ctx, selector.String())
	})
	return found, s.explain("list", "list", "", err)
}

// open decodes a record and remembers what its release came from.
func (s *Store) open(obj *object) ([]byte, *release.Release, error) {
	raw, rls, err := decode(obj.Payload)
	if err != nil {
		return nil, nil, &UndecodableError{Key: obj.Name, Err: err}
	}
	s.remember(rls, obj)
	return raw, rls, nil
}

// openAll decodes what can be decoded, and logs the rest.
func (s *Store) openAll(found []*object) []*release.Release {
	var list []*release.Release
	for _, obj := range found {
		_, rls, err := s.open(obj)
		if err != nil {
			s.opts.Log("record: skipped: %v", err)
			continue
		}
		rls.Labels = maps.Clone(obj.Labels)
		list = append(list, rls)
	}
	return list
}
