package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verdict"
)

// operator runs Helm's installs, upgrades and rollbacks, and then believes what is
// stored, not what was returned.
type operator struct {
	operations Operations
	records    Records
	objects    Objects
	repairer   *recordRepairer
	gather     *gatherer
	lock       *lock
	journal    *journal
	report     *reporter
	release    string
	run        string

	ofMany  bool // the release is one of many that the run repairs
	audited int  // how many of the record's writes were looked through
}

// failedManifests reads the manifests of the revisions that failed since the
// deployed one, oldest first. Helm forgets what those left on the objects.
func (o *operator) failedManifests(ctx context.Context, f *facts.Facts) ([]string, error) {
	var failed []string
	for _, rec := range slices.Backward(verdict.FailedSinceDeployed(f)) {
		if err := o.gather.load(ctx, rec); err != nil {
			return nil, err
		}
		failed = append(failed, rec.Manifest)
	}
	return failed, nil
}

// revision returns a stored revision, read.
func (o *operator) revision(ctx context.Context, f *facts.Facts, number int) (*facts.Record, error) {
	for i := range f.Records {
		if rec := &f.Records[i]; rec.Revision == number {
			return rec, o.gather.load(ctx, rec)
		}
	}
	return &facts.Record{Revision: number}, nil // Helm says that it is not there
}

// deploy brings the chart onto the cluster by an install, replace or upgrade. What
// the failed manifests set, and the chart does not, is removed.
func (o *operator) deploy(ctx context.Context, what string, mode facts.DeployMode, failed []string, f *facts.Facts) (verdict.Reported,
	error) {
	return o.operate(ctx, what, f, func() result.Outcome {
		out := o.operations.Perform(ctx, mode, failed)
		o.report.result.Changes = out.Changes
		return out
	})
}

// rollback applies a stored revision anew, as a new revision.
func (o *operator) rollback(ctx context.Context, to int, f *facts.Facts) (verdict.Reported, error) {
	return o.operate(ctx, fmt.Sprintf("Roll back to revision %d", to), f, func() result.Outcome {
		return o.operations.Rollback(ctx, facts.Rollback{To: to, Within: o.ofMany})
	})
}

// operate runs one Helm operation and returns what it applied.
func (o *operator) operate(ctx context.Context, what string, before *facts.Facts, call func() result.Outcome) (verdict.Reported, error) {
	done := o.report.stepWithParts(what)
	o.journal.beginOperation()
	o.operations.Expect(verdict.Expected(before))
	out := call()
	done(out.Phases)
	o.report.wrote()
	o.describe(out)
	o.lock.attempt = facts.Attempt{Run: o.run, Revision: max(out.Revision, nextRevision(before)), Outcome: "failed",
		HooksProven: out.Applied && len(out.Unproven) == 0}
	if !out.Applied {
		return verdict.Reported{}, o.fail(ctx, out, before)
	}
	o.lock.attempt.Outcome = "deployed"
	applied := verdict.Reported{Revision: out.Revision, Manifest: out.Manifest, Left: out.Left, Unmended: out.Unmended,
		Definitions: out.Definitions}
	if err := firstError(o.operations.WriteFailure(), out.Err); err != nil {
		return applied, o.finishRecording(ctx, out, err)
	}
	return applied, nil
}

// nextRevision returns the revision that an operation over these facts creates.
func nextRevision(f *facts.Facts) int {
	if last := f.Last(); last != nil {
		return last.Revision + 1
	}
	return 1
}

// firstError returns the first error that is not nil.
func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// describe takes into the result what an operation found and did besides. The
// diagnostics of a failure stay when a rollback repairs it.
func (o *operator) describe(out result.Outcome) {
	if len(out.Adopted) > 0 {
		o.report.repaired("adopt", "The records of `%s` were gone and its objects were not: %s were taken in again. "+
			"This happens when somebody deletes the Secrets that Helm keeps its records in.", o.release, strings.Join(out.Adopted, ", "))
	}
	if len(out.Taken) > 0 {
		o.report.repaired("take-over", "%s belong to `%s` now: no record is left of the release that they named, or adopt names them. "+
			"Teardown leaves them, unless its own adopt names them too.", strings.Join(out.Taken, ", "), o.release)
	}
	o.report.left(out.Kept)
	writes := o.records.Audit()
	for _, w := range writes[o.audited:] {
		if w.Lost {
			o.report.note(result.LevelWarning, "An answer was lost",
				"The API server applied the %s of record %s and its answer did not arrive; reading it back showed that.", w.Verb, w.Key)
		}
	}
	o.audited = len(writes)
	for _, ref := range slices.SortedFunc(maps.Keys(out.Unmended), func(a, b facts.Ref) int { return cmp.Compare(a.String(), b.String()) }) {
		o.report.note(result.LevelWarning, "Object not mended",
			"%s is not as the chart says, and writing it again failed: %v", ref, out.Unmended[ref])
	}
	for _, h := range out.Unproven {
		o.report.note(result.LevelWarning, "Hook not proven",
			"%s was deleted while it ran, and nothing shows that it came to its end. Helm counts that as its success.", h)
	}
	res := &o.report.result
	res.ChartNote = out.Notes
	if out.Diagnostics != nil {
		res.Diagnostics = out.Diagnostics
	}
	if out.Chart != "" {
		res.Chart = out.Chart
	}
}

// failedOperation is the error of an operation that failed and whose record, which
// is this run's own, says so. Its problem is the run's end.
type failedOperation struct {
	problem  *problem.Problem
	revision int
}

func (e *failedOperation) Error() string { return e.problem.Error() }

