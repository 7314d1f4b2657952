package record

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/secrets"
)

// Driver is the storage driver of one Helm operation. It is safe for concurrent
// use.
type Driver struct {
	ctx       context.Context // Helm's interface carries none
	history   history
	listed    func(release string) ([]*metav1.ObjectMeta, bool) // as the run has listed them, right before the operation
	wrote     atomic.Bool                                       // the operation has begun to write
	writer    writer
	audit     *audit
	snapshots *snapshots
	onCreate  newMetadata
	now       func() time.Time
	// left returns what the operation left differing, for the record that it ends as
	// deployed. It is set before the operation begins.
	left func() facts.Baseline
	mask *secrets.Mask // takes secrets out of the descriptions; may be nil
}

// Leaves sets what tells, once the operation has written all objects, how they
// still differ from the manifest. That is stored as the baseline of the record which
// the operation ends as deployed, in the same write.
func (d *Driver) Leaves(left func() facts.Baseline) { d.left = left }

// newMetadata is put on a record that is created, besides Helm's labels.
type newMetadata struct {
	stamp       facts.Stamp // its revision is the record's own
	identity    string
	annotations map[string]string
	onDeploys   func() map[string]string // of the record of an install or upgrade; nil: none
}

// of returns the annotations of a new record.
func (n newMetadata) of(rls *release.Release) map[string]string {
	if n.onDeploys == nil || rls.Info == nil || rls.Info.Status == release.StatusPendingRollback {
		return maps.Clone(n.annotations)
	}
	return ownership.Merge(n.annotations, n.onDeploys())
}

var _ driver.Driver = (*Driver)(nil)

// Name returns the name of Helm's driver for the same resource.
func (d *Driver) Name() string { return d.history.client.kind.driverName() }

// Get returns the release stored under key, with the labels that are not Helm's
// own. It returns driver.ErrReleaseNotFound when there is none, an *UndecodableError
// where Helm's driver would panic, and a *MisplacedError for what belongs elsewhere.
func (d *Driver) Get(key string) (*release.Release, error) {
	c := d.history.client
	obj, err := c.get(d.ctx, key)
	if err != nil {
		return nil, err
	}
	_, rls, err := d.snapshots.decode(obj)
	if err != nil {
		return nil, c.explain("read", "get", key, err)
	}
	rls.Labels = withoutSystem(obj.Labels)
	return rls, nil
}

// List returns every readable release that filter accepts, with all labels.
func (d *Driver) List(filter func(*release.Release) bool) ([]*release.Release, error) {
	found, err := d.history.find(d.ctx, labels.Set{labelOwner: ownerHelm})
	if err != nil {
		return nil, err
	}
	list, err := d.history.read(d.ctx, found, func(*metav1.ObjectMeta) bool { return true })
	return slices.DeleteFunc(list, func(rls *release.Release) bool { return !filter(rls) }), err
}

// Query returns every readable release whose record carries these labels, with all
// labels. It returns driver.ErrReleaseNotFound when there is no record.
//
// Only the last revision and those that are labelled deployed are read, since Helm
// goes by these. Of the others it needs the numbers; they are made from metadata,
// cannot be stored, and may turn out unreadable.
func (d *Driver) Query(wanted map[string]string) ([]*release.Release, error) {
	found, err := d.find(wanted)
	if err != nil {
		return nil, err
	}
	if len(found.records) == 0 {
		return nil, driver.ErrReleaseNotFound
	}
	return d.history.read(d.ctx, found, func(meta *metav1.ObjectMeta) bool {
		return meta.Labels[labelStatus] == release.StatusDeployed.String() || !isConsistent(meta)
	})
}

// find lists the records that carry these labels, or has them from the list by which the run has planned the operation,
// until that writes.
func (d *Driver) find(wanted map[string]string) (*matching, error) {
	if !d.wrote.Load() && d.listed != nil && wanted[labelName] != "" {
		if records, ok := d.listed(wanted[labelName]); ok {
			return matchingOf(records, labels.Set(wanted)), nil
		}
	}
	return d.history.find(d.ctx, wanted)
}

