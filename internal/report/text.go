package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// Text is what a terminal or a CI log shows at the end: no colour, no control
// characters, short. Its lines still hold untrusted text, so on GitHub it has to
// be printed with workflow commands stopped.
func Text(r result.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", textMark(r), strings.ReplaceAll(headline(r), "`", ""))
	if facts := factsOf(r); len(facts) > 0 {
		b.WriteByte('\n')
		for _, f := range facts {
			value := text.Cut(text.OneLine(f.value), maxPhrase)
			if f.kind == wording {
				value = strings.ReplaceAll(value, "`", "")
			}
			fmt.Fprintf(&b, "  %-10s  %s\n", f.name, value)
		}
	}
	textChecks(&b, r)
	block(&b, "Kept", capped(r.Kept))
	block(&b, "Why", nonEmptyLines(text.Cut(text.Clean(r.Cause), 4*maxPhrase)))
	textDiagnosis(&b, r)
	block(&b, "Evidence", capped(r.Evidence))
	textGaps(&b, r)
	block(&b, "Next", nonEmptyLines(r.Next))
	if r.RBAC != "" {
		// Not indented: "---" between documents has to begin its line.
		b.WriteString("\nApply this with kubectl apply -f -, as somebody who may grant it:\n\n")
		b.WriteString(strings.TrimRight(text.Cut(text.Clean(r.RBAC), 4*maxBlock), "\n") + "\n")
	}
	if count, size := traffic(r); count > 0 {
		fmt.Fprintf(&b, "\n%s to the API server, %s\n", text.Plural(count, "request"), text.Bytes(size))
	}
	return b.String()
}

func textMark(r result.Result) string {
	switch moodOf(r) {
	case good:
		return "✓"
	case quiet:
		return "·"
	case stopped:
		return "!"
	case bad:
	}
	return "✗"
}

func textChecks(b *strings.Builder, r result.Result) {
	if len(r.Checks) == 0 {
		return
	}
	b.WriteString("\nChecks\n")
	for _, c := range capped(r.Checks) {
		mark := "✓"
		if !c.OK {
			mark = "✗"
		}
		fmt.Fprintf(b, "  %s %s\n", mark, because(text.OneLine(checkTitle(c)), text.Cut(text.OneLine(c.Detail), maxPhrase)))
		for i, f := range c.Findings {
			if i == maxLines {
				fmt.Fprintf(b, "      and %d more\n", len(c.Findings)-i)
				break
			}
			fmt.Fprintf(b, "      %s\n", text.Cut(text.OneLine(f), maxPhrase))
		}
	}
}

func textGaps(b *strings.Builder, r result.Result) {
	lines := make([]string, 0, len(r.Missing))
	for _, g := range capped(r.Missing) {
		lines = append(lines, because(permission(g), g.Why))
	}
	title := "Missing permissions"
	if r.User != "" {
		title += " of " + text.Cut(text.OneLine(r.User), maxPhrase)
	}
	block(b, title, lines)
}

// permission is a gap in one phrase, marked when the run can do without it.
func permission(g problem.MissingPermission) string {
	if g.Optional {
		return g.String() + " (optional)"
	}
	return g.String()
}

// block is a titled list of lines; without lines it is nothing.
func block(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, line := range lines {
		fmt.Fprintf(b, "  %s\n", text.Cut(text.OneLine(line), 4*maxPhrase))
	}
}
