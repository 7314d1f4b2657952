package helm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/helm/record"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// RecordStore reads and writes the stored records of one release, outside Helm's
// operations. Settle and Relabel write only over the version that was loaded, and
// first load a record that was not loaded before. Discard and Quarantine remove only
// the version that was last listed, loaded or written, or whichever they find of a
// record that was not read before. A record that changed since is an error that wraps
// facts.ErrChanged.
type RecordStore struct {
	release  string
	store    *record.Store
	deadline time.Time                 // of the run, for the stamp on records
	loaded   map[string]*record.Loaded // payloads by key, as last read
	written  int                       // revision of the last operation; 0: none
	ahead    *payloadRead              // the written revision, read while Records listed
}

// Begin sets when, in the API server's time, the run is over at the latest. The
// records that the run's operations create are stamped with it.
func (s *RecordStore) Begin(deadline time.Time) { s.deadline = deadline }

// Records lists the release's revisions in ascending order, from their metadata
// alone. After an operation, its revision's payload is read at the same time,
// since the next call is to Load it.
func (s *RecordStore) Records(ctx context.Context) ([]facts.Record, error) {
	s.ahead = nil
	if s.written == 0 {
		return s.store.Revisions(ctx, s.release)
	}
	reading := make(chan *payloadRead, 1)
	go func() { reading <- s.read(ctx, facts.Record{Key: record.Key(s.release, s.written)}) }()
	records, err := s.store.Revisions(ctx, s.release)
	if read := <-reading; read.err != nil || s.store.AsListed(read.payload) {
		s.ahead = read
	}
	return records, err
}

// payloadRead is the result of reading one record's payload.
type payloadRead struct {
	rec     facts.Record
	payload *record.Loaded
	err     error
}

func (s *RecordStore) read(ctx context.Context, rec facts.Record) *payloadRead {
	r := &payloadRead{rec: rec}
	r.payload, r.err = s.store.Load(ctx, &r.rec)
	return r
}

// Load reads one revision's payload into rec.
func (s *RecordStore) Load(ctx context.Context, rec *facts.Record) error {
	read := s.ahead
	s.ahead = nil
	if read == nil || read.rec.Key != rec.Key || errors.Is(read.err, facts.ErrChanged) {
		read = s.read(ctx, *rec)
	}
	if read.err != nil {
		return read.err
	}
	*rec = read.rec
	s.loaded[rec.Key] = read.payload
	return nil
}

// Settle writes a revision's status and description.
func (s *RecordStore) Settle(ctx context.Context, rec *facts.Record, status facts.Status, description string) error {
	l, err := s.payload(ctx, rec)
	if err != nil {
		return err
	}
	return s.forgetChanged(rec, s.store.Settle(ctx, l, status, description))
}

// Accept writes a revision's baseline.
func (s *RecordStore) Accept(ctx context.Context, rec *facts.Record, b facts.Baseline) error {
	l, err := s.payload(ctx, rec)
	if err != nil {
		return err
	}
	return s.forgetChanged(rec, s.store.Accept(ctx, l, b))
}

// Relabel gives a record the labels that its payload calls for, so that Helm
// finds it.
func (s *RecordStore) Relabel(ctx context.Context, rec *facts.Record) error {
	l, err := s.payload(ctx, rec)
	if err != nil {
		return err
	}
	if err := s.forgetChanged(rec, s.store.Relabel(ctx, l)); err != nil {
		return err
	}
	rec.LabelStatus, rec.Hidden = rec.PayloadStatus, false
	return nil
}

// payload returns the record's payload as it was last loaded, or loads it.
func (s *RecordStore) payload(ctx context.Context, rec *facts.Record) (*record.Loaded, error) {
	if s.loaded[rec.Key] == nil {
		if err := s.Load(ctx, rec); err != nil {
			return nil, err
		}
	}
	return s.loaded[rec.Key], nil
}

// forgetChanged drops the loaded payload where err says that the record changed
// since, and returns err.
func (s *RecordStore) forgetChanged(rec *facts.Record, err error) error {
	if errors.Is(err, facts.ErrChanged) {
		delete(s.loaded, rec.Key)
	}
	return err
}

