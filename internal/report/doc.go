// Package report turns a result.Result into what people and machines read: the
// job summary (Markdown), the end of the log (Text), the versioned JSON report,
// JUnit, annotations, and the outputs of a step.
//
// It is pure: the same Result always gives the same bytes. Nothing in a Result
// is trusted, since branch names, reasons, events and chart notes are written
// by others; escape.go is the one place that knows how to show them.
package report

import (
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// mood is how a run's end is to be taken at a glance.
type mood int

const (
	good mood = iota
	quiet
	stopped
	bad
)

// moodOf reads the ending: a repaired run is good, what was repaired is said
// elsewhere.
func moodOf(r result.Result) mood {
	switch r.Reason {
	case problem.Consistent:
		return good
	case problem.NothingToDo:
		return quiet
	case problem.Interrupted, problem.Terminated:
		return stopped
	case problem.Internal, problem.PermissionMissing, problem.LiveOperation, problem.LivenessUnknown, problem.DeployFailed,
		problem.Inconsistent, problem.RepairFailed, problem.Unanswered, problem.NotOurs, problem.NamespaceTerminating,
		problem.RecordUnreadable, problem.ChartInvalid, problem.ProbeFailed, problem.SweepIncomplete, problem.NotFound, problem.WrongInput:
	}
	return bad
}

// headline is the one line that a person can act on. A Result without one still
// gets a true sentence.
func headline(r result.Result) string {
	if s := text.OneLine(r.Headline); s != "" {
		return text.Cut(s, 500)
	}
	return fmt.Sprintf("berth %s ended: %s", r.Verb, r.Reason)
}

// fact is one row of what the run was about.
type fact struct {
	name  string
	value string
	kind  factKind
}

type factKind int

const (
	verbatim factKind = iota // a name from the cluster or the CI
	wording                  // a phrase of ours, names in backticks
	address                  // a URL
)

// factsOf lists what is known of the run, in the order people look for it.
func factsOf(r result.Result) []fact {
	all := []fact{
		{"Review app", r.App, verbatim},
		{"URL", r.URL, address},
		{"Branch", r.Branch, verbatim},
		{"Namespace", r.Namespace, verbatim},
		{"Release", release(r), wording},
		{"Chart", r.Chart, verbatim},
		{"Repair", r.Repair, verbatim},
		{"Took", took(r.Took), wording},
	}
	known := all[:0]
	for _, f := range all {
		if text.OneLine(f.value) != "" {
			known = append(known, f)
		}
	}
	return known
}

// release is the release with what is stored of it.
func release(r result.Result) string {
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

// revision is empty when no revision is known: Helm counts from 1.
func revision(r result.Result) string {
	if r.Revision <= 0 {
		return ""
	}
	return fmt.Sprint(r.Revision)
}

// took is how long something took, or "" for what took no time.
func took(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return text.Duration(d)
}
