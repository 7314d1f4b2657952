package verdict

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/text"
)

// Stored names what a Helm operation that did not succeed has left on record.
type Stored string

// What can be stored. docs/stuck.md explains how each comes about.
const (
	StoredNothing  Stored = "nothing" // the last record is the one from before
	StoredByOthers Stored = "others"  // the last record is another run's
	StoredPending  Stored = "pending" // this run's own record is still pending
	StoredEnded    Stored = "ended"   // this run's own record names an end
)

// JudgeFailed returns what an operation of the given run that failed has left on
// record. before and last are the last record before and after the operation; nil
// where there was none.
func JudgeFailed(before, last *facts.Record, run string) Stored {
	switch {
	case last == nil || before != nil && last.Revision == before.Revision:
		return StoredNothing
	case last.Stamp.Run != run:
		return StoredByOthers
	case last.PayloadStatus.Pending():
		return StoredPending
	}
	return StoredEnded
}

// Recording names what is stored of an operation that succeeded and whose last
// write failed.
type Recording string

// What can be stored.
const (
	RecordingDone     Recording = "done"     // its record says deployed after all
	RecordingWritable Recording = "writable" // its record is pending, and may be written
	RecordingLost     Recording = "lost"     // it may not be written, or is not this run's
)

// JudgeRecording returns what is stored of the given revision of a run whose last
// write failed for this reason. A write that was denied is not repeated: a person
// has to act first.
func JudgeRecording(last *facts.Record, revision int, run string, failure problem.ExitReason) Recording {
	switch {
	case last == nil || last.Revision != revision:
		return RecordingLost
	case last.PayloadStatus == facts.StatusDeployed:
		return RecordingDone
	case failure == problem.PermissionMissing || !last.PayloadStatus.Pending() || last.Stamp.Run != run:
		return RecordingLost
	}
	return RecordingWritable
}

// PlanAfterFailure returns what on-failure asks for after the deploy of a revision
// failed. Without a revision to return to, a rollback has no steps.
func PlanAfterFailure(f *facts.Facts, failed int, p Policy) Plan {
	if misplaced := RefuseMisplaced(f); misplaced != nil {
		return Plan{Refusal: misplaced}
	}
	if p.OnFailure != OnFailureKeep && p.OnFailure != "" {
		if overtaken := refuseOvertaken(f, failed); overtaken != nil {
			return Plan{Refusal: overtaken}
		}
	}
	switch p.OnFailure {
	case OnFailureRollback:
		if target := rollbackCandidate(f, failed); target > 0 {
			return Plan{Steps: []Step{{Kind: StepRollback, Target: target}}}
		}
	case OnFailureUninstall:
		own := TenancyOf(f.Namespace, f.Identity) == TenancyOwn
		return Plan{Steps: []Step{{Kind: StepTakeDown, StopAtKept: own, StopAtMarked: own}}}
	case OnFailureKeep, "":
	}
	return Plan{}
}

// refuseOvertaken returns why nothing is done about a deploy that failed: its revision is not the
// last one any more, and what is stored since is somebody's who does not ask for the lock, such as
// by Helm's command line.
func refuseOvertaken(f *facts.Facts, failed int) *problem.Problem {
	const next = "run berth check to see where the release stands: nothing was done about the deploy that failed"
	switch last := f.Last(); {
	case last == nil:
		return refuse(problem.LiveOperation, "somebody else has taken the release away since", next).Refusal
	case last.Revision != failed:
		theirs := fmt.Sprintf("revision %d is somebody else's, and %s", last.Revision, last.PayloadStatus)
		return refuse(problem.LiveOperation, theirs, next).Refusal
	}
	return nil
}

// Failed is the problem of a deploy that failed and whose record says so.
func Failed(release string, cause error, nextStep string) *problem.Problem {
	return &problem.Problem{Reason: problem.DeployFailed, Cause: cause, Next: nextStep,
		Headline: text.Cut(fmt.Sprintf("The deploy of `%s` failed: %s", release, firstLine(cause)), maxWhy)}
}

// AfterFailure adds to the problem of a deploy that failed what was done about it.
func AfterFailure(p *problem.Problem, done string) *problem.Problem {
	own := *p
	own.Headline = strings.TrimSuffix(p.Headline, ".") + "; " + done
	return &own
}

// NotFound is the problem of a release that is not there.
func NotFound(release, namespace string) *problem.Problem {
	return &problem.Problem{Reason: problem.NotFound,
		Headline: fmt.Sprintf("There is no release `%s` in `%s`.", release, namespace),
		Next:     "Check the names, or deploy it."}
}
