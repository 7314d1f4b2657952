package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// promote marks the last record deployed (R2): the diagnosis has shown that
// only its recording failed.
func (r *run) promote(ctx context.Context, f *facts.Facts) error {
	defer r.step("Promote the record: only its recording failed")()
	last := f.Last()
	was := last.Payload
	if err := r.settle(ctx, last, facts.StatusDeployed, "promoted by Berth: all of it was in place, only its recording had failed"); err != nil {
		return err
	}
	r.repaired("promote", "Revision %d said %s though everything it describes is in place; its record now says deployed. No pod was touched. "+
		"This happens when the last write of a release is denied or lost; grant update on the record's resource to avoid it.", last.Revision, was)
	return nil
}

// unlock marks a dead operation's record failed (R4).
func (r *run) unlock(ctx context.Context, f *facts.Facts) error {
	defer r.step("Unlock the record of a dead operation")()
	last := f.Last()
	was := last.Payload
	if err := r.settle(ctx, last, facts.StatusFailed, fmt.Sprintf("unlocked by Berth from a stale %s", was)); err != nil {
		return err
	}
	r.repaired("unlock", "Revision %d was left %s by an operation that is dead; its record now says failed.", last.Revision, was)
	return nil
}

// dedupe marks older deployed revisions superseded (R10).
func (r *run) dedupe(ctx context.Context, f *facts.Facts) error {
	for i := range f.Records[:len(f.Records)-1] {
		rec := &f.Records[i]
		if rec.Label != facts.StatusDeployed {
			continue
		}
		if err := r.settle(ctx, rec, facts.StatusSuperseded, "superseded, recorded by Berth"); err != nil {
			return err
		}
		if !slices.Contains(r.repairs, "dedupe") {
			r.repaired("dedupe", "Revision %d still said deployed beside revision %d; it now says superseded.", rec.Revision, f.Last().Revision)
		}
	}
	return nil
}

// relabel writes the labels of records that Helm does not see, and of a last one
// whose label contradicts its payload, anew.
func (r *run) relabel(ctx context.Context, f *facts.Facts) error {
	defer r.step("Restore the labels of the records")()
	for i := range f.Records {
		rec := &f.Records[i]
		if !rec.Hidden && (rec != f.Last() || rec.Label == rec.Payload) {
			continue
		}
		if !rec.Loaded {
			if err := r.Releases.Load(ctx, rec); err != nil {
				return err
			}
		}
		if rec.DecodeError != "" { // its labels cannot be told, and it stands in the way all the same
			if err := r.setAside(ctx, rec); err != nil {
				return err
			}
			continue
		}
		was, hidden := rec.Label, rec.Hidden
		if err := r.write(ctx, func() error { return r.Releases.Relabel(ctx, rec) }); err != nil {
			return err
		}
		why := fmt.Sprintf("its label said %s and its payload %s", was, rec.Payload)
		if hidden {
			why = "it lacked the labels by which Helm finds its records"
		}
		r.repaired("relabel", "Revision %d has its labels again: %s. Records must not be edited by hand.", rec.Revision, why)
	}
	return nil
}

// quarantine moves the last record, which nobody can read, out of the way (R14).
func (r *run) quarantine(ctx context.Context, f *facts.Facts) error {
	defer r.step("Move a record that cannot be read out of the way")()
	return r.setAside(ctx, f.Last())
}

func (r *run) setAside(ctx context.Context, rec *facts.Record) error {
	var where string
	err := r.write(ctx, func() (err error) {
		where, err = r.Releases.Quarantine(ctx, rec)
		return err
	})
	if err != nil {
		return err
	}
	r.repaired("quarantine", "Record %s could not be decoded (%s) and was moved to %s, where Helm does not look. What it described is not known.", rec.Key, rec.DecodeError, where)
	return nil
}

// discard removes the record of an install that made none of its objects (R6).
func (r *run) discard(ctx context.Context, f *facts.Facts) error {
	defer r.step("Remove the record of an install that made nothing")()
	last := f.Last()
	if err := r.write(ctx, func() error { return r.Releases.Discard(ctx, last) }); err != nil {
		return err
	}
	f.Records = f.Records[:len(f.Records)-1]
	r.repaired("discard", "Revision %d was left %s by an operation that is dead and had made nothing; its record was removed.", last.Revision, last.Payload)
	return nil
}

// uninstallStuck takes a release away that cannot be mended otherwise (R7).
func (r *run) uninstallStuck(ctx context.Context, f *facts.Facts) error {
	was := *f.Last()
	r.keepObserved(f) // the evidence, before it goes
	if err := r.removeRelease(ctx, f); err != nil {
		return err
	}
	f.Records = nil
	r.repaired("uninstall", "Revision %d was left %s by an operation that is dead; the release was uninstalled and its records removed.", was.Revision, was.Payload)
	return nil
}

// settle writes a status by compare-and-swap and keeps the facts true to it.
func (r *run) settle(ctx context.Context, rec *facts.Record, to facts.Status, why string) error {
	if err := r.write(ctx, func() error { return r.Releases.Settle(ctx, rec, to, why) }); err != nil {
		return err
	}
	rec.Label, rec.Payload = to, to
	return nil
}

// write makes one change to the records, under the lock alone.
func (r *run) write(ctx context.Context, change func() error) error {
	if err := r.lockLost(ctx); err != nil {
		return err
	}
	r.wrote = true
	err := change()
	if err == nil {
		return nil
	}
	p := *problem.Of(err)
	if p.Reason == problem.Internal {
		p.Reason = problem.RepairFailed
	}
	return &p
}

// repaired says what was wrong and what was done, in the report and as a
// warning: a repair that nobody hears of hides its cause.
func (r *run) repaired(what, format string, args ...any) {
	r.repairs = append(r.repairs, what)
	r.result.Repair = strings.Join(r.repairs, ", ")
	r.note(result.LevelWarning, "Release repaired", format, args...)
}
