package engine

import (
	"context"
	"fmt"

	"github.com/berth-dev/berth/internal/verdict"
)

// promote marks the last record deployed (R2): the diagnosis has shown that
// only its recording failed.
func (r *run) promote(ctx context.Context, f *verdict.Facts) error {
	defer r.step("Promote the record: only its recording failed")()
	last := f.Last()
	was := last.Payload
	if err := r.settle(ctx, last, verdict.StatusDeployed, "promoted by Berth: all of it was in place, only its recording had failed"); err != nil {
		return err
	}
	r.repaired("promote", "Revision %d said %s though everything it describes is in place; its record now says deployed. No pod was touched. "+
		"This happens when the last write of a release is denied or lost; grant update on the record's resource to avoid it.", last.Revision, was)
	return nil
}

// unlock marks a dead operation's record failed (R4).
func (r *run) unlock(ctx context.Context, f *verdict.Facts) error {
	defer r.step("Unlock the record of a dead operation")()
	last := f.Last()
	was := last.Payload
	if err := r.settle(ctx, last, verdict.StatusFailed, fmt.Sprintf("unlocked by Berth from a stale %s", was)); err != nil {
		return err
	}
	r.repaired("unlock", "Revision %d was left %s by an operation that is dead; its record now says failed.", last.Revision, was)
	return nil
}

// dedupe marks older deployed revisions superseded (R10).
func (r *run) dedupe(ctx context.Context, f *verdict.Facts) error {
	for i := range f.Records[:len(f.Records)-1] {
		rec := &f.Records[i]
		if rec.Label != verdict.StatusDeployed {
			continue
		}
		if err := r.settle(ctx, rec, verdict.StatusSuperseded, "superseded, recorded by Berth"); err != nil {
			return err
		}
		if r.result.Repair == "" {
			r.repaired("dedupe", "Revision %d still said deployed beside revision %d; it now says superseded.", rec.Revision, f.Last().Revision)
		}
	}
	return nil
}

// settle writes a status by compare-and-swap and keeps the facts true to it.
func (r *run) settle(ctx context.Context, rec *verdict.Record, to verdict.Status, why string) error {
	if err := r.lockLost(ctx); err != nil {
		return err
	}
	r.wrote = true
	if err := r.Releases.Settle(ctx, rec, to, why); err != nil {
		p := *verdict.ProblemOf(err)
		if p.Ending == verdict.EndInternal {
			p.Ending = verdict.EndRepairFailed
		}
		return &p
	}
	rec.Label, rec.Payload = to, to
	return nil
}

// repaired says what was wrong and what was done, in the report and as a
// warning: a repair that nobody hears of hides its cause.
func (r *run) repaired(what, format string, args ...any) {
	r.result.Repair = what
	r.note(verdict.LevelWarning, "Release repaired", format, args...)
}
