package result

import (
	"time"

	"github.com/berth-dev/berth/internal/problem"
)

// SweepTotals is what all sweeps have done that counted it in one place.
type SweepTotals struct {
	Ends    map[SweepEnd]int64 // how many sweeps ended so
	Deleted int64              // apps that went
	Failed  int64              // apps that could not be taken down
	LastRun time.Time          // when the last sweep ended; zero: there was none
	// LastSuccess is when the last one ended that was complete; zero: there was none.
	LastSuccess time.Time
}

// SweepEnd is how a sweep ended, as one word of a fixed set.
type SweepEnd string

// The ends of a sweep.
const (
	SweepComplete    SweepEnd = "complete"    // what was to go went, or nothing was to go
	SweepIncomplete  SweepEnd = "incomplete"  // an app could not be taken down, or a limit or the platform's silence kept one
	SweepDry         SweepEnd = "dry-run"     // nothing was to go, whatever was found
	SweepInterrupted SweepEnd = "interrupted" // by a signal
	SweepFailed      SweepEnd = "failed"      // it could not find out what there is
)

// SweepEnds are all of them.
var SweepEnds = []SweepEnd{SweepComplete, SweepIncomplete, SweepDry, SweepInterrupted, SweepFailed}

// SweepEndOf returns how a sweep ended.
func SweepEndOf(r Result) SweepEnd {
	if r.Sweep == nil {
		return SweepFailed
	}
	switch r.Reason {
	case problem.Consistent, problem.NothingToDo:
		if r.Sweep.DryRun {
			return SweepDry
		}
		return SweepComplete
	case problem.SweepIncomplete:
		return SweepIncomplete
	case problem.Interrupted, problem.Terminated, problem.HungUp:
		return SweepInterrupted
	case problem.Internal, problem.PermissionMissing, problem.LiveOperation, problem.DeployFailed, problem.Inconsistent, problem.RepairFailed,
		problem.Unanswered, problem.LivenessUnknown, problem.Foreign, problem.NamespaceTerminating, problem.RecordUnreadable,
		problem.ChartInvalid, problem.ProbeFailed, problem.NotFound, problem.WrongInput:
	}
	return SweepFailed
}

// With returns the totals with one more sweep, which ended at that time.
func (t SweepTotals) With(r Result, at time.Time) SweepTotals {
	ends := map[SweepEnd]int64{}
	for _, end := range SweepEnds {
		ends[end] = t.Ends[end]
	}
	end := SweepEndOf(r)
	ends[end]++
	t.Ends, t.LastRun = ends, at.UTC()
	if end == SweepComplete {
		t.LastSuccess = at.UTC()
	}
	if r.Sweep != nil {
		t.Deleted += int64(len(r.Sweep.Of(FateWent)))
		t.Failed += int64(len(r.Sweep.Of(FateFailed)))
	}
	return t
}
