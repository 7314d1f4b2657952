package record

import (
	"context"
	"errors"
	"time"

	"helm.sh/helm/v3/pkg/release"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/secrets"
)

// settler loads records and corrects their status and labels.
type settler struct {
	writer    writer
	audit     *audit
	snapshots *snapshots
	runURL    string // key of the annotation
	now       func() time.Time
	mask      *secrets.Mask // takes secrets out of the descriptions; may be nil
}

// Loaded is a record with its payload, in the version in which it was read.
type Loaded struct {
	obj *object
	raw []byte
	rls *release.Release // nil when the payload cannot be used
	err error            // why not
}

// Load reads the payload of a record and fills in rec. It always sends a request:
// what is to be proven is not taken from memory. A payload that cannot be decoded, or
// belongs elsewhere, is no error: rec.DecodeError says so, and rec.Misplaced. The error wraps
// facts.ErrChanged when the record was deleted, or another one has its name.
func (s *settler) Load(ctx context.Context, rec *facts.Record) (*Loaded, error) {
	obj, err := s.writer.getSame(ctx, rec)
	if err != nil {
		return nil, err
	}
	s.snapshots.setVersion(&obj.ObjectMeta)
	*rec = describe(&obj.ObjectMeta, s.writer.kind, s.runURL)
	rec.Size = len(obj.Payload)
	raw, rls, err := s.snapshots.decode(obj)
	if err != nil {
		if misplaced, is := errors.AsType[*MisplacedError](err); is {
			rec.Misplaced = misplaced.Holds
		}
		rec.Content = facts.Content{Loaded: true, DecodeError: err.Error()}
		return &Loaded{obj: obj, err: err}, nil
	}
	rls.Labels = withoutSystem(obj.Labels)
	rec.Content, rec.LabelStatus = content(rls), endOf(rls, rec.LabelStatus)
	return &Loaded{obj: obj, raw: raw, rls: rls}, nil
}

// Settle sets a loaded record's status, in payload and labels, and its
// description, and keeps everything else of it. It writes only over the version
// that was loaded: otherwise the error wraps facts.ErrChanged. Afterwards l is the
// version that was written.
func (s *settler) Settle(ctx context.Context, l *Loaded, status facts.Status, description string) error {
	if l.err != nil {
		return s.writer.explain("update", "update", l.obj.Name, l.err)
	}
	e := s.audit.begin("update", l.obj.Name, l.rls)
	e.Status = status
	baseline := "" // whatever the status becomes, nobody has looked at the objects for it
	if status == facts.Status(l.rls.Info.Status) {
		baseline = l.obj.Annotations[annotationBaseline]
	}
	payload, err := mergeStatus(l.raw, string(status), s.mask.Text(description))
	if err != nil {
		return s.audit.end(e, s.writer.explainWrite(e, payloadError(l.obj.Name, err)))
	}
	return s.audit.end(e, s.update(ctx, e, l, payload, baseline))
}

// Accept sets the baseline of a loaded record: what is known to differ from its
// manifest. It writes only over the version that was loaded, as Settle does.
func (s *settler) Accept(ctx context.Context, l *Loaded, b facts.Baseline) error {
	if l.err != nil {
		return s.writer.explain("update", "update", l.obj.Name, l.err)
	}
	e := s.audit.begin("update", l.obj.Name, l.rls)
	value, err := encodeBaseline(b)
	if err != nil {
		return s.audit.end(e, s.writer.explainWrite(e, err))
	}
	return s.audit.end(e, s.update(ctx, e, l, l.obj.Payload, value))
}

// Relabel sets the labels by which Helm finds a loaded record to what its payload
// says. It writes only over the version that was loaded, as Settle does, and not
// at all when the labels are right.
func (s *settler) Relabel(ctx context.Context, l *Loaded) error {
	if l.err != nil {
		return s.writer.explain("update", "update", l.obj.Name, l.err)
	}
	want := make(map[string]string)
	setHelmLabels(want, l.rls)
	if sameHelmLabels(l.obj.Labels, want) {
		return nil
	}
	e := s.audit.begin("update", l.obj.Name, l.rls)
	return s.audit.end(e, s.update(ctx, e, l, l.obj.Payload, l.obj.Annotations[annotationBaseline]))
}

// update writes a loaded record with this payload, the labels that belong to it, and
// this baseline.
func (s *settler) update(ctx context.Context, e *entry, l *Loaded, payload, baseline string) error {
	raw, rls, err := decode(payload)
	if err != nil {
		return s.writer.explainWrite(e, &UndecodableError{Key: l.obj.Name, Err: err})
	}
	rls.Labels = withoutSystem(l.obj.Labels)
	got, err := s.writer.update(ctx, e, l.obj, change{payload, labelsForUpdate(l.obj.Labels, rls, s.now()), baseline})
	if err != nil {
		return err
	}
	l.obj, l.raw, *l.rls = got, raw, *rls
	s.snapshots.bind(l.rls, got)
	return nil
}
