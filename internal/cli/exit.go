package cli

import "github.com/berth-dev/berth/internal/problem"

// The exit codes. They are part of the contract: docs/exit-codes.md.
const (
	exitOK            = 0
	exitInternal      = 1
	exitPermission    = 20
	exitLive          = 21
	exitUnknownHolder = 22
	exitDeployFailed  = 23
	exitInconsistent  = 24
	exitRepairFailed  = 25
	exitUnanswered    = 26
	exitForeign       = 27
	exitTerminating   = 28
	exitUnreadable    = 29
	exitChart         = 30
	exitProbe         = 31
	exitSweep         = 32
	exitNotFound      = 33
	exitWrongInput    = 64
	exitHungUp        = 129
	exitInterrupted   = 130
	exitTerminated    = 143
)

// exitCode is the only place that maps how a run ended to an exit code.
func exitCode(e problem.ExitReason) int {
	switch e {
	case problem.Consistent, problem.NothingToDo:
		return exitOK
	case problem.Internal:
		return exitInternal
	case problem.PermissionMissing:
		return exitPermission
	case problem.LiveOperation:
		return exitLive
	case problem.LivenessUnknown:
		return exitUnknownHolder
	case problem.DeployFailed:
		return exitDeployFailed
	case problem.Inconsistent:
		return exitInconsistent
	case problem.RepairFailed:
		return exitRepairFailed
	case problem.Unanswered:
		return exitUnanswered
	case problem.Foreign:
		return exitForeign
	case problem.NamespaceTerminating:
		return exitTerminating
	case problem.RecordUnreadable:
		return exitUnreadable
	case problem.ChartInvalid:
		return exitChart
	case problem.ProbeFailed:
		return exitProbe
	case problem.SweepIncomplete:
		return exitSweep
	case problem.NotFound:
		return exitNotFound
	case problem.WrongInput:
		return exitWrongInput
	case problem.Interrupted:
		return exitInterrupted
	case problem.Terminated:
		return exitTerminated
	case problem.HungUp:
		return exitHungUp
	}
	return exitInternal
}
