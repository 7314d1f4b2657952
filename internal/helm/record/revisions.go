package record

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/verdict"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"
)

// Revisions lists the records of a release by their metadata alone, ascending
// by revision. Payloads, which can be 1 MiB each, are not fetched.
func (s *Store) Revisions(ctx context.Context, name string) ([]verdict.Record, error) {
	var records []verdict.Record
	err := s.eachMeta(ctx, labels.Set{labelOwner: ownerHelm, labelName: name}, func(meta *metav1.ObjectMeta) {
		records = append(records, describe(meta))
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(records, func(a, b verdict.Record) int {
		return cmp.Or(cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Key, b.Key))
	})
	return records, nil
}

// ReleasesIn names every release that has a record in the namespace, sorted.
func (s *Store) ReleasesIn(ctx context.Context) ([]string, error) {
	names := make(map[string]bool)
	err := s.eachMeta(ctx, labels.Set{labelOwner: ownerHelm}, func(meta *metav1.ObjectMeta) {
		name, _ := identify(meta)
		names[name] = true
	})
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// eachMeta calls fn with the metadata of every matching record, page by page.
func (s *Store) eachMeta(ctx context.Context, set labels.Set, fn func(*metav1.ObjectMeta)) error {
	selector, err := labels.ValidatedSelectorFromSet(set)
	if err != nil {
		return fmt.Errorf("list the release records in namespace %s: %w", s.opts.Namespace, err)
	}
	options := metav1.ListOptions{LabelSelector: selector.String()}
	if s.opts.Kind == Secrets {
		options.FieldSelector = fields.OneTermEqualSelector("type", secretType).String()
	}
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return retry(ctx, s, readTimeout, func(ctx context.Context) (*metav1.PartialObjectMetadataList, error) {
			return s.metadata.List(ctx, options)
		})
	})
	err = pages.EachListItem(ctx, options, func(obj runtime.Object) error {
		fn(&obj.(*metav1.PartialObjectMetadata).ObjectMeta)
		return nil
	})
	return s.explain("list", "list", "", err)
}

// describe is what a record's metadata tells.
func describe(meta *metav1.ObjectMeta) verdict.Record {
	_, revision := identify(meta)
	rec := verdict.Record{
		Key:      meta.Name,
		UID:      string(meta.UID),
		Revision: revision,
		Label:    verdict.Status(meta.Labels[labelStatus]),
		Created:  meta.CreationTimestamp.Time,
		Stamp:    stampOf(meta.Labels, revision),
		Identity: meta.Labels[LabelIdentity],
	}
	rec.Touched, rec.Managers = touched(meta)
	return rec
}

// touched says when an object was last written, and by whom, newest first.
// Helm's createdAt and modifiedAt labels do not tell: the first vanishes at
// the first update, the second is copied from one revision to the next.
func touched(meta *metav1.ObjectMeta) (time.Time, []string) {
	newest := meta.CreationTimestamp.Time
	writes := slices.Clone(meta.ManagedFields)
	slices.SortStableFunc(writes, func(a, b metav1.ManagedFieldsEntry) int {
		return at(b).Compare(at(a))
	})
	var managers []string
	for _, write := range writes {
		if at(write).After(newest) {
			newest = at(write)
		}
		if !slices.Contains(managers, write.Manager) {
			managers = append(managers, write.Manager)
		}
	}
	return newest, managers
}

func at(write metav1.ManagedFieldsEntry) time.Time {
	if write.Time == nil {
		return time.Time{}
	}
	return write.Time.Time
}
