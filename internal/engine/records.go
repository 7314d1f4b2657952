package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verdict"
)

// recordRepairer repairs the stored records, under the lock.
type recordRepairer struct {
	records Records
	gather  *gatherer
	lock    *lock
	journal *journal
	report  *reporter
	// leaves says that a record that cannot be read is left where it is: nobody has spoken of this
	// release alone.
	leaves bool
}

// promote marks the last record deployed. The diagnosis has shown that only its
// recording failed.
func (r *recordRepairer) promote(ctx context.Context, f *facts.Facts) error {
	defer r.report.step("Correct the record: only its last write had failed")()
	last := f.Last()
	was := last.PayloadStatus
	if err := r.settle(ctx, last, facts.StatusDeployed,
		"promoted by Berth: all of it was in place, only its recording had failed"); err != nil {
		return err
	}
	r.report.repaired("promote",
		"An earlier run deployed revision %d, but Helm's record of it said %s. Everything it describes is in place, so the record "+
			"now says deployed; no pod was restarted. If this comes again, grant `update` on the resource that holds the records, "+
			"which is Secrets unless HELM_DRIVER says otherwise.", last.Revision, was)
	return nil
}

// unlock marks the record of a dead operation failed.
func (r *recordRepairer) unlock(ctx context.Context, f *facts.Facts) error {
	defer r.report.step("Unlock the record of a dead operation")()
	last := f.Last()
	was := last.PayloadStatus
	if err := r.settle(ctx, last, facts.StatusFailed, fmt.Sprintf("unlocked by Berth from a stale %s", was)); err != nil {
		return err
	}
	r.report.repaired("unlock", "Revision %d was left %s by an operation that is dead; its record now says failed.", last.Revision, was)
	return nil
}

// accept stores what is known to differ from the last record's manifest.
func (r *recordRepairer) accept(ctx context.Context, last *facts.Record, b facts.Baseline) error {
	err := r.write(ctx, func() error { return r.records.Accept(ctx, last, b) })
	if err == nil || r.lock.lost(ctx) != nil {
		return err
	}
	p := *problem.Of(err)
	p.Cause = fmt.Errorf("everything of revision %d is in place; only what others made of it could not be noted on its record, "+
		"and a later check will name that: %w", last.Revision, p.Cause)
	return &p
}

// swept takes off the record of a revision that what failed ones left is still to be deleted. Where that fails,
// the next deploy looks once more.
func (r *recordRepairer) swept(ctx context.Context, revision int) error {
	last := r.unswept(ctx, revision)
	if last == nil {
		return nil
	}
	err := r.settle(ctx, last, last.PayloadStatus, strings.TrimSuffix(last.Description, facts.Unswept))
	if err != nil && r.lock.lost(ctx) != nil {
		return err
	}
	return nil
}

// unswept returns the record of a revision that says so, or nil. Where it cannot be read, the proof finds that out.
func (r *recordRepairer) unswept(ctx context.Context, revision int) *facts.Record {
	last, err := r.gather.lastRecord(ctx)
	if err != nil || last == nil || last.Revision != revision || last.DecodeError != "" ||
		!strings.HasSuffix(last.Description, facts.Unswept) {
		return nil
	}
	return last
}

// dedupe marks superseded what is superfluously deployed.
func (r *recordRepairer) dedupe(ctx context.Context, f *facts.Facts) error {
	for _, rec := range verdict.Superfluous(f) {
		if err := r.settle(ctx, rec, facts.StatusSuperseded, "superseded, recorded by Berth"); err != nil {
			return err
		}
		if !r.report.hasRepaired("dedupe") {
			r.report.repaired("dedupe", "Revision %d still said deployed beside revision %d, which is newer; it now says superseded.",
				rec.Revision, f.Last().Revision)
		}
	}
	return nil
}

// relabel writes the labels anew of every record that Helm does not see, and of a
// last record whose label contradicts its payload.
func (r *recordRepairer) relabel(ctx context.Context, f *facts.Facts) error {
	defer r.report.step("Restore the labels of the records")()
	var wrong []*facts.Record
	for i := range f.Records {
		rec := &f.Records[i]
		if !rec.Hidden && (rec != f.Last() || rec.LabelStatus == rec.PayloadStatus) {
			continue
		}
		if err := r.gather.load(ctx, rec); err != nil {
			return err
		}
		if rec.DecodeError != "" && r.leaves {
			return verdict.RefuseToMove(rec)
		}
		wrong = append(wrong, rec)
	}
	for _, rec := range wrong {
		if err := r.relabelOne(ctx, rec); err != nil {
			return err
		}
	}
	return nil
}