// Unwrap returns the problem.
func (e *failedOperation) Unwrap() error { return e.problem }

// fail handles an operation that did not succeed. It returns a *failedOperation
// once the record names an end.
func (o *operator) fail(ctx context.Context, out result.Outcome, before *facts.Facts) error {
	if err := o.lock.lost(ctx); err != nil {
		return err
	}
	settle, cancel := detached(ctx)
	defer cancel()
	last, err := o.gather.lastRecord(settle)
	if err != nil {
		return errors.Join(err, out.Err)
	}
	switch verdict.JudgeFailed(before.Last(), last, o.run) {
	case verdict.StoredNothing:
		o.journal.undone()
		return nothingStored(out)
	case verdict.StoredByOthers:
		o.lock.attempt = o.lock.found.Attempt
		return overtaken(last, out.Err)
	case verdict.StoredPending:
		o.report.stored(last)
		// First of all: there may be time for nothing else.
		err = o.records.Settle(settle, last, facts.StatusFailed, fmt.Sprintf("settled by Berth: %v", out.Err))
	case verdict.StoredEnded:
		o.report.stored(last)
	}
	o.lock.attempt.Revision = last.Revision
	o.report.wrote()
	if err != nil {
		o.report.evidence("the deploy itself failed: %v", out.Err)
		o.observeFailure(settle, last, out.Diagnostics)
		return err
	}
	if last.PayloadStatus.Pending() {
		last.PayloadStatus = facts.StatusFailed
	}
	o.observeFailure(settle, last, out.Diagnostics)
	o.journal.settle(fmt.Sprintf("revision %d is recorded as %s", last.Revision, last.PayloadStatus))
	if interrupted(ctx) != nil {
		o.lock.attempt.Outcome = "interrupted"
	}
	return &failedOperation{o.recordedFailure(last, out), last.Revision}
}

// recordedFailure is the problem of a deploy whose record says failed. A missing
// permission comes first, since it is the cause and names what to grant, and so does an
// object that became somebody else's meanwhile.
func (o *operator) recordedFailure(last *facts.Record, out result.Outcome) *problem.Problem {
	o.report.evidence("the record of revision %d says failed, so nothing is stuck", last.Revision)
	var p *problem.Problem
	if errors.As(out.Err, &p) && (p.Reason == problem.PermissionMissing || p.Reason == problem.Foreign) {
		own := *p
		own.Next = text.Sentences(p.Next, fmt.Sprintf("The deploy of revision %d failed because of it", last.Revision),
			"Nothing else is to be mended: the record says failed, so nothing is stuck.")
		return &own
	}
	p = verdict.Failed(o.release, out.Err, "Fix what is named here and deploy again: nothing is stuck.")
	return verdict.NameCause(p, result.FaultsOf(out.Diagnostics), o.report.result.Namespace, nil)
}

// overtaken is the problem of an operation in whose place another run's is stored.
func overtaken(last *facts.Record, cause error) error {
	return &problem.Problem{Reason: problem.LiveOperation, Cause: cause,
		Headline: fmt.Sprintf("Somebody else works on this release: revision %d is theirs, and %s.", last.Revision, last.PayloadStatus),
		Next:     "Let it end, then run again."}
}

// nothingStored is the problem of an operation that stored no record. An error
// that is classified already stays; any other is the chart's, unless time ran out.
func nothingStored(out result.Outcome) error {
	var p *problem.Problem
	switch {
	case errors.As(out.Err, &p):
		return out.Err
	case out.Cut:
		return &problem.Problem{Reason: problem.Unanswered, Tried: "begin the operation", Cause: out.Err,
			Next: "Check that the API server is well, then run again. Nothing was stored."}
	}
	return &problem.Problem{Reason: problem.ChartInvalid, Tried: "prepare the release from the chart", Cause: out.Err,
		Next: "Fix the chart or its values and deploy again. Nothing was stored."}
}

// observeFailure takes the objects as they are now into the result, with the
// reasons that the operation found. An error only leaves them out.
func (o *operator) observeFailure(ctx context.Context, last *facts.Record, found *result.Diagnostics) {
	if objects, err := o.objects.Observe(ctx, last.Manifest); err == nil {
		found.Explain(objects)
		o.report.result.Objects = objects
	}
}

// finishRecording writes the status that Helm could not: the operation succeeded,
// and only its record does not say so.
func (o *operator) finishRecording(ctx context.Context, out result.Outcome, failure error) error {
	f, err := o.gather.gather(ctx, scope{})
	if err != nil {
		return errors.Join(failure, err)
	}
	last := f.Last()
	if last != nil {
		o.report.stored(last)
	}
	p := problem.Of(failure)
	if err := o.lock.lost(ctx); err != nil {
		return err
	}
	switch verdict.JudgeRecording(last, out.Revision, o.run, p.Reason) {
	case verdict.RecordingDone:
		return o.repairer.dedupe(ctx, f) // only the revision before was not superseded
	case verdict.RecordingLost:
		unrecorded := *p
		unrecorded.Cause = fmt.Errorf("everything of revision %d is in place and runs, but Helm's record of it still says %s, "+
			"on which every later Helm operation will fail: %w",
			out.Revision, o.report.result.Status, p.Cause)
		return &unrecorded
	case verdict.RecordingWritable:
	}
	o.report.say("Record what Helm could not record: " + p.Error())
	if err := o.records.Settle(ctx, last, facts.StatusDeployed, "recorded by Berth: Helm's own last write failed"); err != nil {
		return err
	}
	o.report.repaired("record", "Helm's last write of revision %d failed (%v); Berth made it good.", out.Revision, failure)
	return o.repairer.dedupe(ctx, f)
}
