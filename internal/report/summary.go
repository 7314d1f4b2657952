package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// severity says how a run ended, as a mark before the headline shows it.
type severity int

const (
	succeeded   severity = iota
	nothingDone          // there was nothing to do
	interrupted          // a signal ended it
	failed
)

// severityOf returns the severity of the run's exit reason. A run that repaired
// something and then succeeded has succeeded.
func severityOf(r result.Result) severity {
	switch r.Reason {
	case problem.Consistent:
		return succeeded
	case problem.NothingToDo:
		return nothingDone
	case problem.Interrupted, problem.Terminated, problem.HungUp:
		return interrupted
	case problem.Internal, problem.PermissionMissing, problem.LiveOperation, problem.LivenessUnknown, problem.DeployFailed,
		problem.Inconsistent, problem.RepairFailed, problem.Unanswered, problem.Foreign, problem.NamespaceTerminating,
		problem.RecordUnreadable, problem.ChartInvalid, problem.ProbeFailed, problem.SweepIncomplete, problem.NotFound, problem.WrongInput:
	}
	return failed
}

// headline returns the result's headline as one line of at most 500 bytes, or a
// sentence made of the verb and the exit reason if it has none.
func headline(r result.Result) string {
	if s := text.OneLine(r.Headline); s != "" {
		return text.Cut(s, 500)
	}
	return fmt.Sprintf("berth %s ended: %s", r.Verb, r.Reason)
}

// property is one row of the table that says what the run was about.
type property struct {
	name  string
	value string
	kind  propertyKind
	page  string // where the value links to, where that is an address; untrusted text
}

type propertyKind int

const (
	verbatim propertyKind = iota // a name from the cluster or the CI, untrusted
	wording                      // a phrase of Berth's own, with names in backticks
	address                      // a URL, untrusted
)

// foremost returns what people look for first: where it answers, unless it may not, and
// what was deployed.
func foremost(r result.Result) []property {
	at := property{name: "URL", value: r.URL, kind: address}
	if severityOf(r) != succeeded {
		at.value = ""
	}
	return known([]property{
		at,
		{name: "Commit", value: shortCommit(r.Commit), page: r.Pages.Commit},
		{name: "Branch", value: r.Branch},
		{name: "Pull request", value: pullRequest(r.PullRequest), page: r.Pages.PullRequest},
		{name: "Started", value: started(r), kind: wording},
		{name: "Run", value: r.Pages.Run, kind: address},
	})
}

// further returns what else is known of the run: names in the cluster, and records.
func further(r result.Result) []property {
	elsewhere := property{name: "URL", value: r.URL, kind: address}
	if severityOf(r) == succeeded {
		elsewhere.value = ""
	}
	return known([]property{
		{name: "Review app", value: r.App},
		elsewhere,
		{name: "Namespace", value: r.Namespace},
		{name: "Release", value: storedRelease(r), kind: wording},
		{name: "Chart", value: r.Chart},
		{name: "Repair", value: r.Repair},
		{name: "Took", value: took(r.Took), kind: wording},
	})
}

func known(all []property) []property {
	return slices.DeleteFunc(all, func(p property) bool { return text.OneLine(p.value) == "" })
}

// started says when the run began, and who began it.
func started(r result.Result) string {
	if r.Started.IsZero() {
		return ""
	}
	at := r.Started.UTC().Format("2006-01-02 15:04:05 UTC")
	if who := strings.ReplaceAll(text.OneLine(r.Actor), "`", "'"); who != "" {
		at += " by `" + who + "`"
	}
	return at
}

// shortCommit returns a commit as people write it.
func shortCommit(sha string) string { return sha[:min(len(sha), 7)] }

// pullRequest returns the number of a pull or merge request as text, or "" for none.
func pullRequest(number int) string {
	if number <= 0 {
		return ""
	}
	return strconv.Itoa(number)
}

// storedRelease returns the release's name with its last revision and the status
// that is stored of it, as far as they are known.
func storedRelease(r result.Result) string {
	if r.Release == "" {
		return ""
	}
	s := "`" + r.Release + "`"
	if n := revision(r); n != "" {
		s += " revision " + n
	}
	if r.Status != "" {
		s += ", stored as `" + string(r.Status) + "`"
	}
	return s
}

// revision returns the number of the last revision, or "" if none is known: Helm
// counts from 1.
func revision(r result.Result) string {
	if r.Revision <= 0 {
		return ""
	}
	return fmt.Sprint(r.Revision)
}

// took returns a duration for people, or "" for one that was not measured.
func took(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return text.Duration(d)
}
