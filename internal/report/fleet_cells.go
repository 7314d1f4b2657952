package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/text"
)

// fleetColumn is a column of the list.
type fleetColumn struct {
	title string
	least int // cells that are left of it where there is little room; 0: it is not made narrower
	of    func(f *Fleet, a *fleet.App) string
}

// fleetColumns are the columns behind the state.
var fleetColumns = []fleetColumn{
	{"APP", 8, func(_ *Fleet, a *fleet.App) string { return a.Name }},
	{"BRANCH", 12, fleetBranch},
	{"PR", 0, func(_ *Fleet, a *fleet.App) string { return positive(a.Origin.PullRequest) }},
	{"COMMIT", 0, func(_ *Fleet, a *fleet.App) string { return a.Commit[:min(len(a.Commit), 7)] }},
	{"REV", 0, func(_ *Fleet, a *fleet.App) string { return positive(a.Revision) }},
	{"AGE", 0, func(f *Fleet, a *fleet.App) string { return ageOf(a.Created, f.At) }},
	{"DEPLOYED", 0, func(f *Fleet, a *fleet.App) string { return ageOf(a.Deployed, f.At) }},
	{"EXPIRES", 0, func(f *Fleet, a *fleet.App) string { return expiry(a, f.At) }},
	{"CPU", 0, func(_ *Fleet, a *fleet.App) string { return requestOf(a, "cpu") }},
	{"MEMORY", 0, func(_ *Fleet, a *fleet.App) string { return requestOf(a, "memory") }},
	{"VERDICT", 0, func(f *Fleet, a *fleet.App) string { return lastVerdict(a, f.At) }},
	{"DRIFT", 16, func(_ *Fleet, a *fleet.App) string { return fleetDrift(a) }},
	{"NAMESPACE/RELEASE", 16, func(_ *Fleet, a *fleet.App) string { return fleetPlace(a) }},
	{"URL", 16, func(_ *Fleet, a *fleet.App) string { return a.URL }},
}

// fleetBranch returns an app's branch, with the repository that it lives in where that is a fork, or the list is of more
// than one.
func fleetBranch(f *Fleet, a *fleet.App) string {
	head := cmp.Or(a.Origin.HeadRepository, a.Origin.Repository)
	if a.Origin.Branch == "" || head == "" || f.Repository != "" && !ofFork(a) {
		return a.Origin.Branch
	}
	return head + ":" + a.Origin.Branch
}

// ofFork returns whether an app's branch lives in another repository than its own.
func ofFork(a *fleet.App) bool {
	head := a.Origin.HeadRepository
	return head != "" && !strings.EqualFold(head, a.Origin.Repository)
}

func fleetPlace(a *fleet.App) string { return strings.TrimSuffix(a.Namespace+"/"+a.Release, "/") }

func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func ageOf(at, now time.Time) string {
	if at.IsZero() {
		return ""
	}
	return text.Age(now.Sub(at))
}

// expiry returns when an app may go.
func expiry(a *fleet.App, now time.Time) string {
	switch {
	case a.Keep != "":
		return "kept"
	case a.Unreadable != "":
		return "unknown"
	case a.Expires.IsZero():
		return ""
	case a.Expires.After(now):
		left := a.Expires.Sub(now)
		if left > 48*time.Hour {
			left = left.Round(24 * time.Hour)
		}
		return "in " + text.Age(left)
	}
	return text.Age(now.Sub(a.Expires)) + " ago"
}

// requestOf returns what an app's pods ask for of one resource, of cpu=250m,memory=1Gi.
func requestOf(a *fleet.App, resource string) string {
	for part := range strings.SplitSeq(a.Requests, ",") {
		if amount, ok := strings.CutPrefix(part, resource+"="); ok {
			return amount
		}
	}
	return ""
}

// lastVerdict returns how the last run ended that found out how an app stands, and when.
func lastVerdict(a *fleet.App, now time.Time) string {
	if a.Verdict == "" || a.VerdictAt.IsZero() {
		return a.Verdict
	}
	return a.Verdict + ", " + ageOf(a.VerdictAt, now)
}

// fleetDrift returns what of an app is not as its record says: "no", or the first object with its
// fields; "" where nobody has looked.
func fleetDrift(a *fleet.App) string {
	switch {
	case !a.Checked:
		return ""
	case len(a.Drift) == 0:
		return "no"
	case len(a.Drift) == 1:
		return a.Drift[0]
	}
	return fmt.Sprintf("%s, and %s", a.Drift[0], text.Plural(len(a.Drift)-1, "more object"))
}

// fleetMark is the mark before an app's state.
func fleetMark(a *fleet.App) string {
	switch s := a.State(); {
	case s.Bad():
		return "✗"
	case a.Doubt != "" || a.Unreadable != "":
		return "!"
	case s == fleet.StateDeployed:
		return "✓"
	}
	return "·"
}

// fleetRowCells returns an app's cells, each one line, as they are.
func fleetRowCells(f *Fleet, a *fleet.App) []string {
	cells := make([]string, len(fleetColumns))
	for i, c := range fleetColumns {
		cells[i] = cmp.Or(bounded(c.of(f, a)), "-")
	}
	return cells
}