// Discard deletes a record.
func (s *RecordStore) Discard(ctx context.Context, rec *facts.Record) error {
	delete(s.loaded, rec.Key)
	return s.store.Discard(ctx, rec)
}

// Quarantine moves a record to an object that Helm does not read, whole, and
// returns that object's name.
func (s *RecordStore) Quarantine(ctx context.Context, rec *facts.Record) (copied string, err error) {
	copied, err = s.store.Quarantine(ctx, rec)
	delete(s.loaded, rec.Key)
	return copied, err
}

// DiscardQuarantined deletes the release's records that were put in quarantine.
func (s *RecordStore) DiscardQuarantined(ctx context.Context) error {
	return s.store.DiscardQuarantined(ctx, s.release)
}

// Purge deletes every record of the release, hidden and unreadable ones too. The
// newest goes last, so that a run which is cut short leaves the one that tells
// where the release stands. It deletes nothing where a record is not among the known: its
// objects are those of a deploy that somebody has begun since, and only it tells of them.
func (s *RecordStore) Purge(ctx context.Context, known []facts.Record) error {
	records, err := s.store.Revisions(ctx, s.release)
	if err != nil {
		return err
	}
	for i := range records {
		if !slices.ContainsFunc(known, func(k facts.Record) bool { return k.UID == records[i].UID }) {
			return &problem.Problem{Reason: problem.LiveOperation, Tried: "remove the records of release " + s.release,
				Cause: fmt.Errorf("record %s was stored since its objects were looked at: %w", records[i].Key, facts.ErrChanged),
				Next:  "Let the other deploy of this release come to its end, then run again. No record was removed."}
		}
	}
	for i := range records {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("remove record %s: %w", records[i].Key, context.Cause(ctx))
		}
		if err := s.store.Discard(ctx, &records[i]); err != nil {
			return err
		}
	}
	return nil
}

// Changed returns nil when a record of the release is no longer as Records last
// listed it, or ctx's error.
func (s *RecordStore) Changed(ctx context.Context) error {
	return s.store.Changed(ctx, s.release)
}

// Others returns the other releases that have a record in the namespace, whichever of
// Helm's drivers keeps it. Unlisted is the resource of the other driver where that may
// not be listed, since the run needs no permission on it. Where the release's own records
// are gone, one of it counts, too: it was deployed again.
func (s *RecordStore) Others(ctx context.Context, gone bool) (others []facts.Neighbour, unlisted []string, err error) {
	var (
		both              sync.WaitGroup
		here, elsewhere   []facts.Neighbour
		hereErr, otherErr error
		resource          string
	)
	both.Go(func() { here, hereErr = s.store.ReleasesIn(ctx) })
	both.Go(func() { elsewhere, resource, otherErr = s.store.ReleasesOfOtherDriver(ctx) })
	both.Wait()
	if _, denied := errors.AsType[*record.DeniedError](otherErr); denied {
		otherErr, unlisted = nil, []string{resource}
	}
	if err := cmp.Or(hereErr, otherErr); err != nil {
		return nil, nil, err
	}
	for _, r := range here {
		switch {
		case r.Name != s.release:
			others = append(others, r)
		case gone:
			others = append(others, facts.Neighbour{Name: r.Name + ", deployed again meanwhile"})
		}
	}
	for _, r := range elsewhere { // of this name, too: this run's release is not kept there
		others = append(others, facts.Neighbour{Name: r.Name + ", stored in " + resource})
	}
	return others, unlisted, nil
}

// Elsewhere returns the resource in which Helm's other driver keeps records, and whether it has any of this
// release, or may not be listed: a run needs no permission on it.
func (s *RecordStore) Elsewhere(ctx context.Context) (resource string, has, denied bool, err error) {
	has, resource, err = s.store.HasInOtherDriver(ctx, s.release)
	if _, denied := errors.AsType[*record.DeniedError](err); denied {
		return resource, false, true, nil
	}
	return resource, has, false, err
}

// Audit returns every write to the records so far and how it ended.
func (s *RecordStore) Audit() []result.Write { return s.store.Audit() }

// WriteFailure returns the error of a write that Helm asked for and that was
// never made good, or nil. Helm may have swallowed it
// (https://github.com/helm/helm/issues/13189).
func (s *RecordStore) WriteFailure() error { return s.store.Failed() }