// relabelOne quarantines a record that cannot be decoded: its labels cannot be
// told, and its name blocks Helm all the same.
func (r *recordRepairer) relabelOne(ctx context.Context, rec *facts.Record) error {
	if rec.DecodeError != "" {
		return r.moveAside(ctx, rec)
	}
	was, hidden := rec.LabelStatus, rec.Hidden
	if err := r.write(ctx, func() error { return r.records.Relabel(ctx, rec) }); err != nil {
		return err
	}
	why := fmt.Sprintf("its label said %s and its payload %s", was, rec.PayloadStatus)
	if hidden {
		why = "it lacked the labels by which Helm finds its records"
	}
	r.report.repaired("relabel", "Revision %d has its labels again: %s. Records must not be edited by hand.", rec.Revision, why)
	return nil
}

// quarantine moves the last record, which cannot be read, out of Helm's sight.
func (r *recordRepairer) quarantine(ctx context.Context, f *facts.Facts) error {
	defer r.report.step("Move a record that cannot be read out of the way")()
	return r.moveAside(ctx, f.Last())
}

// quarantineUnreadable moves every record that cannot be decoded out of Helm's
// sight and out of the facts, and returns their keys. What they named is not
// known: only a namespace that is deleted takes it along.
func (r *recordRepairer) quarantineUnreadable(ctx context.Context, f *facts.Facts) (unreadable []string, err error) {
	readable := f.Records[:0]
	for i := range f.Records {
		rec := f.Records[i]
		if err := r.gather.load(ctx, &rec); err != nil {
			return unreadable, err
		}
		if rec.DecodeError == "" {
			readable = append(readable, rec)
			continue
		}
		if err := r.moveAside(ctx, &rec); err != nil {
			return unreadable, err
		}
		unreadable = append(unreadable, rec.Key)
	}
	f.Records = readable
	return unreadable, nil
}

// moveAside refuses a record that was copied from elsewhere since the facts were
// gathered: it can be read, and is not this run's to move.
func (r *recordRepairer) moveAside(ctx context.Context, rec *facts.Record) error {
	if p := verdict.RefuseMisplaced(&facts.Facts{Namespace: r.gather.ns.now, Records: []facts.Record{*rec}}); p != nil {
		return p
	}
	var where string
	err := r.write(ctx, func() (err error) {
		where, err = r.records.Quarantine(ctx, rec)
		return err
	})
	if err != nil {
		return err
	}
	r.report.repaired("quarantine",
		"Record %s could not be decoded (%s) and was moved to %s, where Helm does not look. What it described is not known.", rec.Key,
		rec.DecodeError, where)
	return nil
}

// discard deletes the record of an install that created none of its objects.
func (r *recordRepairer) discard(ctx context.Context, f *facts.Facts) error {
	defer r.report.step("Remove the record of an install that made nothing")()
	last := f.Last()
	if err := r.write(ctx, func() error { return r.records.Discard(ctx, last) }); err != nil {
		return err
	}
	f.Records = f.Records[:len(f.Records)-1]
	r.report.repaired("discard", "Revision %d was left %s by an operation that is dead and had made nothing; its record was removed.",
		last.Revision, last.PayloadStatus)
	return nil
}

// settle writes a status into a record by compare-and-swap, and into the facts.
func (r *recordRepairer) settle(ctx context.Context, rec *facts.Record, to facts.Status, why string) error {
	if err := r.write(ctx, func() error { return r.records.Settle(ctx, rec, to, why) }); err != nil {
		return err
	}
	rec.LabelStatus, rec.PayloadStatus = to, to
	return nil
}

// write makes one change to the records, unless the lock is lost.
func (r *recordRepairer) write(ctx context.Context, change func() error) error {
	if err := r.lock.lost(ctx); err != nil {
		return err
	}
	r.journal.begin()
	err := change()
	if err == nil {
		return nil
	}
	if lost := r.lock.lost(ctx); lost != nil {
		return lost
	}
	p := *problem.Of(err)
	if p.Reason == problem.Internal {
		p.Reason, p.Tried, p.Next = problem.RepairFailed, "repair the records of the release", "Run berth check to see where the release stands."
	}
	return &p
}
