package sweep

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// The words for what became of an app that are neither a reason nor a hold of internal/fleet.
const (
	reasonWanted  result.SweepReason = "no-reason"      // nothing speaks for taking it down
	reasonSince   result.SweepReason = "deployed-since" // since the sweep looked at it
	reasonNoMore  result.SweepReason = "no-reason-more" // right before it was to go
	reasonAtWork  result.SweepReason = "run-at-work"    // and was when it was to go
	reasonUnknown result.SweepReason = "live-or-dead"   // what left its record unfinished may be alive
	reasonInUse   result.SweepReason = "in-use"         // by another pull request, or since
)

// described returns an app as the report describes it.
func described(a fleet.App) result.SweptApp {
	return result.SweptApp{App: a.Name, Namespace: a.Namespace, Release: a.Release, Host: a.Host, Repository: a.Origin.Repository,
		Branch: a.Origin.Branch, PullRequest: a.Origin.PullRequest, URL: a.URL, LastDeployed: a.Deployed, Expires: a.Expires}
}

// keptBy returns an app that is kept by a decision.
func keptBy(a fleet.App, d fleet.Decision) result.SweptApp {
	s := described(a)
	s.Fate = result.FateKept
	switch {
	case d.Hold != fleet.HoldNone:
		s.Reason, s.Why, s.Look, s.Silenced = result.SweepReason(d.Hold), text.Sentence(d.Held), d.Hold.Concerns(), d.Silenced()
		if d.Because != "" {
			s.Why += " It would go otherwise, since " + d.Because
		}
	default:
		s.Reason, s.Why = reasonWanted, "Nothing speaks for taking it down"
	}
	s.Why = text.Sentences(s.Why)
	return s
}

// wouldGo returns an app that is to go by a decision.
func wouldGo(a fleet.App, d fleet.Decision) result.SweptApp {
	s := described(a)
	s.Fate, s.Reason, s.Why = result.FateWouldGo, result.SweepReason(d.Reason), text.Sentence(d.Because)
	return s
}

// left returns an app that is to go and that a limit has left.
func (s *Sweep) left(a fleet.App, d fleet.Decision) result.SweptApp {
	one := wouldGo(a, d)
	switch {
	case s.plan.Refused == "":
		one.Fate = result.FateLeft
		one.Why += fmt.Sprintf(" It goes next time: max-deletions is %d.", s.Options.Limits.MaxDeletions)
	case !s.Options.DryRun:
		one.Fate = result.FateLeft
	}
	return one
}

// became returns what became of an app by the result of its teardown.
func (s *Sweep) became(ctx context.Context, a fleet.App, d fleet.Decision, r result.Result, last *agreement) result.SweptApp {
	one := wouldGo(a, d)
	one.Left = slices.Concat(one.Left, r.Kept, r.Remains, tellingNotes(r.Notes))
	switch r.Reason {
	case problem.Consistent:
		one.Fate = result.FateWent
		if last.decided.Because != "" {
			one.Reason, one.Why = result.SweepReason(last.decided.Reason), text.Sentence(last.decided.Because)
		}
		return one
	case problem.NothingToDo:
		return keptAtLast(one, r, last)
	case problem.LiveOperation:
		one.Fate, one.Reason, one.Why = result.FateKept, reasonAtWork, "A run is at work on it."
		return one
	case problem.LivenessUnknown:
		one.Fate, one.Reason, one.Why, one.Look = result.FateKept, reasonUnknown, text.Sentences(r.Headline, r.Cause), true
		return one
	case problem.Interrupted, problem.Terminated, problem.HungUp:
		return interruptedAt(one, d, last)
	case problem.Internal, problem.PermissionMissing, problem.DeployFailed, problem.Inconsistent, problem.RepairFailed, problem.Unanswered,
		problem.Foreign, problem.NamespaceTerminating, problem.RecordUnreadable, problem.ChartInvalid, problem.ProbeFailed,
		problem.SweepIncomplete, problem.NotFound, problem.WrongInput:
	}
	if ctx.Err() != nil { // whatever failed, failed because of the signal
		return interruptedAt(one, d, last)
	}
	one.Fate, one.Verdict, one.Next = result.FateFailed, r.Reason, r.Next
	one.Why = text.Sentences(r.Headline, r.Cause)
	if len(r.Missing) > 0 {
		one.Why = text.Sentences(one.Why, "Missing: "+r.Missing[0].String())
		// A teardown prints RBAC. What an app's record says must not ask for any in all the namespaces that a sweep is for.
		one.Next = "Grant what is missing to the account of the sweep; the next one tries again. A teardown of this app alone prints the RBAC."
	}
	return one
}

// notReached begins what is said of an app that a signal kept from going before it was touched.
const notReached = "The sweep was interrupted before it came to this one, which is to go: "

// interruptedAt returns an app that a signal kept from going: before anything of it was changed, or later.
func interruptedAt(one result.SweptApp, d fleet.Decision, last *agreement) result.SweptApp {
	one.Fate = result.FateLeft
	if !last.agreed {
		one.Why = notReached + d.Because
		return one
	}
	one.Begun, one.Why = true, "The sweep was interrupted while it took this one down; the next one goes on. "+one.Why
	return one
}

// alreadyLeft are the titles of a teardown's notes that name what its result names as kept or
// as remains.
var alreadyLeft = []string{"Left in place", "Left to its owner"}

// tellingTitles are those of the notices that a person should know of: what was kept on purpose in
// a namespace that stays, and what the teardown went without.
var tellingTitles = []string{result.KeptOnPurpose, result.NoLock, result.NotLookedAt, result.LockStays}

// tellingNotes returns what else a teardown had to say that a person should know once the app
// is gone.
func tellingNotes(notes []result.Note) (said []string) {
	for _, n := range notes {
		if n.Level == result.LevelWarning && !slices.Contains(alreadyLeft, n.Title) || slices.Contains(tellingTitles, n.Title) {
			said = append(said, n.Title+": "+n.Message)
		}
	}
	return said
}

// keptAtLast returns an app that was kept although it was to go.
func keptAtLast(one result.SweptApp, r result.Result, last *agreement) result.SweptApp {
	one.Fate, one.Reason, one.Why = result.FateKept, reasonInUse, text.Sentences(r.Headline, r.Cause)
	if kept := last.refused; kept != nil {
		one.Reason, one.Why, one.Look = cmp.Or(kept.Reason, reasonNoMore), text.Sentences(kept.Why), kept.Look
		one.Silenced = kept.Silenced
	}
	return one
}
