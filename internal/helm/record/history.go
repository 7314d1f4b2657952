package record

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// parallelReads bounds how many payloads are read at once.
const parallelReads = 8

// history reads a release's revisions for Helm, and no more payloads than Helm
// looks at. A revision whose payload was not read is partial: a release with what
// the record's metadata says, which cannot be stored.
type history struct {
	client    *client
	snapshots *snapshots
}

// matching is the records that a selector selects, newest revision first.
type matching struct {
	labels.Selector
	records []*metav1.ObjectMeta
}

// find lists the records that carry these labels. Like Helm, it selects Secrets of
// any type.
func (h history) find(ctx context.Context, wanted map[string]string) (*matching, error) {
	selector, err := labels.ValidatedSelectorFromSet(wanted)
	if err != nil {
		return nil, h.client.explain("list", "list", "", err)
	}
	found := &matching{Selector: selector}
	_, err = h.client.list(ctx, metav1.ListOptions{LabelSelector: selector.String()}, func(meta *metav1.ObjectMeta) {
		found.records = append(found.records, meta)
	})
	found.sort()
	return found, err
}

// matchingOf returns those of the records that carry these labels.
func matchingOf(records []*metav1.ObjectMeta, wanted labels.Set) *matching {
	found := &matching{Selector: wanted.AsSelector()}
	for _, meta := range records {
		if found.Matches(labels.Set(meta.Labels)) {
			found.records = append(found.records, meta)
		}
	}
	found.sort()
	return found
}

func (m *matching) sort() {
	slices.SortStableFunc(m.records, func(a, b *metav1.ObjectMeta) int {
		_, older := identify(a)
		_, newer := identify(b)
		return cmp.Compare(newer, older)
	})
}

// read returns the releases of the records that were found: those that full
// selects with their payloads, the others partial. Unreadable ones are left out, and
// one that holds what belongs elsewhere is an error: Helm would go by what it says.
//
// Helm goes by the release with the highest number, so that one is always full:
// where the newest record cannot be read, the one before it is read too.
func (h history) read(ctx context.Context, found *matching, full func(*metav1.ObjectMeta) bool) ([]*release.Release, error) {
	releases, err := h.readParallel(ctx, found, full)
	if err != nil {
		return nil, err
	}
	var list []*release.Release
	last := 0 // the highest number of a full release
	for i, meta := range found.records {
		rls, isRead := releases[i]
		if _, revision := identify(meta); !isRead && revision < last {
			list = append(list, h.partial(meta))
			continue
		}
		if !isRead {
			if rls, err = h.readOne(ctx, found, meta); err != nil {
				return nil, err
			}
		}
		if rls != nil {
			list, last = append(list, rls), max(last, rls.Version)
		}
	}
	return list, nil
}

// readParallel reads the newest record and those that full selects. It returns
// their releases by the records' index, nil for one that is unreadable.
func (h history) readParallel(ctx context.Context, found *matching, full func(*metav1.ObjectMeta) bool) (map[int]*release.Release, error) {
	var mu sync.Mutex
	releases := make(map[int]*release.Release)
	var reads errgroup.Group
	reads.SetLimit(parallelReads)
	for i, meta := range found.records {
		if i > 0 && !full(meta) {
			continue
		}
		reads.Go(func() error {
			rls, err := h.readOne(ctx, found, meta)
			mu.Lock()
			defer mu.Unlock()
			releases[i] = rls
			return err
		})
	}
	return releases, reads.Wait()
}

// readOne returns the release of a record that was found, or nil when the record
// is unreadable, or was deleted or relabelled since. The error of one that belongs
// elsewhere is a *MisplacedError. It sends no request when the version that was found is
// known.
func (h history) readOne(ctx context.Context, found *matching, meta *metav1.ObjectMeta) (*release.Release, error) {
	obj := h.snapshots.object(meta.UID, meta.ResourceVersion)
	if obj == nil {
		var err error
		obj, err = h.client.get(ctx, meta.Name)
		if errors.Is(err, driver.ErrReleaseNotFound) || err == nil && !found.Matches(labels.Set(obj.Labels)) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	_, rls, err := h.snapshots.decode(obj)
	if _, misplaced := errors.AsType[*MisplacedError](err); misplaced {
		return nil, h.client.explain("read", "get", obj.Name, err)
	}
	if err != nil {
		h.client.log("record: skipped: %v", err)
		return nil, nil
	}
	rls.Labels = maps.Clone(obj.Labels)
	return rls, nil
}

// partial returns a release with what its record's metadata says. It is never
// stored: the record would lose its payload.
func (h history) partial(meta *metav1.ObjectMeta) *release.Release {
	name, revision := identify(meta)
	rls := &release.Release{
		Name: name, Version: revision, Namespace: h.client.namespace, Labels: maps.Clone(meta.Labels),
		Info: &release.Info{Status: release.Status(cmp.Or(meta.Labels[labelStatus], release.StatusUnknown.String()))},
	}
	h.snapshots.markPartial(rls)
	return rls
}
