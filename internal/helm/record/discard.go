package record

import (
	"context"
	"errors"

	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
)

// Discard deletes a record as it was last listed or loaded, and in no other
// version: a *ConflictError says that somebody wrote it since. One that is gone
// already is no error.
func (s *Store) Discard(ctx context.Context, rec *facts.Record) error {
	w := s.begin("delete", rec.Key, nil)
	w.Revision, w.Status = rec.Revision, rec.Label
	return s.end(w, s.discard(ctx, w, rec))
}

func (s *Store) discard(ctx context.Context, w *entry, rec *facts.Record) error {
	meta := metav1.ObjectMeta{Name: rec.Key, UID: types.UID(rec.UID), ResourceVersion: s.version(rec.UID)}
	if meta.ResourceVersion == "" {
		obj, err := s.readSame(ctx, rec)
		if errors.Is(err, driver.ErrReleaseNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		meta = obj.ObjectMeta
	}
	return s.remove(ctx, w, meta)
}

// remove deletes exactly this version of exactly this object.
func (s *Store) remove(ctx context.Context, w *entry, meta metav1.ObjectMeta) error {
	_, err := s.perform(ctx, w, removed(&meta), func(ctx context.Context) (*object, error) {
		return nil, absent(s.objects.delete(ctx, meta.Name, exactly(&meta)))
	})
	return err
}

// removed judges the delete of one version.
func removed(meta *metav1.ObjectMeta) judge {
	return func(found *object) (bool, error) {
		switch {
		case found == nil:
			return true, nil
		case found.UID == meta.UID && found.ResourceVersion == meta.ResourceVersion:
			return false, nil
		}
		return false, conflictOver(found)
	}
}

// DiscardQuarantined deletes the release's records that were put in
// quarantine.
func (s *Store) DiscardQuarantined(ctx context.Context, release string) error {
	selector, err := selector(LabelQuarantined, selection.Equals, release)
	if err != nil {
		return s.unlistable(err)
	}
	options := metav1.ListOptions{LabelSelector: selector.String()}
	if s.opts.Kind == Secrets {
		options.FieldSelector = fields.OneTermEqualSelector("type", quarantinedType).String()
	}
	var found []facts.Record
	if _, err = s.each(ctx, options, func(meta *metav1.ObjectMeta) {
		s.saw(meta)
		found = append(found, facts.Record{Key: meta.Name, UID: string(meta.UID)})
	}); err != nil {
		return err
	}
	for i := range found {
		if err := s.Discard(ctx, &found[i]); err != nil {
			return err
		}
	}
	return nil
}
