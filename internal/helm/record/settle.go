package record

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"

	"github.com/berth-dev/berth/internal/facts"
)

// Loaded is a record with its payload, at the version it was read.
type Loaded struct {
	obj *object
	raw []byte
	rls *release.Release  // nil when the payload is not this revision's
	err *UndecodableError // why not
}

// Load fetches the payload of a record and fills in what it tells. It fetches
// always: what is to be proven is not taken from memory. A payload that cannot be
// decoded, or is another revision's, is a finding in rec.DecodeError, not an
// error. The error is a facts.ErrChanged when the record is gone or another one
// has taken its name.
func (s *Store) Load(ctx context.Context, rec *facts.Record) (*Loaded, error) {
	obj, err := s.readSame(ctx, rec)
	if err != nil {
		return nil, err
	}
	s.saw(&obj.ObjectMeta)
	*rec = s.describe(&obj.ObjectMeta)
	rec.Loaded, rec.Size = true, len(obj.Payload)
	raw, rls, err := s.open(obj)
	if err == nil {
		err = misplaced(obj.Name, rls)
	}
	if err != nil {
		broken, _ := errors.AsType[*UndecodableError](err)
		rec.DecodeError = broken.Error()
		return &Loaded{obj: obj, err: broken}, nil
	}
	rls.Labels = withoutSystem(obj.Labels)
	rec.Payload = facts.Status(rls.Info.Status)
	rec.Description = rls.Info.Description
	rec.Manifest = rls.Manifest
	rec.Chart = chartName(rls.Chart)
	rec.Hooks = hooks(rls.Hooks)
	return &Loaded{obj: obj, raw: raw, rls: rls}, nil
}

// misplaced finds a payload that lies under another revision's name. Helm would
// go by the payload, and write to that other record.
func misplaced(key string, rls *release.Release) error {
	if Key(rls.Name, rls.Version) == key {
		return nil
	}
	return &UndecodableError{Key: key, Err: fmt.Errorf("it holds revision %d of release %q", rls.Version, rls.Name)}
}

// Settle gives a loaded record a status and a description, in its payload and
// in its labels, and changes nothing else of it. It writes only over the
// version that was loaded; afterwards l is the version written.
func (s *Store) Settle(ctx context.Context, l *Loaded, status facts.Status, description string) error {
	if l.err != nil {
		return s.explain("update", "update", l.err.Key, l.err)
	}
	w := s.begin("update", l.obj.Name, l.rls)
	w.Status = status
	payload, err := mergeStatus(l.raw, string(status), description)
	if err != nil {
		return s.end(w, s.explainWrite(w, unstorable(l.obj.Name, err)))
	}
	return s.end(w, s.replace(ctx, w, l, payload))
}

// Relabel gives a loaded record the labels that its payload calls for, by which
// Helm finds it and judges it. It writes only over the version that was loaded,
// and nothing when they are right.
func (s *Store) Relabel(ctx context.Context, l *Loaded) error {
	if l.err != nil {
		return s.explain("update", "update", l.err.Key, l.err)
	}
	want := make(map[string]string)
	setHelmLabels(want, l.rls)
	if sameHelmLabels(l.obj.Labels, want) {
		return nil
	}
	w := s.begin("update", l.obj.Name, l.rls)
	return s.end(w, s.replace(ctx, w, l, l.obj.Payload))
}

// replace stores a loaded record with this payload and the labels it calls for.
func (s *Store) replace(ctx context.Context, w *entry, l *Loaded, payload string) error {
	raw, rls, err := decode(payload)
	if err != nil {
		return s.explainWrite(w, &UndecodableError{Key: l.obj.Name, Err: err})
	}
	rls.Labels = withoutSystem(l.obj.Labels)
	got, err := s.swap(ctx, w, l.obj, payload, rls)
	if err != nil {
		return err
	}
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

func hooks(stored []*release.Hook) []facts.Hook {
	var list []facts.Hook
	for _, h := range stored {
		if h == nil {
			continue
		}
		hook := facts.Hook{
			Name:      h.Name,
			Kind:      h.Kind,
			Manifest:  h.Manifest,
			Succeeded: h.LastRun.Phase == release.HookPhaseSucceeded,
			// Without a policy Helm deletes a hook before its next creation.
			Recreated: len(h.DeletePolicies) == 0 || slices.Contains(h.DeletePolicies, release.HookBeforeHookCreation),
		}
		for _, event := range h.Events {
			hook.Events = append(hook.Events, event.String())
		}
		list = append(list, hook)
	}
	return list
}
