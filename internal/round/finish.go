package round

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// maxNotes is how many apps are named in annotations of one kind: as many as GitHub shows.
const maxNotes = 10

// finish says how the round ended.
func (r *Round) finish(ctx context.Context) {
	res := &r.result
	res.Took = r.Cluster.Clock().Sub(res.Started)
	for i := range r.apps {
		a, v := &r.apps[i], &r.visits[i]
		v.App, v.Namespace, v.Release, v.Branch, v.PullRequest = a.Name, a.Namespace, a.Release, a.Origin.Branch, a.Origin.PullRequest
		v.State = string(a.State())
		res.Missing = addMissing(res.Missing, v.Missing)
	}
	res.Round = &result.Round{Repository: r.Options.Repository, Repairs: r.Options.Repair, Visits: r.visits}
	res.Repair = allRepairs(r.visits)
	res.Reason, res.Headline, res.Next = ending(r.visits), headline(res.Round), next(res.Round)
	if res.Reason == problem.Consistent && noneLooked(r.visits) {
		res.Reason, res.Next = problem.Inconsistent, "See why none was checked, and whether HELM_DRIVER is that of the deploys."
		res.Notes = append(res.Notes, result.Note{Level: result.LevelWarning, Title: "No review app was checked",
			Message: text.Sentences(fmt.Sprintf("%s found, and none of them could be checked", text.Plural(len(r.visits), "review app")), res.Next)})
	}
	if stopped := r.Stopped(ctx); stopped != nil {
		p := problem.Of(stopped)
		res.Reason = p.Reason
		res.Headline = fmt.Sprintf("%s; %s", strings.TrimSuffix(p.Sentence(), "."), lowered(res.Headline))
		res.Next = text.Sentences(res.Next, "Run it again, to look at the rest")
	}
	r.tell()
}

// lowered returns a sentence as it stands behind another one.
func lowered(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// ending returns how a round ends, by the worst that it has found.
func ending(visits []result.Visit) problem.ExitReason {
	has := func(is func(result.Visit) bool) bool { return slices.ContainsFunc(visits, is) }
	found := func(f result.Found) bool { return has(func(v result.Visit) bool { return v.Found == f }) }
	because := func(reason problem.ExitReason) bool {
		return has(func(v result.Visit) bool { return v.Found == result.FoundUnchecked && v.Verdict == reason })
	}
	switch {
	case found(result.FoundRepairFailed):
		return problem.RepairFailed
	case found(result.FoundInconsistent):
		return problem.Inconsistent
	case because(problem.Internal):
		return problem.Internal
	case because(problem.PermissionMissing):
		return problem.PermissionMissing
	case because(problem.Unanswered), found(result.FoundNotReached):
		return problem.Unanswered
	}
	return problem.Consistent
}

// noneLooked returns whether there are apps, and nothing is known of any: none was checked, and at least one
// was left although it may run, such as where HELM_DRIVER is not that of the deploys, so that nothing seems to
// be stored of any.
func noneLooked(visits []result.Visit) bool {
	known := func(v result.Visit) bool { return v.Found != result.FoundUnchecked }
	mayRun := func(v result.Visit) bool {
		return v.Verdict == "" && v.State != string(fleet.StateGoing) && v.State != string(fleet.StateUninstalled)
	}
	return !slices.ContainsFunc(visits, known) && slices.ContainsFunc(visits, mayRun)
}

// counted are the words for how many apps were found in one way.
var counted = map[result.Found]string{
	result.FoundRepairFailed: "could not be repaired",
	result.FoundInconsistent: "not as they should be",
	result.FoundRepaired:     "repaired",
	result.FoundUnchecked:    "not checked",
	result.FoundNotReached:   "not reached",
	result.FoundBusy:         "busy",
	result.FoundConsistent:   "consistent",
}

// headline is one line on what was found.
func headline(r *result.Round) string {
	of := ""
	if r.Repository != "" {
		of = " of `" + r.Repository + "`"
	}
	if len(r.Visits) == 0 {
		return "There is no review app" + of + "."
	}
	var parts []string
	for _, f := range result.Founds {
		if n := len(r.Of(f)); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, counted[f]))
		}
	}
	return fmt.Sprintf("%s%s: %s.", text.Plural(len(r.Visits), "review app"), of, strings.Join(parts, ", "))
}

// next says what to do about it.
func next(r *result.Round) string {
	var parts []string
	if len(r.Of(result.FoundRepairFailed))+len(r.Of(result.FoundInconsistent)) > 0 {
		parts = append(parts, "See what is not as it should be, and what to do about each")
	}
	if slices.ContainsFunc(r.Visits, func(v result.Visit) bool { return v.Verdict == problem.PermissionMissing }) {
		parts = append(parts, "Grant what is missing")
	}
	if len(r.Of(result.FoundNotReached)) > 0 {
		parts = append(parts, "Give a longer timeout, for all to be reached")
	}
	return text.Sentences(parts...)
}

// addMissing adds permissions to those that are known to be missing.
func addMissing(all, more []problem.MissingPermission) []problem.MissingPermission {
	for _, m := range more {
		known := slices.ContainsFunc(all, func(k problem.MissingPermission) bool { return k.SameAs(m.Permission) })
		if !known && len(all) < maxAllMissing {
			all = append(all, m)
		}
	}
	return all
}

// maxAllMissing is how many missing permissions are named for the whole round.
const maxAllMissing = 200

// allRepairs returns each repair that was made, once.
func allRepairs(visits []result.Visit) string {
	var all []string
	for _, v := range visits {
		for _, one := range strings.Split(v.Repair, ", ") {
			if one != "" && !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return strings.Join(all, ", ")
}

// tell adds the annotations: one for each app on which a person has to act, and one for each that
// was repaired, as many as are shown.
func (r *Round) tell() {
	res := &r.result
	add := func(level result.Level, visits []result.Visit) {
		for i, v := range visits {
			if i == maxNotes-1 && len(visits) > maxNotes {
				res.Notes = append(res.Notes, result.Note{Level: level, Title: fmt.Sprintf("And %d more", len(visits)-i),
					Message: fmt.Sprintf("And %d more review apps; see the report.", len(visits)-i)})
				return
			}
			message := v.Why
			if len(v.Drift) > 0 {
				message = text.Sentences(message, "Not as the record says: "+strings.Join(v.Drift, "; "))
			}
			res.Notes = append(res.Notes, result.Note{Level: level, Title: fmt.Sprintf("%s: %s/%s", titleOf(v), v.Namespace, v.Release),
				Message: strings.TrimSpace(message + text.After("\n", v.Next))})
		}
	}
	add(result.LevelError, slices.Concat(res.Round.Of(result.FoundRepairFailed), res.Round.Of(result.FoundInconsistent)))
	add(result.LevelWarning, res.Round.Of(result.FoundRepaired))
}

// titleOf says in a word or two what is wrong with an app, or was.
func titleOf(v result.Visit) string {
	switch {
	case v.Found == result.FoundRepairFailed:
		return "Repair failed"
	case v.Found == result.FoundRepaired:
		return "Repaired"
	case v.State == string(fleet.StateStuck):
		return "Stuck"
	case v.State == string(fleet.StateFailed):
		return "Failed"
	case len(v.Drift) > 0:
		return "Drifted"
	}
	return "Not as it should be"
}
