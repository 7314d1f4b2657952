package record

import (
	"context"
	"errors"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/facts"
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
func (s *Store) readSame(ctx context.Context, rec *facts.Record) (*object, error) {
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

// readMeta fetches the metadata of one record; driver.ErrReleaseNotFound when
// there is none.
func (s *Store) readMeta(ctx context.Context, key string) (*metav1.ObjectMeta, error) {
	found, err := retry(ctx, s, readTimeout, func(ctx context.Context) (*metav1.PartialObjectMetadata, error) {
		return s.metadata.Get(ctx, key, metav1.GetOptions{})
	})
	if apierrors.IsNotFound(err) {
		return nil, driver.ErrReleaseNotFound
	}
	if err != nil {
		return nil, s.explain("read", "get", key, err)
	}
	return &found.ObjectMeta, nil
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
