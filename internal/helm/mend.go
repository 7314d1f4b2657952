package helm

import (
	"context"
	"errors"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/record"
)

// Relabel gives a record the labels that its payload calls for.
func (r *Releases) Relabel(ctx context.Context, rec *facts.Record) error {
	l, err := r.payload(ctx, rec)
	if err != nil {
		return err
	}
	if err := r.forget(rec, r.store.Relabel(ctx, l)); err != nil {
		return err
	}
	rec.Label, rec.Hidden = rec.Payload, false
	return nil
}

// Quarantine moves a record to where Helm does not look, whole, and says where.
func (r *Releases) Quarantine(ctx context.Context, rec *facts.Record) (copied string, err error) {
	copied, err = r.store.Quarantine(ctx, rec)
	delete(r.loaded, rec.Key)
	return copied, err
}

// Discard deletes a record as it was last listed or loaded.
func (r *Releases) Discard(ctx context.Context, rec *facts.Record) error {
	delete(r.loaded, rec.Key)
	return r.store.Discard(ctx, rec)
}

// Changed returns when a record of the release is no longer as Records last saw
// it, or with ctx's error.
func (r *Releases) Changed(ctx context.Context) error {
	return r.store.Changed(ctx, r.opts.Release)
}

// payload is a record as it was last loaded, or as it is loaded now.
func (r *Releases) payload(ctx context.Context, rec *facts.Record) (*record.Loaded, error) {
	if r.loaded[rec.Key] == nil {
		if err := r.Load(ctx, rec); err != nil {
			return nil, err
		}
	}
	return r.loaded[rec.Key], nil
}

// forget drops what is no longer as it was loaded.
func (r *Releases) forget(rec *facts.Record, err error) error {
	if errors.Is(err, facts.ErrChanged) {
		delete(r.loaded, rec.Key)
	}
	return err
}

// DiscardQuarantined removes the copies of records that were put in quarantine.
func (r *Releases) DiscardQuarantined(ctx context.Context) error {
	return r.store.DiscardQuarantined(ctx, r.opts.Release)
}
