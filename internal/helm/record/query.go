package record

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// parallelReads bounds how many payloads are fetched at once.
const parallelReads = 8

// matching is what labels select, by its metadata, newest revision first.
type matching struct {
	labels.Selector
	records []*metav1.ObjectMeta
}

// find lists the records that carry these labels. Like Helm, it asks for no
// type of Secret.
func (s *Store) find(wanted map[string]string) (*matching, error) {
	selector, err := labels.ValidatedSelectorFromSet(wanted)
	if err != nil {
		return nil, s.unlistable(err)
	}
	found := &matching{Selector: selector}
	_, err = s.each(s.opts.Context, metav1.ListOptions{LabelSelector: selector.String()}, func(meta *metav1.ObjectMeta) {
		found.records = append(found.records, meta)
	})
	slices.SortStableFunc(found.records, func(a, b *metav1.ObjectMeta) int {
		_, older := identify(a)
		_, newer := identify(b)
		return cmp.Compare(newer, older)
	})
	return found, err
}

// releases gives the releases of what was found: whole where their content is
// needed, else as outlines.
//
// Helm goes by the release with the highest number of all, so that one is
// whole: where the newest record is unreadable, or holds an older revision than
// its name says, the one before it is read too.
func (s *Store) releases(found *matching, needed func(*metav1.ObjectMeta) bool) ([]*release.Release, error) {
	read := make([]bool, len(found.records))
	whole := make([]*release.Release, len(found.records))
	var reads errgroup.Group
	reads.SetLimit(parallelReads)
	for i, meta := range found.records {
		if read[i] = i == 0 || needed(meta); read[i] {
			reads.Go(func() (err error) {
				whole[i], err = s.whole(found, meta)
				return err
			})
		}
	}
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	var list []*release.Release
	last := 0 // the highest number of a whole one
	for i, meta := range found.records {
		if _, revision := identify(meta); !read[i] && revision < last {
			list = append(list, s.outline(meta))
			continue
		}
		if !read[i] {
			var err error
			if whole[i], err = s.whole(found, meta); err != nil {
				return nil, err
			}
		}
		if rls := whole[i]; rls != nil {
			list, last = append(list, rls), max(last, rls.Version)
		}
	}
	return list, nil
}

// whole is the release of a record that was found, nil when it is unreadable or
// is no longer there to be found.
func (s *Store) whole(found *matching, meta *metav1.ObjectMeta) (*release.Release, error) {
	obj := s.recall(meta.UID, meta.ResourceVersion)
	if obj == nil {
		var err error
		obj, err = s.read(s.opts.Context, meta.Name)
		if errors.Is(err, driver.ErrReleaseNotFound) || err == nil && !found.Matches(labels.Set(obj.Labels)) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	_, rls, err := s.open(obj)
	if err != nil {
		s.opts.Log("record: skipped: %v", err)
		return nil, nil
	}
	rls.Labels = maps.Clone(obj.Labels)
	return rls, nil
}

// tells says that a record's metadata tells whose it is and which revision: its
// name and its labels say the same.
func tells(meta *metav1.ObjectMeta) bool {
	name, revision := parseKey(meta.Name)
	return revision > 0 && name == meta.Labels[labelName]
}

// outline is a release with what its record's metadata tells. It is never
// stored: that would take the content from the record.
func (s *Store) outline(meta *metav1.ObjectMeta) *release.Release {
	name, revision := identify(meta)
	rls := &release.Release{
		Name: name, Version: revision, Namespace: s.opts.Namespace, Labels: maps.Clone(meta.Labels),
		Info: &release.Info{Status: release.Status(cmp.Or(meta.Labels[labelStatus], release.StatusUnknown.String()))},
	}
	s.outlined(rls)
	return rls
}
