package record

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// lister lists records by their metadata alone. Payloads, of up to 1 MiB each, are
// not read.
type lister struct {
	client    *client
	other     *client // of the other driver's kind, in the same namespace
	snapshots *snapshots
	runURL    string // key of the annotation
	audit     *audit
	now       func() time.Time

	mu     sync.Mutex
	listed map[string]listing // by release, as last listed
}

// listing is the state of the records that carry a release's name.
type listing struct {
	version  string            // the list's own resourceVersion
	versions map[string]string // the records' resourceVersions, by UID
	records  []*metav1.ObjectMeta
	at       time.Time
	writes   int // how many writes the run had made before
}

// Revisions lists the records of a release, ascending by revision. Records that
// lost a label by which Helm finds them are included, as Hidden. They are listed
// by the absence of the name label, beside those that carry the release's name:
// other releases of the namespace are not read.
func (l *lister) Revisions(ctx context.Context, release string) ([]facts.Record, error) {
	var (
		both                  sync.WaitGroup
		records, nameless     []facts.Record
		recordsErr, othersErr error
	)
	both.Go(func() {
		var found listing
		if found, recordsErr = l.list(ctx, release, func(rec facts.Record) { records = append(records, rec) }); recordsErr == nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.listed[release] = found
		}
	})
	both.Go(func() {
		othersErr = l.listNameless(ctx, release, func(rec facts.Record) { nameless = append(nameless, rec) })
	})
	both.Wait()
	if err := cmp.Or(recordsErr, othersErr); err != nil {
		return nil, err
	}
	records = append(records, nameless...)
	slices.SortFunc(records, func(a, b facts.Record) int {
		return cmp.Or(cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Key, b.Key))
	})
	return records, nil
}

// list lists the records that carry the release's name, or an empty one.
func (l *lister) list(ctx context.Context, release string, fn func(facts.Record)) (listing, error) {
	found := listing{versions: make(map[string]string), at: l.now(), writes: l.audit.count()}
	selector, err := namedSelector(release)
	if err != nil {
		return found, l.client.explain("list", "list", "", err)
	}
	found.version, err = l.client.listRecords(ctx, selector, func(meta *metav1.ObjectMeta) {
		if name, _ := identify(meta); name == release {
			found.versions[string(meta.UID)] = meta.ResourceVersion
			found.records = append(found.records, meta)
			l.snapshots.setVersion(meta)
			fn(describe(meta, l.client.kind, l.runURL))
		}
	})
	return found, err
}

// listedAge is how old a list may be by which Helm goes.
const listedAge = 10 * time.Second

// justListed returns the records of a release as Revisions last listed them, where that is not long ago and the run has
// written none since. Each list has the API server go through all Secrets of the namespace, and Helm makes two before it
// writes. Whoever writes a record meanwhile, without the lock, takes the name that Helm is about to create.
func (l *lister) justListed(release string) (records []*metav1.ObjectMeta, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok := l.listed[release]
	if !ok || found.writes != l.audit.count() || l.now().Sub(found.at) > listedAge {
		return nil, false
	}
	return slices.Clone(found.records), true
}

func namedSelector(release string) (labels.Selector, error) {
	return newSelector(labelName, selection.In, release, "")
}

// listNameless lists the records without a name label whose key names the release.
func (l *lister) listNameless(ctx context.Context, release string, fn func(facts.Record)) error {
	selector, err := namelessSelector(l.client.kind)
	if err != nil {
		return l.client.explain("list", "list", "", err)
	}
	_, err = l.client.listRecords(ctx, selector, func(meta *metav1.ObjectMeta) {
		if name, _ := identify(meta); name == release {
			l.snapshots.setVersion(meta)
			fn(describe(meta, l.client.kind, l.runURL))
		}
	})
	return err
}

