package record

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"time"

	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/berth-dev/berth/internal/facts"
)

const (
	// quarantinedType is the type of the Secrets that are copies in quarantine.
	quarantinedType              = "berth.dev/quarantined-record"
	annotationQuarantinedFrom    = "berth.dev/quarantined-from" // the record's key
	annotationQuarantinedAt      = "berth.dev/quarantined-at"   // RFC 3339
	annotationQuarantinedBecause = "berth.dev/quarantined-because"
)

// remover takes records out of a release.
type remover struct {
	writer    writer
	audit     *audit
	snapshots *snapshots
	now       func() time.Time
}

// Discard deletes a record in the version in which it was last listed, loaded or
// written. Otherwise the error is a *ConflictError. A record that was not read
// before is deleted in whatever version it is. A record that is already gone is no
// error.
func (r *remover) Discard(ctx context.Context, rec *facts.Record) error {
	e := r.audit.begin("delete", rec.Key, nil)
	e.Revision, e.Status = rec.Revision, rec.LabelStatus
	return r.audit.end(e, r.discard(ctx, e, rec))
}

func (r *remover) discard(ctx context.Context, e *entry, rec *facts.Record) error {
	meta := metav1.ObjectMeta{Name: rec.Key, UID: types.UID(rec.UID), ResourceVersion: r.snapshots.version(rec.UID)}
	if meta.ResourceVersion == "" {
		obj, err := r.writer.getSame(ctx, rec)
		if errors.Is(err, driver.ErrReleaseNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		meta = obj.ObjectMeta
	}
	return r.writer.deleteVersion(ctx, e, &meta)
}

// Quarantine copies a record, with everything in it, to an object that Helm does
// not take for a record, and then deletes it in the version that was copied. It
// returns the copy's name. The payload need not be decodable. The error wraps
// facts.ErrChanged when the record changed since it was listed, loaded or written.
//
// A run that is cut off between the two writes is completed by the next one: the
// copy's name is derived from the record's version.
func (r *remover) Quarantine(ctx context.Context, rec *facts.Record) (name string, err error) {
	obj, err := r.writer.getSame(ctx, rec)
	if err != nil {
		return "", err
	}
	if known := r.snapshots.version(string(obj.UID)); known != "" && known != obj.ResourceVersion {
		return "", r.writer.explain("quarantine", "delete", rec.Key, conflictWith(obj))
	}
	quarantined := quarantinedCopy(obj, rec, r.now())
	e := r.audit.begin("create", quarantined.Name, nil)
	e.Revision = rec.Revision
	err = r.writer.createCopy(ctx, e, quarantined)
	e.Lost = e.Lost && e.Tries > 1 // a copy found at the first try is an earlier run's
	if err := r.audit.end(e, err); err != nil {
		return "", err
	}
	e = r.audit.begin("delete", rec.Key, nil)
	e.Revision, e.Status = rec.Revision, rec.LabelStatus
	return quarantined.Name, r.audit.end(e, r.writer.deleteVersion(ctx, e, &obj.ObjectMeta))
}

// quarantinedCopy returns the copy of a record that goes into quarantine.
func quarantinedCopy(obj *object, rec *facts.Record, now time.Time) *object {
	labels := withoutSystem(obj.Labels)
	if release, _ := identify(&obj.ObjectMeta); len(validation.IsValidLabelValue(release)) == 0 {
		labels[labelQuarantined] = release
	}
	annotations := maps.Clone(obj.Annotations)
	if annotations == nil {
		annotations = make(map[string]string)
	}
	delete(annotations, corev1.LastAppliedConfigAnnotation) // it repeats the data
	annotations[annotationQuarantinedFrom] = obj.Name
	annotations[annotationQuarantinedAt] = now.UTC().Format(time.RFC3339)
	annotations[annotationQuarantinedBecause] = truncate(cmp.Or(rec.DecodeError, "it was in the release's way"), descriptionLimit)
	version := sha256.Sum256([]byte(string(obj.UID) + " " + obj.ResourceVersion))
	return &object{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%s-quarantined-%.3x", obj.Name, version), Labels: labels, Annotations: annotations,
		},
		Type: quarantinedType, Payload: obj.Payload, ExtraData: obj.ExtraData, BinaryData: obj.BinaryData,
	}
}

// DiscardQuarantined deletes the copies of the release's records that are in
// quarantine.
func (r *remover) DiscardQuarantined(ctx context.Context, release string) error {
	copies, err := newSelector(labelQuarantined, selection.Equals, release)
	if err != nil {
		return r.writer.explain("list", "list", "", err)
	}
	options := metav1.ListOptions{LabelSelector: copies.String()}
	if r.writer.kind == Secrets {
		options.FieldSelector = fields.OneTermEqualSelector("type", quarantinedType).String()
	}
	var found []facts.Record
	if _, err := r.writer.list(ctx, options, func(meta *metav1.ObjectMeta) {
		r.snapshots.setVersion(meta)
		found = append(found, facts.Record{Key: meta.Name, UID: string(meta.UID)})
	}); err != nil {
		return err
	}
	for i := range found {
		if err := r.Discard(ctx, &found[i]); err != nil {
			return err
		}
	}
	return nil
}
