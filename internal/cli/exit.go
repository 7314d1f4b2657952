package cli

import "github.com/berth-dev/berth/internal/verdict"

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
	exitInterrupted   = 130
	exitTerminated    = 143
)

// exitCode is the only place that maps how a run ended to an exit code.
func exitCode(e verdict.Ending) int {
	switch e {
	case verdict.EndConsistent, verdict.EndNothingToDo:
		return exitOK
	case verdict.EndInternal:
		return exitInternal
	case verdict.EndPermission:
		return exitPermission
	case verdict.EndLive:
		return exitLive
	case verdict.EndUnknownHolder:
		return exitUnknownHolder
	case verdict.EndDeployFailed:
		return exitDeployFailed
	case verdict.EndInconsistent:
		return exitInconsistent
	case verdict.EndRepairFailed:
		return exitRepairFailed
	case verdict.EndUnanswered:
		return exitUnanswered
	case verdict.EndForeign:
		return exitForeign
	case verdict.EndTerminating:
		return exitTerminating
	case verdict.EndUnreadable:
		return exitUnreadable
	case verdict.EndChart:
		return exitChart
	case verdict.EndProbe:
		return exitProbe
	case verdict.EndSweep:
		return exitSweep
	case verdict.EndNotFound:
		return exitNotFound
	case verdict.EndWrongInput:
		return exitWrongInput
	case verdict.EndInterrupted:
		return exitInterrupted
	case verdict.EndTerminated:
		return exitTerminated
	}
	return exitInternal
}