// Create stores a new release under key, with the run's stamp. It returns
// driver.ErrReleaseExists when the key is taken.
func (d *Driver) Create(key string, rls *release.Release) error {
	d.wrote.Store(true)
	e := d.audit.beginHelm("create", key, rls)
	return d.audit.end(e, d.create(e, key, rls))
}

func (d *Driver) create(e *entry, key string, rls *release.Release) error {
	if d.snapshots.isPartial(rls) {
		return d.writer.explainWrite(e, &PartialError{Key: key})
	}
	raw, err := marshal(d.masked(rls), descriptionLimit)
	if err != nil {
		return fmt.Errorf("create the release record %s: %w", key, err)
	}
	payload, err := encode(raw)
	if err != nil {
		return fmt.Errorf("create the release record %s: %w", key, err)
	}
	if len(payload) > createLimit {
		return d.writer.explain("create", "create", key, &TooLargeError{Size: len(payload), Limit: createLimit})
	}
	got, err := d.writer.create(d.ctx, e, &object{Payload: payload, ObjectMeta: metav1.ObjectMeta{
		Name: key, Labels: labelsForCreate(rls, d.onCreate.stamp, d.onCreate.identity, d.now()), Annotations: d.onCreate.of(rls),
	}})
	if err != nil {
		return err
	}
	d.snapshots.bind(rls, got)
	return nil
}

// masked returns a release without secrets in its description, where Helm writes the
// error that it ended with. Whoever may list releases sees that, and the next run tells
// it. The release itself is Helm's and is not modified.
func (d *Driver) masked(rls *release.Release) *release.Release {
	if rls.Info == nil {
		return rls
	}
	described, info := *rls, *rls.Info
	info.Description = d.mask.Text(info.Description)
	described.Info = &info
	return &described
}

// Update stores a release over the version that this very pointer was read from or
// written as. The error is a *ConflictError when somebody else wrote in between.
// For a pointer that the store never returned or wrote, that is the version stored
// now.
func (d *Driver) Update(key string, rls *release.Release) error {
	d.wrote.Store(true)
	e := d.audit.beginHelm("update", key, rls)
	return d.audit.end(e, d.update(e, key, rls))
}

func (d *Driver) update(e *entry, key string, rls *release.Release) error {
	if d.snapshots.isPartial(rls) {
		return d.writer.explainWrite(e, &PartialError{Key: key})
	}
	from := d.snapshots.origin(rls, key)
	if from == nil {
		var err error
		if from, err = d.writer.get(d.ctx, key); err != nil {
			return d.writer.explain("update", "get", key, err)
		}
	}
	payload, err := merge(from.Payload, d.masked(rls))
	if err != nil {
		return d.writer.explainWrite(e, payloadError(key, err))
	}
	to := change{payload: payload, labels: labelsForUpdate(from.Labels, rls, d.now())}
	// A revision that is no longer deployed needs no baseline.
	if rls.Info.Status == release.StatusDeployed && d.left != nil {
		if to.baseline, err = encodeBaseline(d.left()); err != nil {
			return d.writer.explainWrite(e, err)
		}
	}
	got, err := d.writer.update(d.ctx, e, from, to)
	if err != nil {
		return err
	}
	d.snapshots.bind(rls, got)
	return nil
}

// Delete deletes the record under key. It returns the release as the record's
// metadata describes it, since Helm looks at none that it deletes, and
// driver.ErrReleaseNotFound when there is none.
func (d *Driver) Delete(key string) (*release.Release, error) {
	d.wrote.Store(true)
	meta, err := d.history.client.getMetadata(d.ctx, key)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, err
	}
	e := d.audit.beginHelm("delete", key, nil)
	if err != nil {
		return nil, d.audit.end(e, err)
	}
	_, e.Revision = identify(meta)
	err = d.writer.delete(d.ctx, e, key, meta.UID)
	rls := d.history.partial(meta)
	rls.Labels = withoutSystem(meta.Labels)
	return rls, d.audit.end(e, err)
}
