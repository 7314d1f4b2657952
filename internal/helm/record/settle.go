package record

import (
	"context"
	"errors"
	"slices"

	"github.com/berth-dev/berth/internal/verdict"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
)

// Loaded is a record with its payload, at the version it was read.
type Loaded struct {
	obj *object
	raw []byte
	rls *release.Release
	err *UndecodableError
}

// Release is the stored release; nil when the payload cannot be decoded. The
// store knows the pointer, so that Helm may update it.
func (l *Loaded) Release() *release.Release { return l.rls }

// Load fetches the payload of a record and fills in what it tells. A payload
// that cannot be decoded is a finding in rec.DecodeError, not an error. It
// returns driver.ErrReleaseNotFound when the record is gone, and a
// *ConflictError when another one has taken its name.
func (s *Store) Load(ctx context.Context, rec *verdict.Record) (*Loaded, error) {
	obj, err := s.read(ctx, rec.Key)
	if err != nil {
		return nil, err
	}
	if rec.UID != "" && rec.UID != string(obj.UID) {
		return nil, s.explain("read", "get", rec.Key, conflictOver(obj))
	}
	*rec = describe(&obj.ObjectMeta)
	rec.Loaded, rec.Size = true, len(obj.Payload)
	raw, rls, err := s.open(obj)
	if err != nil {
		broken, _ := errors.AsType[*UndecodableError](err)
		rec.DecodeError = broken.Error()
		return &Loaded{obj: obj, err: broken}, nil
	}
	rls.Labels = withoutSystem(obj.Labels)
	rec.Payload = verdict.Status(rls.Info.Status)
	rec.Description = rls.Info.Description
	rec.Manifest = rls.Manifest
	rec.Chart = chartName(rls.Chart)
	rec.Hooks = hooks(rls.Hooks)
	return &Loaded{obj: obj, raw: raw, rls: rls}, nil
}

// Settle gives a loaded record a status and a description, in its payload and
// in its labels, and changes nothing else of it. It writes only over the
// version that was loaded; afterwards l is the version written.
func (s *Store) Settle(ctx context.Context, l *Loaded, status verdict.Status, description string) error {
	if l.err != nil {
		return s.explain("update", "update", l.err.Key, l.err)
	}
	info := *l.rls.Info
	info.Status = release.Status(status)
	settled := &release.Release{Name: l.rls.Name, Version: l.rls.Version, Info: &info}
	w := s.begin("update", l.obj.Name, settled)
	return s.end(w, s.settle(ctx, w, l, settled, description))
}

func (s *Store) settle(ctx context.Context, w *entry, l *Loaded, settled *release.Release, description string) error {
	payload, err := mergeStatus(l.raw, settled.Info.Status.String(), description)
	if err != nil {
		return s.explainWrite(w, &UndecodableError{Key: l.obj.Name, Err: err})
	}
	got, err := s.swap(ctx, w, l.obj, payload, settled)
	if err != nil {
		return err
	}
	raw, rls, err := decode(got.Payload)
	if err != nil {
		return s.explainWrite(w, &UndecodableError{Key: l.obj.Name, Err: err})
	}
	rls.Labels = withoutSystem(got.Labels)
	l.obj, l.raw, *l.rls = got, raw, *rls
	s.remember(l.rls, got)
	return nil
}

func chartName(c *chart.Chart) string {
	if c == nil || c.Metadata == nil {
		return ""
	}
	return c.Metadata.Name + "-" + c.Metadata.Version
}

func hooks(stored []*release.Hook) []verdict.Hook {
	var list []verdict.Hook
	for _, h := range stored {
		if h == nil {
			continue
		}
		hook := verdict.Hook{
			Name:      h.Name,
			Kind:      h.Kind,
			Manifest:  h.Manifest,
			Succeeded: h.LastRun.Phase == release.HookPhaseSucceeded,
			// Without a policy Helm deletes a hook before its next creation only.
			KeptAfterSuccess: !slices.Contains(h.DeletePolicies, release.HookSucceeded),
		}
		for _, event := range h.Events {
			hook.Events = append(hook.Events, event.String())
		}
		list = append(list, hook)
	}
	return list
}
