package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// Text is what a terminal or a CI log shows at the end: no colour, no control
// characters, short. Its lines still hold untrusted text, so on GitHub it has to
// be printed with workflow commands stopped.
func Text(r result.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", textMark(r), strings.ReplaceAll(headline(r), "`", ""))
	textProperties(&b, foremost(r))
	textChecks(&b, r)
	textChanges(&b, r)
	block(&b, "Kept", capped(r.Kept))
	block(&b, "Left behind", capped(r.Remains))
	sweptText(&b, r.Sweep)
	roundText(&b, r.Round)
	if !causeTold(r) {
		block(&b, "Why", text.Lines(text.Cut(text.Clean(r.Cause), 4*maxPhrase)))
	}
	textDiagnosis(&b, r)
	block(&b, "Evidence", capped(r.Evidence))
	textPermissions(&b, r)
	textProperties(&b, further(r))
	block(&b, "Next", text.Lines(r.Next))
	if r.RBAC != "" {
		// Not indented: "---" between documents has to begin its line.
		b.WriteString("\nApply this with kubectl apply -f -, as a cluster admin or whoever else may grant it:\n\n")
		b.WriteString(strings.TrimRight(text.Clean(wholeDocuments(r.RBAC, 4*maxBlock)), "\n") + "\n")
	}
	if count, size := requestTotals(r); count > 0 {
		fmt.Fprintf(&b, "\n%s to the API server, %s\n", text.Plural(count, "request"), text.Bytes(size))
	}
	return b.String()
}

// textProperties writes what the run was about.
func textProperties(b *strings.Builder, properties []property) {
	if len(properties) > 0 {
		b.WriteByte('\n')
	}
	for _, p := range properties {
		value := bounded(p.value)
		if p.kind == wording {
			value = strings.ReplaceAll(value, "`", "")
		}
		fmt.Fprintf(b, "  %-12s  %s\n", p.name, value)
	}
}

// textMark is the mark before the headline.
func textMark(r result.Result) string {
	switch severityOf(r) {
	case succeeded:
		return "✓"
	case nothingDone:
		return "·"
	case halfway, interrupted:
		return "!"
	case failed:
		if r.Softened {
			return "!"
		}
	}
	return "✗"
}

// textChecks writes the consistency checks with what each of them saw.
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
		fmt.Fprintf(b, "  %s %s\n", mark, withReason(text.OneLine(checkTitle(c)), bounded(c.Detail)))
		for i, f := range c.Findings {
			if i == maxLines {
				fmt.Fprintf(b, "      and %d more\n", len(c.Findings)-i)
				break
			}
			fmt.Fprintf(b, "      %s\n", bounded(f))
		}
	}
}

// textPermissions writes every missing permission.
func textPermissions(b *strings.Builder, r result.Result) {
	missing := merged(r.Missing)
	lines := make([]string, 0, len(missing))
	for _, m := range capped(missing) {
		lines = append(lines, withReason(permissionLine(m), m.Why))
	}
	title := "Missing permissions"
	if r.User != "" {
		title += " of " + bounded(r.User)
	}
	block(b, title, lines)
}