// namelessSelector selects what has no name label. Among the Secrets of Helm's type
// that is next to nothing. ConfigMaps have no type, so those that Helm or Berth
// installed are excluded: they have the label "managed by", and no record has it.
func namelessSelector(kind Kind) (labels.Selector, error) {
	nameless, err := newSelector(labelName, selection.DoesNotExist)
	if err != nil || kind == Secrets {
		return nameless, err
	}
	unmanaged, err := labels.NewRequirement(ownership.LabelManagedBy, selection.DoesNotExist, nil)
	if err != nil {
		return nil, err
	}
	return nameless.Add(*unmanaged), nil
}

// AsListed reports whether a record was loaded in the version in which Revisions
// last listed it.
func (l *lister) AsListed(loaded *Loaded) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, found := range l.listed {
		if found.versions[string(loaded.obj.UID)] == loaded.obj.ResourceVersion {
			return true
		}
	}
	return false
}

// ReleasesIn returns all releases that have a record in the namespace, sorted by name. A
// record that does not name its release counts under its own key, because the result
// guards the namespace's deletion.
func (l *lister) ReleasesIn(ctx context.Context) ([]facts.Neighbour, error) {
	return releasesOf(ctx, l.client)
}

// ReleasesOfOtherDriver returns the same of the releases whose records Helm's other
// driver keeps, and the resource that it keeps them in.
func (l *lister) ReleasesOfOtherDriver(ctx context.Context) (found []facts.Neighbour, resource string, err error) {
	found, err = releasesOf(ctx, l.other)
	return found, l.other.kind.Resource(), err
}

// HasInOtherDriver returns whether Helm's other driver keeps a record of a release here, and
// the resource that it keeps it in.
func (l *lister) HasInOtherDriver(ctx context.Context, release string) (has bool, resource string, err error) {
	resource = l.other.kind.Resource()
	selector, err := newSelector(labelName, selection.Equals, release)
	if err != nil {
		return false, resource, l.other.explain("list", "list", "", err)
	}
	_, err = l.other.listRecords(ctx, selector, func(meta *metav1.ObjectMeta) {
		name, _ := identify(meta)
		has = has || name == release && meta.Labels[labelOwner] == ownerHelm
	})
	return has, resource, err
}

func releasesOf(ctx context.Context, c *client) ([]facts.Neighbour, error) {
	selectors, err := anyReleaseSelectors(c.kind)
	if err != nil {
		return nil, c.explain("list", "list", "", err)
	}
	identities := make(map[string]string) // by name
	for _, selector := range selectors {
		if _, err := c.listRecords(ctx, selector, func(meta *metav1.ObjectMeta) {
			name, _ := identify(meta)
			name = cmp.Or(name, meta.Name)
			identity := meta.Labels[ownership.LabelIdentity]
			if before, known := identities[name]; known && before != identity {
				identity = ""
			}
			identities[name] = identity
		}); err != nil {
			return nil, err
		}
	}
	var found []facts.Neighbour
	for _, name := range slices.Sorted(maps.Keys(identities)) {
		found = append(found, facts.Neighbour{Name: name, Identity: identities[name]})
	}
	return found, nil
}

// anyReleaseSelectors returns selectors that together select every record.
// ConfigMaps have no type: they are selected by Helm's owner label and, in case
// that was lost, by the absence of the label "managed by", which Helm and Berth set
// on what they install and on no record.
func anyReleaseSelectors(kind Kind) ([]labels.Selector, error) {
	if kind == Secrets {
		return []labels.Selector{labels.Everything()}, nil
	}
	owned, err := newSelector(labelOwner, selection.Equals, ownerHelm)
	if err != nil {
		return nil, err
	}
	unmanaged, err := newSelector(ownership.LabelManagedBy, selection.DoesNotExist)
	return []labels.Selector{owned, unmanaged}, err
}

// Stamped calls fn with every record of Berth's in the namespace, and its release.
func (l *lister) Stamped(ctx context.Context, fn func(release string, rec facts.Record)) error {
	ours, err := newSelector(ownership.LabelIdentity, selection.Exists)
	if err != nil {
		return l.client.explain("list", "list", "", err)
	}
	_, err = l.client.listRecords(ctx, ours, func(meta *metav1.ObjectMeta) {
		release, _ := identify(meta)
		fn(release, describe(meta, l.client.kind, l.runURL))
	})
	return err
}
