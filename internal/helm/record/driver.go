package record

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Get returns the release stored under key, with the labels that are not
// Helm's own. It returns driver.ErrReleaseNotFound when there is none, and an
// *UndecodableError where Helm's driver would panic.
func (s *Store) Get(key string) (*release.Release, error) {
	obj, err := s.read(s.opts.Context, key)
	if err != nil {
		return nil, err
	}
	_, rls, err := s.open(obj)
	if err != nil {
		return nil, s.explain("read", "get", key, err)
	}
	rls.Labels = withoutSystem(obj.Labels)
	return rls, nil
}

// List returns every readable release that filter accepts, with all labels.
func (s *Store) List(filter func(*release.Release) bool) ([]*release.Release, error) {
	found, err := s.find(labels.Set{labelOwner: ownerHelm})
	if err != nil {
		return nil, err
	}
	list, err := s.releases(found, func(*metav1.ObjectMeta) bool { return true })
	return slices.DeleteFunc(list, func(rls *release.Release) bool { return !filter(rls) }), err
}

// Query returns every readable release whose record carries these labels, with
// all labels. It returns driver.ErrReleaseNotFound when there is no record.
//
// Whole are the last revision and those that are labelled deployed: nothing
// else is what Helm goes by. The others, of which it wants the numbers, are
// outlines; these cannot be stored, and may turn out unreadable.
func (s *Store) Query(wanted map[string]string) ([]*release.Release, error) {
	found, err := s.find(wanted)
	if err != nil {
		return nil, err
	}
	if len(found.records) == 0 {
		return nil, driver.ErrReleaseNotFound
	}
	return s.releases(found, func(meta *metav1.ObjectMeta) bool {
		return meta.Labels[labelStatus] == release.StatusDeployed.String() || !tells(meta)
	})
}

// Create stores a new release under key, with Berth's stamp. It returns
// driver.ErrReleaseExists when the key is taken.
func (s *Store) Create(key string, rls *release.Release) error {
	w := s.beginHelms("create", key, rls)
	return s.end(w, s.create(w, key, rls))
}

func (s *Store) create(w *entry, key string, rls *release.Release) error {
	if s.isOutline(rls) {
		return s.explainWrite(w, &OutlineError{Key: key})
	}
	raw, err := marshal(rls, descriptionLimit)
	if err != nil {
		return fmt.Errorf("create the release record %s: %w", key, err)
	}
	payload, err := encode(raw)
	if err != nil {
		return fmt.Errorf("create the release record %s: %w", key, err)
	}
	if len(payload) > sizeLimit {
		return s.explain("create", "create", key, &TooLargeError{Size: len(payload), Limit: sizeLimit})
	}
	want := &object{Payload: payload, ObjectMeta: metav1.ObjectMeta{
		Name: key, Labels: s.labelsOfNew(rls), Annotations: maps.Clone(s.opts.Annotations),
	}}
	got, err := s.perform(s.opts.Context, w, created(want), func(ctx context.Context) (*object, error) {
		return s.objects.create(ctx, want)
	})
	if err != nil {
		return err
	}
	s.remember(rls, got)
	return nil
}

// Update stores a release over the version that this very pointer was read
// from or written as, and over no other: a *ConflictError says that somebody
// else wrote in between. A pointer that the store never saw is compared with
// what is stored now.
func (s *Store) Update(key string, rls *release.Release) error {
	w := s.beginHelms("update", key, rls)
	return s.end(w, s.update(w, key, rls))
}

func (s *Store) update(w *entry, key string, rls *release.Release) error {
	if s.isOutline(rls) {
		return s.explainWrite(w, &OutlineError{Key: key})
	}
	from := s.origin(rls, key)
	if from == nil {
		var err error
		if from, err = s.read(s.opts.Context, key); err != nil {
			return s.explain("update", "get", key, err)
		}
	}
	payload, err := merge(from.Payload, rls)
	if err != nil {
		return s.explainWrite(w, unstorable(key, err))
	}
	got, err := s.swap(s.opts.Context, w, from, payload, rls)
	if err != nil {
		return err
	}
	s.remember(rls, got)
	return nil
}

// swap replaces a stored record's payload and labels, and nothing else of it.
func (s *Store) swap(ctx context.Context, w *entry, from *object, payload string, rls *release.Release) (*object, error) {
	if from.Fixed && payload != from.Payload {
		return nil, s.explainWrite(w, &ImmutableError{Key: from.Name})
	}
	want := *from
	want.ObjectMeta, want.Payload = *from.DeepCopy(), payload
	want.Labels = s.labelsOfChanged(from.Labels, rls)
	return s.perform(ctx, w, swapped(&want), func(ctx context.Context) (*object, error) {
		return s.objects.update(ctx, &want)
	})
}

// Delete removes the record under key and returns the outline of its release:
// Helm looks at none that it deletes.
func (s *Store) Delete(key string) (*release.Release, error) {
	meta, err := s.readMeta(s.opts.Context, key)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, err
	}
	w := s.beginHelms("delete", key, nil)
	if err != nil {
		return nil, s.end(w, err)
	}
	_, w.Revision = identify(meta)
	_, err = s.perform(s.opts.Context, w, deleted(meta.UID), func(ctx context.Context) (*object, error) {
		return nil, absent(s.objects.delete(ctx, key, &metav1.Preconditions{UID: &meta.UID}))
	})
	rls := s.outline(meta)
	rls.Labels = withoutSystem(meta.Labels)
	return rls, s.end(w, err)
}
