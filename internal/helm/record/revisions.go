package record

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// Revisions lists the records of a release by their metadata alone, ascending
// by revision. Payloads, which can be 1 MiB each, are not fetched.
//
// Records that lost a label by which Helm finds them are among them, as
// Hidden. They are asked for by what they lack, beside those that carry the
// release's name, so that a namespace full of other releases costs nothing.
func (s *Store) Revisions(ctx context.Context, release string) ([]facts.Record, error) {
	var (
		both            sync.WaitGroup
		records, strays []facts.Record
		err, strayErr   error
	)
	both.Go(func() {
		var found listing
		if found, err = s.listing(ctx, release, func(rec facts.Record) { records = append(records, rec) }); err == nil {
			s.hold(release, found)
		}
	})
	both.Go(func() {
		strayErr = s.strays(ctx, release, func(rec facts.Record) { strays = append(strays, rec) })
	})
	both.Wait()
	if err := cmp.Or(err, strayErr); err != nil {
		return nil, err
	}
	records = append(records, strays...)
	slices.SortFunc(records, func(a, b facts.Record) int {
		return cmp.Or(cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Key, b.Key))
	})
	return records, nil
}

// listing is how the records that carry a release's name stood at one moment.
type listing struct {
	version string            // the list's own resourceVersion
	records map[string]string // the records' resourceVersions by UID
}

// listing lists the records that carry the release's name.
func (s *Store) listing(ctx context.Context, release string, fn func(facts.Record)) (listing, error) {
	found := listing{records: make(map[string]string)}
	selector, err := named(release)
	if err != nil {
		return found, s.unlistable(err)
	}
	found.version, err = s.eachRecord(ctx, selector, func(meta *metav1.ObjectMeta) {
		if name, _ := identify(meta); name == release {
			found.records[string(meta.UID)] = meta.ResourceVersion
			s.saw(meta)
			fn(s.describe(meta))
		}
	})
	return found, err
}

// strays lists the records that are the release's by their key alone.
func (s *Store) strays(ctx context.Context, release string, fn func(facts.Record)) error {
	selector, err := s.nameless()
	if err != nil {
		return s.unlistable(err)
	}
	_, err = s.eachRecord(ctx, selector, func(meta *metav1.ObjectMeta) {
		if name, _ := identify(meta); name == release {
			s.saw(meta)
			fn(s.describe(meta))
		}
	})
	return err
}

// ReleasesIn names every release that has a record in the namespace, sorted. A
// record that does not tell whose it is counts under its own key: the answer
// guards the namespace's deletion.
func (s *Store) ReleasesIn(ctx context.Context) ([]string, error) {
	names := make(map[string]bool)
	note := func(meta *metav1.ObjectMeta) {
		name, _ := identify(meta)
		names[cmp.Or(name, meta.Name)] = true
	}
	if s.opts.Kind == Secrets {
		if _, err := s.eachRecord(ctx, labels.Everything(), note); err != nil {
			return nil, err
		}
		return slices.Sorted(maps.Keys(names)), nil
	}
	// ConfigMaps have no type to be told by.
	visible, err := selector(labelOwner, selection.Equals, ownerHelm)
	if err != nil {
		return nil, s.unlistable(err)
	}
	stripped, err := selector(ownership.LabelManagedBy, selection.DoesNotExist)
	if err != nil {
		return nil, s.unlistable(err)
	}
	for _, selector := range []labels.Selector{visible, stripped} {
		if _, err := s.eachRecord(ctx, selector, note); err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// Everywhere calls fn with every record of Berth's in the whole cluster, by its
// metadata alone. It takes the permission to list in all namespaces.
func (s *Store) Everywhere(ctx context.Context, fn func(namespace, release string, rec facts.Record)) error {
	ours, err := selector(ownership.LabelIdentity, selection.Exists)
	if err != nil {
		return s.unlistable(err)
	}
	all := *s
	all.opts.Namespace = metav1.NamespaceAll
	all.metadata = s.everywhere
	_, err = all.eachRecord(ctx, ours, func(meta *metav1.ObjectMeta) {
		release, _ := identify(meta)
		fn(meta.Namespace, release, s.describe(meta))
	})
	return err
}
