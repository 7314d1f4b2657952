package helm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/result"
)

// Records lists the release's revisions from their metadata alone. The payload
// of the one that was written last, which is asked for next, is read meanwhile.
func (r *Releases) Records(ctx context.Context) ([]facts.Record, error) {
	r.ahead = nil
	if r.written == 0 {
		return r.store.Revisions(ctx, r.opts.Release)
	}
	reading := make(chan *preloaded, 1)
	go func() {
		p := &preloaded{rec: facts.Record{Key: record.Key(r.opts.Release, r.written)}}
		p.payload, p.err = r.store.Load(ctx, &p.rec)
		reading <- p
	}()
	records, err := r.store.Revisions(ctx, r.opts.Release)
	if p := <-reading; p.err != nil || r.store.AsListed(p.payload) {
		r.ahead = p
	}
	return records, err
}

// preloaded is a record that was read while the records were listed.
type preloaded struct {
	rec     facts.Record
	payload *record.Loaded
	err     error
}

// Load reads one revision's payload into rec.
func (r *Releases) Load(ctx context.Context, rec *facts.Record) error {
	p := r.ahead
	r.ahead = nil
	if p == nil || p.rec.Key != rec.Key || errors.Is(p.err, facts.ErrChanged) {
		p = &preloaded{rec: *rec}
		p.payload, p.err = r.store.Load(ctx, &p.rec)
	}
	if p.err != nil {
		return p.err
	}
	*rec = p.rec
	r.loaded[rec.Key] = p.payload
	return nil
}

// Settle writes a revision's status by compare-and-swap against what Load saw.
func (r *Releases) Settle(ctx context.Context, rec *facts.Record, status facts.Status, description string) error {
	l, err := r.payload(ctx, rec)
	if err != nil {
		return err
	}
	return r.forget(rec, r.store.Settle(ctx, l, status, description))
}

// Audit is every write of the record store and what became of it.
func (r *Releases) Audit() []result.Write { return r.store.Audit() }

// WriteFailure is the write failure that was not made good, which Helm may
// have swallowed.
func (r *Releases) WriteFailure() error { return r.store.Failed() }

// Others names the other releases that have a record in the namespace.
func (r *Releases) Others(ctx context.Context) ([]string, error) {
	all, err := r.store.ReleasesIn(ctx)
	if err != nil {
		return nil, err
	}
	others := all[:0]
	for _, name := range all {
		if name != r.opts.Release {
			others = append(others, name)
		}
	}
	return others, nil
}

// Uninstall removes the release's objects with its hooks. The records stay, as
// uninstalled, until Purge: Helm would remove them even when the objects did
// not go, and nothing would know of these any more. IgnoreNotFound stays off,
// since it turns every failed look-up into a success.
func (r *Releases) Uninstall(ctx context.Context) result.Outcome {
	seams, err := r.open(ctx)
	if err != nil {
		return result.Outcome{Err: err}
	}
	cfg, c, err := r.configuration(ctx, seams)
	if err != nil {
		return result.Outcome{Err: err}
	}
	mapper, err := seams.Getter.ToRESTMapper()
	if err != nil {
		return result.Outcome{Err: err}
	}
	l := &lenient{client: c}
	cfg.KubeClient = l
	u := action.NewUninstall(cfg)
	u.Wait = true
	u.KeepHistory = true
	u.Timeout = stepTime(ctx, r.opts.Timeout)
	u.DeletionPropagation = "background"
	rel, cut, err := supervise(seams.Fence, func() (*release.Release, error) {
		if err := l.prepare(cfg, mapper, r.opts.Release); err != nil {
			return nil, err
		}
		res, err := u.Run(r.opts.Release)
		if res == nil {
			return nil, err
		}
		return res.Release, err
	})
	o := c.outcome(rel, cut, err)
	if cut {
		return o // Helm's goroutine may still write to c
	}
	if o.Err != nil {
		o.Err = explain(errors.Join(append([]error{o.Err}, c.undone...)...))
	}
	o.Kept, o.Missing = slices.Sorted(maps.Values(c.kept)), l.missing
	return o
}

// Purge removes every record of the release, hidden and unreadable ones too,
// the newest last, so that a run which is cut short leaves the one that tells
// where the release stands.
func (r *Releases) Purge(ctx context.Context) error {
	records, err := r.store.Revisions(ctx, r.opts.Release)
	if err != nil {
		return err
	}
	for i := range records {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("remove record %s: %w", records[i].Key, context.Cause(ctx))
		}
		if err := r.store.Discard(ctx, &records[i]); err != nil {
			return err
		}
	}
	return nil
}
