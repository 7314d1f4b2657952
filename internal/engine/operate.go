package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
	"github.com/berth-dev/berth/internal/verdict"
)

// deployChart brings the chart onto the cluster, over whatever revisions that
// failed have left on the objects.
func (r *run) deployChart(ctx context.Context, what string, mode facts.DeployMode, f *facts.Facts) error {
	var dead []string
	for _, rec := range slices.Backward(verdict.FailedSinceDeployed(f)) {
		if !rec.Loaded {
			if err := r.Releases.Load(ctx, rec); err != nil {
				return err
			}
		}
		dead = append(dead, rec.Manifest)
	}
	return r.operate(ctx, what, f, func() result.Outcome { return r.Releases.Perform(ctx, mode, dead) })
}

// rollBack applies a stored revision anew (R3, R5).
func (r *run) rollBack(ctx context.Context, to int, before *facts.Facts) error {
	err := r.operate(ctx, fmt.Sprintf("Roll back to revision %d", to), before, func() result.Outcome { return r.Releases.Rollback(ctx, to) })
	if err == nil && r.result.Verb == verb.Repair {
		r.repaired("rollback", "Revision %d was applied anew, as revision %d.", to, r.result.Revision)
	}
	return err
}

// operate runs Helm and then believes what was stored, not what was returned.
func (r *run) operate(ctx context.Context, what string, before *facts.Facts, call func() result.Outcome) error {
	done := r.stepOf(what)
	r.wrote, r.operated, r.settled = true, true, ""
	out := call()
	done(out.Phases)
	r.noteOutcome(out)
	if out.Diagnostics != nil { // those of a failure stay when a rollback mends it
		r.result.Diagnostics = out.Diagnostics
	}
	r.result.ChartNote = out.Notes
	if out.Chart != "" {
		r.result.Chart = out.Chart
	}
	r.attempt = facts.Attempt{Run: r.Options.Run, Revision: max(out.Revision, next(before)), Outcome: "failed", HooksProven: out.Applied && len(out.Unproven) == 0}
	if !out.Applied {
		return r.failed(ctx, out, before)
	}
	r.attempt.Outcome = "deployed"
	r.result.Revision, r.result.Status = out.Revision, facts.StatusDeployed
	r.want = verdict.Reported{Revision: out.Revision, Manifest: out.Manifest}
	if err := first(r.Releases.WriteFailure(), out.Err); err != nil {
		return r.finishRecord(ctx, out, err)
	}
	return nil
}

// noteOutcome tells what an operation met on its way.
func (r *run) noteOutcome(out result.Outcome) {
	if len(out.Adopted) > 0 {
		r.repaired("adopt", "The records of `%s` were gone and its objects were not: %s were taken in again. "+
			"This happens when somebody deletes the Secrets that Helm keeps its records in.", r.Options.App.Release, strings.Join(out.Adopted, ", "))
	}
	if len(out.Taken) > 0 {
		r.repaired("take-over", "%s belonged to a release of which no record is left, and belong to `%s` now.", strings.Join(out.Taken, ", "), r.Options.App.Release)
	}
	writes := r.Releases.Audit()
	for _, w := range writes[r.audited:] {
		if w.Lost {
			r.note(result.LevelWarning, "An answer was lost", "The API server applied the %s of record %s and its answer did not arrive; reading it back showed that.", w.Verb, w.Key)
		}
	}
	r.audited = len(writes)
	for _, h := range out.Unproven {
		r.note(result.LevelWarning, "Hook not proven", "%s was deleted while it ran, and nothing shows that it came to its end. Helm counts that as its success.", h)
	}
}

// next is the revision that an operation over these facts creates.
func next(f *facts.Facts) int {
	if last := f.Last(); last != nil {
		return last.Revision + 1
	}
	return 1
}

// finishRecord makes good a final write that did not succeed (R1): Helm has
// done all it should, only the record does not say so. A write that was denied
// is not tried again; a person has to act first.
func (r *run) finishRecord(ctx context.Context, out result.Outcome, failure error) error {
	seen, err := r.gather(ctx, false)
	if err != nil {
		return errors.Join(failure, err)
	}
	last := seen.Last()
	if last != nil {
		r.result.Status = last.Payload
	}
	p := problem.Of(failure)
	if err := r.lockLost(ctx); err != nil {
		return err
	}
	if last != nil && last.Revision == out.Revision && last.Payload == facts.StatusDeployed {
		return r.dedupe(ctx, seen) // only the revision before was not superseded
	}
	stuck := last != nil && last.Revision == out.Revision && last.Payload.Pending() && last.Stamp.Run == r.Options.Run
	if p.Reason == problem.PermissionMissing || !stuck {
		unrecorded := *p
		unrecorded.Cause = fmt.Errorf("everything of revision %d is in place, but its record still says %s, and every later Helm operation will trip over it: %w",
			out.Revision, r.result.Status, p.Cause)
		return &unrecorded
	}
	r.Say("Record what Helm could not record: " + p.Error())
	if err := r.Releases.Settle(ctx, last, facts.StatusDeployed, "recorded by Berth: Helm's own last write failed"); err != nil {
		return err
	}
	r.repaired("record", "Helm's last write of revision %d failed (%v); Berth made it good.", out.Revision, failure)
	return r.dedupe(ctx, seen)
}
