package record

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"reflect"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/berth-dev/berth/internal/facts"
)

const (
	// quarantinedType is what a Secret becomes that was moved out of Helm's way.
	quarantinedType = "berth.dev/quarantined-record"
	// LabelQuarantined names the release that the record was taken from.
	LabelQuarantined = "berth.dev/quarantined"

	annotationFrom = "berth.dev/quarantined-from"
	annotationAt   = "berth.dev/quarantined-at"
	annotationWhy  = "berth.dev/quarantined-because"
)

// Quarantine moves a record out of Helm's way and loses nothing of it: it is
// copied to an object that Helm does not take for a record, and then deleted in
// the very version that was copied. It needs no readable payload. A run that was
// cut short in between is made good by the next: the copy's name tells the
// version.
func (s *Store) Quarantine(ctx context.Context, rec *facts.Record) (name string, err error) {
	obj, err := s.readSame(ctx, rec)
	if err != nil {
		return "", err
	}
	if known := s.version(string(obj.UID)); known != "" && known != obj.ResourceVersion {
		return "", s.explain("quarantine", "delete", rec.Key, conflictOver(obj))
	}
	twin := s.twin(obj, rec)
	w := s.begin("create", twin.Name, nil)
	w.Revision = rec.Revision
	_, err = s.perform(ctx, w, copied(twin), func(ctx context.Context) (*object, error) {
		return s.objects.create(ctx, twin)
	})
	w.Lost = w.Lost && w.Tries > 1 // one that was there before is not an answer that got lost
	if err := s.end(w, err); err != nil {
		return "", err
	}
	w = s.begin("delete", rec.Key, nil)
	w.Revision, w.Status = rec.Revision, rec.Label
	return twin.Name, s.end(w, s.remove(ctx, w, obj.ObjectMeta))
}

// twin is the copy of a record that goes into quarantine.
func (s *Store) twin(obj *object, rec *facts.Record) *object {
	labels := withoutSystem(obj.Labels)
	if release, _ := identify(&obj.ObjectMeta); len(validation.IsValidLabelValue(release)) == 0 {
		labels[LabelQuarantined] = release
	}
	annotations := maps.Clone(obj.Annotations)
	if annotations == nil {
		annotations = make(map[string]string)
	}
	delete(annotations, corev1.LastAppliedConfigAnnotation) // it repeats the data
	annotations[annotationFrom] = obj.Name
	annotations[annotationAt] = s.opts.Now().UTC().Format(time.RFC3339)
	annotations[annotationWhy] = cut(cmp.Or(rec.DecodeError, "it was in the release's way"), descriptionLimit)
	version := sha256.Sum256([]byte(string(obj.UID) + " " + obj.ResourceVersion))
	return &object{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%s-quarantined-%.3x", obj.Name, version), Labels: labels, Annotations: annotations,
		},
		Type: quarantinedType, Payload: obj.Payload, Extra: obj.Extra, Binary: obj.Binary,
	}
}

// copied judges the create of a copy: one that was made earlier will do.
func copied(twin *object) judge {
	return func(found *object) (bool, error) {
		switch {
		case found == nil:
			return false, nil
		case found.Labels[LabelQuarantined] == twin.Labels[LabelQuarantined] && sameData(found, twin):
			return true, nil
		}
		return false, conflictOver(found)
	}
}

func sameData(a, b *object) bool {
	return a.Payload == b.Payload && reflect.DeepEqual(a.Extra, b.Extra) && reflect.DeepEqual(a.Binary, b.Binary)
}
