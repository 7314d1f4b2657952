package result

import (
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verb"
)

// Stage is where a review app stands, as its pull request shows it.
type Stage string

// The stages. StageNone is that of a run which changes nothing about the app.
const (
	StageNone      Stage = ""
	StageDeploying Stage = "deploying"
	StageReady     Stage = "ready"
	StageFailed    Stage = "failed"
	StageCancelled Stage = "cancelled"
	StageLeaving   Stage = "leaving" // it is being taken down
	StageGone      Stage = "gone"
)

// Underway reports whether a run is at work on the app.
func (s Stage) Underway() bool { return s == StageDeploying || s == StageLeaving }

// Stage returns where the run has brought the review app, or is bringing it where it has
// not ended.
func (r Result) Stage() Stage {
	going, done := StageDeploying, StageReady
	switch properties := verb.Of(r.Verb); {
	case properties.Removes:
		going, done = StageLeaving, StageGone
	case !properties.NeedsChart:
		return StageNone
	}
	switch r.Reason {
	case "":
		return going
	case problem.Consistent:
		return done
	case problem.NothingToDo: // of a teardown, too: it has left the app to whoever uses it
		return StageNone
	case problem.Interrupted, problem.Terminated, problem.HungUp:
		return StageCancelled
	case problem.Internal, problem.PermissionMissing, problem.LiveOperation, problem.LivenessUnknown, problem.DeployFailed,
		problem.Inconsistent, problem.RepairFailed, problem.Unanswered, problem.Foreign, problem.NamespaceTerminating,
		problem.RecordUnreadable, problem.ChartInvalid, problem.ProbeFailed, problem.SweepIncomplete, problem.NotFound, problem.WrongInput:
	}
	return StageFailed
}
