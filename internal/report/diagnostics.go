package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// diagnosis returns why a rollout failed: each object that shows a symptom, with
// its last events and the end of its logs.
func diagnosis(r result.Result) string {
	d := r.Diagnostics
	if d == nil || len(d.Symptoms) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("### What went wrong\n")
	if d.Reason != "" {
		b.WriteString("\n" + quote(d.Reason) + "\n")
	}
	for _, s := range capped(d.Symptoms) {
		fmt.Fprintf(&b, "\n**%s**", code(text.Cut(s.In(r.Namespace), maxPhrase)))
		if s.Reason != "" {
			b.WriteString(": " + quote(s.Reason))
		}
		b.WriteByte('\n')
		if len(s.Events) > 0 {
			b.WriteString("\n" + details("Last events", evidenceBlock(s.Events)))
		}
		for _, l := range capped(s.Logs) {
			b.WriteString("\n" + details(escapeText(logTitle(l)), evidenceBlock(logLines(l))))
		}
	}
	return b.String() + more(len(d.Symptoms))
}

// textDiagnosis writes what diagnosis returns, without Markdown.
func textDiagnosis(b *strings.Builder, r result.Result) {
	if r.Diagnostics == nil {
		return
	}
	for _, s := range capped(r.Diagnostics.Symptoms) {
		var lines []string
		for _, e := range s.Events {
			lines = append(lines, "event: "+e)
		}
		for _, l := range capped(s.Logs) {
			lines = append(lines, logTitle(l)+":")
			for _, line := range logLines(l) {
				lines = append(lines, "| "+line)
			}
		}
		title := text.Cut(text.OneLine(withReason(s.In(r.Namespace), s.Reason)), 2*maxPhrase)
		if len(lines) == 0 {
			fmt.Fprintf(b, "\n%s\n", title)
			continue
		}
		block(b, title, lines)
	}
}

// annotationDiagnosis returns the piece of evidence that fits into an annotation:
// the last lines of the first log that has any, or else the last event. It returns
// "" unless the run ended because a rollout failed: then another cause, such as a
// missing permission, has its own words.
func annotationDiagnosis(r result.Result) string {
	d := r.Diagnostics
	if d == nil || r.Reason != problem.DeployFailed && r.Reason != problem.RepairFailed && r.Reason != problem.Inconsistent {
		return ""
	}
	const lines = 5
	for _, s := range d.Symptoms {
		for _, l := range s.Logs {
			if n := len(l.Lines); n > 0 {
				return fmt.Sprintf("\n%s/%s, %s:\n%s", s.Kind, s.Name, logTitle(l), strings.Join(l.Lines[max(0, n-lines):], "\n"))
			}
		}
	}
	for _, s := range d.Symptoms {
		if n := len(s.Events); n > 0 {
			return fmt.Sprintf("\nLast event of %s/%s: %s", s.Kind, s.Name, s.Events[n-1])
		}
	}
	return ""
}

// logTitle names a log.
func logTitle(l result.LogTail) string {
	if l.Previous {
		return "last log lines of container " + l.Container + " before its restart"
	}
	return "last log lines of container " + l.Container
}

// logLines returns the lines of a log, or one that says why there are none.
func logLines(l result.LogTail) []string {
	switch {
	case l.Error != "":
		return []string{"(could not be read: " + l.Error + ")"}
	case len(l.Lines) == 0:
		return []string{"(nothing was printed)"}
	}
	return l.Lines
}
