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
		return Failed(f.Release, errors.New(last.Description), "Fix what is named here and deploy again.")
	case StateRecordingFailed:
		return notAsReported(f, checks, errors.New(d.Cause), advice(f, nextPromote, nextPromoteByName))
	case StateAbandoned:
		return notAsReported(f, checks, fmt.Errorf("%s; %s", d.Cause, strings.Join(d.Blockers, "; ")),
			advice(f, "Run berth deploy, which deploys over it.", nextUnlockByName))
	case StateUnreadable:
		return &problem.Problem{Reason: problem.RecordUnreadable, Headline: "The last record of `" + f.Release + "` cannot be read.",
			Cause: errors.New(d.Cause), Next: advice(f, "Run berth deploy, or berth repair: they move it out of the way.",
				"Restore it from a backup, or run berth repair --adopt, which moves it out of the way.")}
	case StateForeign, StateTerminating:
		return Refuse(f, d)
	case StateDeployed:
		return failedForGood(f, reported, checks)
	case StateTwoDeployed, StateNoneDeployed, StateUninstalled,
		StateUninstalling, StateLive, StateLivenessUnknown, StateDisagreeing:
	}
	return nil
}

// steadyLooks is how many looks in a row have to find the same before it is taken for
// lasting. A controller at work writes again between two.
const steadyLooks = 4

// EndSteady returns the problem with which a check ends because as many looks in a row
// found the same, and nobody is at work on it; nil to look again.
func EndSteady(f *facts.Facts, d Diagnosis, checks []result.Check, looks int) *problem.Problem {
	if looks < steadyLooks || Consistent(checks) || !lasting(f, d) {
		return nil
	}
	cause := fmt.Errorf("%d looks in a row saw the same", looks)
	switch d.State {
	case StateUninstalled:
		return notAsReported(f, checks, errors.New(d.Cause),
			advice(f, "Run berth deploy, which installs it anew, or berth teardown, which removes what is left.",
				"Deploy it again, which installs it anew."))
	case StateTwoDeployed, StateNoneDeployed, StateDisagreeing:
		return notAsReported(f, checks, errors.New(d.Cause), advice(f, "Run berth deploy, or berth repair: they correct the records.",
			nextAdoptByName))
	case StateDeployed, StateAbsent, StateFailed, StateUninstalling, StateLive, StateLivenessUnknown, StateRecordingFailed,
		StateAbandoned, StateUnreadable, StateForeign, StateTerminating:
	}
	return notAsReported(f, checks, cause, nextFor(checks))
}

// nextFor returns what to do about objects that are not what they should be.
func nextFor(checks []result.Check) string {
	switch {
	case onlyFails(checks, checkNameContents):
		return nextDiffering
	case onlyFails(checks, checkNameHooks):
		return nextHooks
	}
	return nextObjects
}

const nextObjects = "See the objects that are named here, then deploy again, which makes what is missing."

// lasting returns whether what a check finds wrong stays so by itself: the record
// speaks of no operation under way, and no object is on its way to be ready or gone.
func lasting(f *facts.Facts, d Diagnosis) bool {
	switch d.State {
	case StateDeployed, StateTwoDeployed, StateNoneDeployed, StateDisagreeing, StateUninstalled:
		return f.Observed && !slices.ContainsFunc(slices.Concat(f.Objects, hookWorkloads(f)), func(o facts.Object) bool {
			return o.Error != "" || o.Exists && (o.Deleting || !healthyEnough(o))
		})
	case StateAbsent, StateFailed, StateUninstalling, StateLive, StateLivenessUnknown, StateRecordingFailed, StateAbandoned,
		StateUnreadable, StateForeign, StateTerminating:
	}
	return false
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
	return notAsReported(f, checks, cause, nextFor(checks))
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

// Findings returns all that the checks found wrong, for telling one look from the next.
func Findings(checks []result.Check) []string {
	var found []string
	for _, c := range checks {
		if !c.OK {
			found = append(append(found, c.Detail), c.Findings...)
		}
	}
	return found
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
