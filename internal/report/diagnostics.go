package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// diagnosed returns whether the run ended by faults of objects that were found out about:
// what each says of itself is then the cause, and needs no other place.
func diagnosed(r result.Result) bool {
	return r.Reason == problem.DeployFailed && len(result.FaultsOf(r.Diagnostics)) > 0 && len(r.Diagnostics.Symptoms) > 0
}

// causeTold returns whether the headline or what is told of objects says all that the
// cause does.
func causeTold(r result.Result) bool {
	return diagnosed(r) || strings.Contains(headline(r), text.OneLine(r.Cause))
}

// late is what is told of faults that the end of the time has brought to light.
const late = "The timeout was over before everything was ready."

func isLate(r result.Result) bool {
	return slices.ContainsFunc(result.FaultsOf(r.Diagnostics), func(f result.Fault) bool { return f.Late })
}

// ownReason returns what the reason of the diagnostics says of the object itself, without
// what its first pod shows, which stands with that; "" where it says no more.
func ownReason(d *result.Diagnostics, namespace string) string {
	why := strings.TrimPrefix(d.Reason, namespace+"/")
	if len(d.Symptoms) == 0 {
		return why
	}
	s := d.Symptoms[0]
	if s.Kind != "Pod" && s.Reason != "" && strings.Contains(d.Reason, s.Reason) {
		return ""
	}
	own, _, found := strings.Cut(why, "pod "+s.Name+": ")
	if !found {
		return why
	}
	own = strings.TrimRight(own, ";: ")
	if !strings.Contains(own, ": ") {
		return ""
	}
	return own
}

// alike returns the name of a symptom before this one that shows the same, or "".
func alike(all []result.Symptom, i int, namespace string) string {
	for _, before := range all[:i] {
		if before.Cause == all[i].Cause && before.Cause.Kind != "" && before.Cause.Kind != facts.CauseNotReady {
			return before.In(namespace)
		}
		if before.Reason == all[i].Reason && before.Reason != "" {
			return before.In(namespace)
		}
	}
	return ""
}

// diagnosis returns why a rollout failed: each object that shows a symptom, with
// its last events and the end of its logs.
func diagnosis(r result.Result) string {
	d := r.Diagnostics
	if d == nil || len(d.Symptoms) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("### What went wrong\n")
	if isLate(r) {
		b.WriteString("\n" + late + "\n")
	}
	if own := ownReason(d, r.Namespace); own != "" {
		b.WriteString("\n" + quote(own) + "\n")
	}
	for i, s := range capped(d.Symptoms) {
		fmt.Fprintf(&b, "\n**%s**", code(text.Cut(s.In(r.Namespace), maxPhrase)))
		show := opened
		if same := alike(d.Symptoms, i, r.Namespace); same != "" {
			s.Reason, show = "as "+same, details
		}
		if s.Reason != "" {
			b.WriteString(": " + quote(s.Reason))
		}
		b.WriteByte('\n')
		for _, l := range capped(s.Logs) {
			if len(l.Lines) == 0 {
				b.WriteString("\n" + escapeText(logTitle(l)) + ": " + quote(logLines(l)[0]) + "\n")
				continue
			}
			b.WriteString("\n" + show(escapeText(logTitle(l)), evidenceBlock(logLines(l))))
		}
		if len(s.Events) > 0 {
			if saysWhy(s) {
				show = details
			}
			b.WriteString("\n" + show("Last events", evidenceBlock(s.Events)))
		}
	}
	return b.String() + more(len(d.Symptoms))
}

// saysWhy returns whether a container of an object has printed something, beside which its
// events say little.
func saysWhy(s result.Symptom) bool {
	return slices.ContainsFunc(s.Logs, func(l result.LogTail) bool { return len(l.Lines) > 0 })
}

// textDiagnosis writes what diagnosis returns, without Markdown.
func textDiagnosis(b *strings.Builder, r result.Result) {
	if r.Diagnostics == nil {
		return
	}
	if isLate(r) {
		b.WriteString("\n" + late + "\n")
	}
	if own := ownReason(r.Diagnostics, r.Namespace); own != "" && len(r.Diagnostics.Symptoms) > 0 {
		b.WriteString("\n" + bounded(own) + "\n")
	}
	for i, s := range capped(r.Diagnostics.Symptoms) {
		var lines []string
		for _, l := range capped(s.Logs) {
			lines = append(lines, logTitle(l)+":")
			for _, line := range logLines(l) {
				lines = append(lines, "| "+line)
			}
		}
		for _, e := range s.Events {
			lines = append(lines, "event: "+e)
		}
		if same := alike(r.Diagnostics.Symptoms, i, r.Namespace); same != "" {
			s.Reason, lines = "as "+same, nil
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
			if len(l.Lines) > 0 {
				return fmt.Sprintf("\n%s/%s, %s:\n%s", s.Kind, s.Name, logTitle(l), strings.Join(tellingLines(l, lines), "\n"))
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

// tellingLines returns n lines of a log: from the one that tells why on, or the last.
func tellingLines(l result.LogTail, n int) []string {
	at := slices.IndexFunc(l.Lines, func(line string) bool { return l.Telling != "" && line == l.Telling })
	from := len(l.Lines) - n
	if at >= 0 {
		from = min(from, at)
	}
	from = max(0, from)
	return l.Lines[from:min(len(l.Lines), from+n)]
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
