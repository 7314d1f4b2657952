package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// The bounds of what is shown of a deploy's changes.
const (
	maxChanges = 10 // objects, where there is little room: in the log and in a comment
	maxFields  = 10 // fields of one object
)

// changesTitle is the title above what a deploy has changed, or would change.
func changesTitle(c *result.Changes) string {
	if c.Planned {
		return "What would change"
	}
	return "What changed"
}

// nothingChanged returns a sentence where a deploy leaves every object as it is, and ""
// where there is more to tell. A hook that runs changes nothing of the release.
func nothingChanged(c *result.Changes) string {
	hooks := c.Count(facts.ActionRun)
	if len(c.All) > hooks {
		return ""
	}
	s, are, is, ran := "Nothing changed", "are as they were", "is as it was", " ran"
	if c.Planned {
		s, are, is, ran = "Nothing would change", "stay as they are", "stays as it is", " would run"
	}
	switch {
	case c.Unchanged == 1:
		s += ": the one object " + is
	case c.Unchanged > 1:
		s += fmt.Sprintf(": all %d objects %s", c.Unchanged, are)
	}
	if hooks > 0 {
		s += "; " + text.Plural(hooks, "hook") + ran
	}
	return s + "."
}

// changeRow is a change of one object, as it is shown. Object, why and fields hold untrusted text.
type changeRow struct {
	facts.Change
	object string
	why    string
	fields [][]span
	more   int // fields that are not shown
}

// changeRows returns the changes as they are shown: at most so many, and of at most limit bytes
// together. Those that one must not miss are first: what was refused, then what was deleted.
// left is how many are not among them.
func changeRows(r result.Result, most, limit int) (rows []changeRow, left int) {
	all := slices.Clone(r.Changes.All)
	slices.SortStableFunc(all, func(a, b facts.Change) int {
		return slices.Index(facts.Actions, a.Action) - slices.Index(facts.Actions, b.Action)
	})
	for _, c := range all[:min(len(all), most)] {
		row := changeRow{Change: c, object: text.Cut(c.In(r.Namespace), maxPhrase), why: bounded(c.Why)}
		for _, f := range c.Fields[:min(len(c.Fields), maxFields)] {
			row.fields = append(row.fields, fieldSpans(f))
		}
		row.more = len(c.Fields) - len(row.fields)
		if limit -= row.size(); limit < 0 {
			break
		}
		rows = append(rows, row)
	}
	return rows, len(all) - len(rows)
}

// size is about how many bytes a row takes up.
func (row changeRow) size() int {
	n := len(row.object) + len(row.why)
	for _, field := range row.fields {
		n += len(joined(field))
	}
	return n
}

// fieldSpans tells what a field was and is. Of values that read the same, as two secrets do,
// it is told that they differ.
func fieldSpans(f facts.FieldChange) []span {
	path := span{true, cmp.Or(bounded(f.Path), "?")}
	before, after := sideOf(f.Before), sideOf(f.After)
	if before == after {
		return []span{path, {false, ": another value, and neither is shown"}}
	}
	return []span{path, {false, ": "}, before, {false, " → "}, after}
}

// sideOf returns a value of a field, before or after.
func sideOf(value string) span {
	switch value {
	case "":
		return span{false, "(none)"}
	case facts.NotShown:
		return span{false, facts.NotShown}
	}
	return span{true, cmp.Or(bounded(value), `""`)} // there is one, of which nothing can be seen
}

// joined returns spans as plain text.
func joined(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String()
}

// mark is the sign before a changed object.
func (row changeRow) mark() string {
	switch row.Action {
	case facts.ActionCreate:
		return "+"
	case facts.ActionChange:
		return "~"
	case facts.ActionDelete:
		return "-"
	case facts.ActionLeave:
		return "="
	case facts.ActionRun:
		return ">"
	case facts.ActionRefused:
		return "!"
	case facts.ActionUnknown:
	}
	return "?"
}

// The words for what becomes of no object, whether or not it is planned.
const (
	refused  = "refused"
	notKnown = "not known"
)

// words say what becomes of an object: "changed, restarts its pods".
func (row changeRow) words(planned bool) string {
	s := row.done()
	if planned && s != refused && s != notKnown {
		s = "to be " + s
	}
	if row.Restarts {
		s += ", restarts its pods"
	}
	return s
}

// done is the word for what became of an object, without its pods.
func (row changeRow) done() string {
	switch row.Action {
	case facts.ActionCreate:
		return "created"
	case facts.ActionChange:
		return "changed"
	case facts.ActionDelete:
		return "deleted"
	case facts.ActionLeave:
		return "left in place"
	case facts.ActionRun:
		return "run as a hook"
	case facts.ActionRefused:
		return refused
	case facts.ActionUnknown:
	}
	return notKnown
}

// line is the row without Markdown: "~ Deployment/web (restarts its pods)". Where the mark
// speaks for itself, no word repeats it.
func (row changeRow) line(planned bool) string {
	note := row.words(planned)
	switch row.Action {
	case facts.ActionCreate, facts.ActionChange, facts.ActionDelete:
		note = ""
		if row.Restarts {
			note = "restarts its pods"
		}
	case facts.ActionRefused:
		if row.why != "" {
			note = ""
		}
	case facts.ActionLeave, facts.ActionRun, facts.ActionUnknown:
	}
	s := row.mark() + " " + row.object
	if note != "" {
		s += " (" + note + ")"
	}
	return withReason(s, row.why)
}

// changeLines returns the changes as lines, with the fields of each below it.
func changeLines(r result.Result, limit int) (lines []string) {
	rows, left := changeRows(r, maxChanges, limit)
	for _, row := range rows {
		lines = append(lines, row.line(r.Changes.Planned))
		for _, field := range row.fields {
			lines = append(lines, "    "+joined(field))
		}
		if row.more > 0 {
			lines = append(lines, fmt.Sprintf("    and %d more", row.more))
		}
	}
	if left > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", left))
	}
	return lines
}

// textChanges writes what a deploy has changed, or would change.
func textChanges(b *strings.Builder, r result.Result) {
	if r.Changes == nil {
		return
	}
	if s := nothingChanged(r.Changes); s != "" {
		fmt.Fprintf(b, "\n%s\n", s)
		return
	}
	fmt.Fprintf(b, "\n%s\n  %s\n", changesTitle(r.Changes), r.Changes)
	for _, line := range changeLines(r, maxBlock) {
		fmt.Fprintf(b, "  %s\n", line)
	}
}

// commentChanges returns what a deploy has changed for a comment: one line, behind which the
// objects are folded. They stand in a code block, in which no platform looks for a mention.
func commentChanges(r result.Result) string {
	if r.Changes == nil {
		return ""
	}
	if s := nothingChanged(r.Changes); s != "" {
		return s
	}
	// Without backticks, so that no parser takes a line of it for the end of the block.
	lines := strings.ReplaceAll(strings.Join(changeLines(r, 4*maxSaid), "\n"), "`", "")
	return strings.TrimSpace(details(changesTitle(r.Changes)+": "+r.Changes.String(), codeBlock("text", lines, 8*maxSaid)))
}
