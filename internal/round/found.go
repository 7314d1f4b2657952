package round

import (
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

func busy() result.Visit {
	return result.Visit{Found: result.FoundBusy, Why: "A run holds it."}
}

func unchecked(why string) result.Visit {
	return result.Visit{Found: result.FoundUnchecked, Why: text.Sentences(why)}
}

// seen returns what a check has found.
func seen(r result.Result) result.Visit {
	v := result.Visit{Verdict: r.Reason, Why: why(r), Next: r.Next, Drift: drift(r), Missing: r.Missing}
	switch r.Reason {
	case problem.Consistent:
		v.Found, v.Why, v.Next = result.FoundConsistent, "", ""
	case problem.Inconsistent, problem.DeployFailed, problem.RepairFailed, problem.ProbeFailed, problem.RecordUnreadable,
		problem.Foreign, problem.LivenessUnknown:
		v.Found = result.FoundInconsistent
	case problem.LiveOperation:
		v = busy()
		v.Verdict = r.Reason
	case problem.Interrupted, problem.Terminated, problem.HungUp:
		v.Found, v.Why, v.Next = result.FoundNotReached, "", ""
	case problem.Internal, problem.PermissionMissing, problem.Unanswered, problem.NamespaceTerminating, problem.ChartInvalid,
		problem.SweepIncomplete, problem.NotFound, problem.WrongInput, problem.NothingToDo:
		v.Found = result.FoundUnchecked
	}
	return v
}

// why returns in sentences why a run ended as it did, what it found wrong, and which permissions were missing.
func why(r result.Result) string {
	s := text.Sentences(r.Headline)
	if r.Cause != "" && !strings.Contains(r.Headline, r.Cause) {
		s = text.Sentences(s, text.Sentence(r.Cause))
	}
	for i, what := range wrong(r) {
		if i == maxMissing {
			s = text.Sentences(s, "And more is not as it should be")
			break
		}
		s = text.Sentences(s, text.Sentence(what))
	}
	for i, m := range r.Missing {
		if i == maxMissing {
			return text.Sentences(s, "And more are missing")
		}
		s = text.Sentences(s, "Missing: "+m.String())
	}
	return s
}

// maxMissing is how many faults, and how many permissions that were missing, are told of one app.
const maxMissing = 5

// wrong returns what of the objects the checks have found wrong, a line each, but for what is not as the record says:
// that is drift, which is told by itself.
func wrong(r result.Result) (lines []string) {
	for _, c := range r.Checks {
		if !c.OK && c.Name != "contents" {
			lines = append(lines, c.Findings...)
		}
	}
	return lines
}

// drift returns in which fields the objects are not as the record says.
func drift(r result.Result) (fields []string) {
	for _, o := range r.Objects {
		if len(o.Differences) > 0 {
			fields = append(fields, o.In(r.Namespace)+": "+facts.Paths(o.Differences))
		}
	}
	return fields
}

// ofRecords are the names of the checks that hold the records, and not the objects, against what
// they should be.
var ofRecords = []string{"last-revision", "status", "one-deployed"}

// mendable returns whether a check has found what a repair may mend: something is wrong with the
// records. One that failed says so, and is deployed over.
func mendable(checked result.Result) bool {
	switch checked.Reason {
	case problem.RecordUnreadable, problem.LivenessUnknown:
		return true
	case problem.Inconsistent:
		return slices.ContainsFunc(checked.Checks, func(c result.Check) bool { return !c.OK && slices.Contains(ofRecords, c.Name) })
	case problem.Consistent, problem.Internal, problem.PermissionMissing, problem.LiveOperation, problem.DeployFailed,
		problem.RepairFailed, problem.Unanswered, problem.Foreign, problem.NamespaceTerminating, problem.ChartInvalid,
		problem.ProbeFailed, problem.SweepIncomplete, problem.NotFound, problem.WrongInput, problem.Interrupted,
		problem.Terminated, problem.HungUp, problem.NothingToDo:
	}
	return false
}

// asItShouldBe returns whether an app is well once it was repaired, or is gone on purpose.
func asItShouldBe(repaired result.Result) bool {
	return repaired.Status == facts.StatusDeployed || repaired.Status == facts.StatusUninstalled ||
		slices.Contains(strings.Split(repaired.Repair, ", "), "uninstall")
}

// mended returns what a repair has made of what a check had found.
func mended(checked result.Result, found result.Visit, repaired result.Result) result.Visit {
	v := result.Visit{Verdict: repaired.Reason, Why: why(repaired), Next: repaired.Next, Drift: drift(repaired),
		Repair: repaired.Repair, Missing: repaired.Missing}
	switch repaired.Reason {
	case problem.Consistent:
		switch {
		case repaired.Repair != "" && asItShouldBe(repaired):
			v.Found, v.Next = result.FoundRepaired, ""
		case repaired.Repair != "": // its records are mended, and say that it failed
			v.Found, v.Next = result.FoundInconsistent, "Deploy it again."
		case repaired.Status == facts.StatusDeployed: // it has come right by itself, as by a run that is over
			v = result.Visit{Found: result.FoundConsistent, Verdict: repaired.Reason}
		default: // there was nothing that a repair mends
			return found
		}
	case problem.RepairFailed, problem.DeployFailed, problem.Unanswered, problem.Internal:
		v.Found = result.FoundRepairFailed
	case problem.LiveOperation:
		v.Found, v.Why, v.Next = result.FoundBusy, "A run holds it.", ""
	case problem.Interrupted, problem.Terminated, problem.HungUp:
		v.Found = result.FoundNotReached
	case problem.PermissionMissing:
		v.Found = result.FoundInconsistent
		v.Why = text.Sentences(why(checked), v.Why)
	case problem.Inconsistent, problem.LivenessUnknown, problem.Foreign, problem.NamespaceTerminating, problem.RecordUnreadable,
		problem.ChartInvalid, problem.ProbeFailed, problem.SweepIncomplete, problem.NotFound, problem.WrongInput, problem.NothingToDo:
		v.Found = result.FoundInconsistent
	}
	return v
}
