package verdict

import "github.com/berth-dev/berth/internal/problem"

// Judges returns whether a run that ended like this has found out how the release stands.
// One that was refused or cut short, or that got no answer, has not.
func Judges(r problem.ExitReason) bool {
	switch r {
	case problem.Consistent, problem.DeployFailed, problem.Inconsistent, problem.RepairFailed, problem.ProbeFailed,
		problem.RecordUnreadable:
		return true
	case problem.Internal, problem.PermissionMissing, problem.LiveOperation, problem.LivenessUnknown, problem.Unanswered,
		problem.Foreign, problem.NamespaceTerminating, problem.ChartInvalid, problem.SweepIncomplete, problem.NotFound,
		problem.WrongInput, problem.Interrupted, problem.Terminated, problem.HungUp, problem.NothingToDo:
		return false
	}
	return false
}
