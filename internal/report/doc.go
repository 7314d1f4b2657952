// Package report turns a verdict.Result into what people and machines read: the
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

	"github.com/berth-dev/berth/internal/verdict"
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
func moodOf(r verdict.Result) mood {
	switch r.Ending {
	case verdict.EndConsistent:
		return good
	case verdict.EndNothingToDo:
		return quiet
	case verdict.EndInterrupted, verdict.EndTerminated:
		return stopped
	case verdict.EndInternal, verdict.EndPermission, verdict.EndLive, verdict.EndUnknownHolder, verdict.EndDeployFailed,
		verdict.EndInconsistent, verdict.EndRepairFailed, verdict.EndUnanswered, verdict.EndForeign, verdict.EndTerminating,
		verdict.EndUnreadable, verdict.EndChart, verdict.EndProbe, verdict.EndSweep, verdict.EndNotFound, verdict.EndWrongInput:
	}
	return bad
}

// headline is the one line that a person can act on. A Result without one still
// gets a true sentence.
func headline(r verdict.Result) string {
	if s := oneLine(r.Headline); s != "" {
		return clip(s, 500)
	}
	return fmt.Sprintf("berth %s ended: %s", r.Verb, r.Ending)
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
func factsOf(r verdict.Result) []fact {
	all := []fact{
		{"Review app", r.App, verbatim},
		{"URL", r.URL, address},
		{"Branch", r.Branch, verbatim},
		{"Namespace", r.Namespace, verbatim},
		{"Release", release(r), wording},
		{"Chart", r.Chart, verbatim},
		{"Repair", r.Repair, verbatim},
		{"Took", human(r.Took), wording},
	}
	known := all[:0]
	for _, f := range all {
		if oneLine(f.value) != "" {
			known = append(known, f)
		}
	}
	return known
}

// release is the release with what is stored of it.
func release(r verdict.Result) string {
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
func revision(r verdict.Result) string {
	if r.Revision <= 0 {
		return ""
	}
	return fmt.Sprint(r.Revision)
}

// human shows a duration to the precision that a reader cares for.
func human(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		d = d.Round(time.Second)
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
}

// bytesOf shows a size in decimal units, as networks are measured.
func bytesOf(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(n)/1000)
	default:
		return fmt.Sprintf("%.1f MB", float64(n)/1000/1000)
	}
}

// plural is "1 object", "2 objects".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
