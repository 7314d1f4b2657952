package report

import (
	"fmt"
	"regexp"
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
	halfway              // a dry run, whose real run would leave something that is to go
	nothingDone          // there was nothing to do
	interrupted          // a signal ended it
	failed
)

// severityOf returns the severity of the run's exit reason. A run that repaired
// something and then succeeded has succeeded.
func severityOf(r result.Result) severity {
	switch r.Reason {
	case problem.Consistent:
		if r.Sweep != nil && r.Sweep.DryRun && r.Sweep.StoppedShort() {
			return halfway
		}
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
	label string // what a page shows in place of an address that says little
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
	if severityOf(r) != succeeded || leadsWithURL(r) {
		at.value = ""
	}
	return known([]property{
		at,
		{name: "Review app", value: where(r), kind: wording},
		{name: "Review apps", value: sweptCount(r.Sweep), kind: wording},
		{name: "Commit", value: shortCommit(r.Commit), page: r.Pages.Commit},
		{name: "Branch", value: r.Branch},
		{name: "Pull request", value: pullRequest(r), page: r.Pages.PullRequest},
		{name: "Started", value: started(r), kind: wording},
		{name: "Run", value: r.Pages.Run, kind: address, label: runLabel(r.Pages.Run)},
	})
}

// leadsWithURL returns whether the headline begins with the address of the app.
func leadsWithURL(r result.Result) bool {
	return r.URL != "" && strings.HasPrefix(headline(r), r.URL+" ")
}

// where names the app and the namespace that it is in.
func where(r result.Result) string {
	app, namespace := named(r.App), named(r.Namespace)
	if app != "" && namespace != "" {
		return app + " in namespace " + namespace
	}
	return app + namespace
}

// named returns a name as code, for wording; "" of "".
func named(name string) string {
	if name = strings.ReplaceAll(text.OneLine(name), "`", "'"); name == "" {
		return ""
	}
	return "`" + name + "`"
}

// further returns what else is known of the run: names in the cluster, and records.
func further(r result.Result) []property {
	unproven := property{name: "URL, not proven", value: r.URL, kind: address}
	if severityOf(r) == succeeded {
		unproven.value = ""
	}
	return known([]property{
		unproven,
		{name: "Release", value: storedRelease(r), kind: wording},
		{name: "Chart", value: r.Chart},
		{name: "Repair", value: r.Repair},
	})
}

func known(all []property) []property {
	return slices.DeleteFunc(all, func(p property) bool { return text.OneLine(p.value) == "" })
}

// started says when the run began, who began it, and how long it took.
func started(r result.Result) string {
	if r.Started.IsZero() {
		return text.After("took ", took(r.Took))
	}
	at := r.Started.UTC().Format("2006-01-02 15:04:05 UTC")
	return at + text.After(" by ", named(r.Actor)) + text.After(", took ", took(r.Took))
}

// shortCommit returns a commit as people write it.
func shortCommit(sha string) string { return sha[:min(len(sha), 7)] }

// pullRequest returns the number of a pull or merge request as its platform writes it, or
// "" for none.
func pullRequest(r result.Result) string {
	switch n := strconv.Itoa(r.PullRequest); {
	case r.PullRequest <= 0:
		return ""
	case strings.Contains(r.Pages.PullRequest, "/merge_requests/"):
		return "!" + n
	default:
		return "#" + n
	}
}

// runPage matches the address of a run of GitHub's, or of a job of GitLab's.
var runPage = regexp.MustCompile(`/(?:runs|jobs)/([0-9]{1,20})(?:/attempts/[0-9]{1,9})?$`)

// runLabel returns the number of a run, by its page.
func runLabel(page string) string {
	if m := runPage.FindStringSubmatch(page); m != nil {
		return "run " + m[1]
	}
	return ""
}

// storedRelease returns the release's name with its last revision and the status
// that is stored of it, as far as they are known.
func storedRelease(r result.Result) string {
	if r.Release == "" {
		return ""
	}
	s := named(r.Release)
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
