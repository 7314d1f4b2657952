package verdict

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// EndCheck returns the problem with which a check ends before its timeout, because
// looking again cannot help; nil to look again.
func EndCheck(f *facts.Facts, d Diagnosis, reported Reported, checks []result.Check) *problem.Problem {
	switch d.State {
	case StateAbsent:
		return NotFound(f.Release, f.Namespace.Name)
	case StateFailed:
		if reported.Revision != 0 {
			return nil // a later operation than the one that was reported
		}
		last := f.Last()
		return Failed(f.Release, last.Revision, errors.New(last.Description), "Mend what is named here and deploy again.")
	case StateRecordingFailed:
		return notAsReported(f, checks, errors.New(d.Cause), nextPromote)
	case StateAbandoned:
		return notAsReported(f, checks, fmt.Errorf("%s; %s", d.Cause, strings.Join(d.Blockers, "; ")), "Run berth deploy, which deploys over it.")
	case StateUnreadable:
		return &problem.Problem{Reason: problem.RecordUnreadable, Headline: "The last record of `" + f.Release + "` cannot be read.",
			Cause: errors.New(d.Cause), Next: "Run berth deploy, or berth repair: they move it out of the way."}
	case StateForeign, StateTerminating:
		return Refuse(f, d)
	case StateDeployed:
		return failedForGood(f, reported, checks)
	case StateTwoDeployed, StateNoneDeployed, StateUninstalled,
		StateUninstalling, StateLive, StateLivenessUnknown, StateDisagreeing:
	}
	return nil
}

const nextPromote = `Correct the record in place, without a restart, since nothing else is wrong:
$ berth repair --on-stuck promote
Run berth deploy instead, if you are about to: it does the same first.`

// ExpireCheck returns the problem of a check that ran out of time. f and checks
// are those of the last look; cause says which time has passed; confirm is how
// many good looks in a row were asked for.
func ExpireCheck(f *facts.Facts, d Diagnosis, checks []result.Check, confirm int, cause error) *problem.Problem {
	switch {
	case Consistent(checks):
		return &problem.Problem{Reason: problem.Inconsistent, Cause: cause,
			Tried: fmt.Sprintf("see %d good checks in a row", confirm),
			Next:  "Give a longer check-timeout, or ask for fewer with confirm."}
	case d.State == StateLive: // a check waits for no lock, so it has no lock-timeout
		return &problem.Problem{Reason: problem.LiveOperation, Headline: Refuse(f, d).Headline, Next: "Wait for it to end, then check again."}
	case d.State == StateLivenessUnknown && !f.Last().Stamp.Zero():
		return notAsReported(f, checks, errors.New(d.Cause),
			"Run this, which waits until it counts as dead and then mends what it left, as the next deploy does:\n$ berth repair")
	case d.State == StateLivenessUnknown:
		return notAsReported(f, checks, errors.New(d.Cause),
			"Make sure that nothing works on it any more, then run:\n$ berth repair --on-stuck promote --assume-dead-after 1s")
	}
	if onlyContents(checks) {
		return notAsReported(f, checks, cause, nextDiffering)
	}
	return notAsReported(f, checks, cause, "See the objects that are named here, then deploy again.")
}

// notAsReported opens with every check that does not hold.
func notAsReported(f *facts.Facts, checks []result.Check, cause error, nextStep string) *problem.Problem {
	revision := 0
	if last := f.Last(); last != nil {
		revision = last.Revision
	}
	return &problem.Problem{Reason: problem.Inconsistent, Cause: cause, Next: nextStep,
		Headline: fmt.Sprintf("Revision %d of `%s` in `%s` is not what it should be: %s.",
			revision, f.Release, f.Namespace.Name, Failing(checks))}
}

// Failing joins the details of the checks that do not hold.
func Failing(checks []result.Check) string {
	var faults []string
	for _, c := range checks {
		if !c.OK && !slices.Contains(faults, c.Detail) { // of what is not there, three checks say so
			faults = append(faults, c.Detail)
		}
	}
	return strings.Join(faults, "; ")
}
