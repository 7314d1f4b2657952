package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// GitHub drops a job summary above 1 MiB a step; half of every section's own
// bound would still fit, and a section that does not is left out whole, so that
// no fence or table is ever cut open.
const maxMarkdown = 900 << 10

// The bounds of single sections.
const (
	maxRows   = 100
	maxLines  = 20  // findings of a check, lines of a next step
	maxPhrase = 512 // bytes of one reason, finding or cell
	maxBlock  = 64 << 10
)

// Markdown is the job summary and report.md. It is never larger than 900 KiB.
func Markdown(r result.Result) string {
	sections := []string{
		"## " + markdownMark(r) + " " + prose(headline(r)) + "\n",
		factTable(r),
		cause(r),
		warnings(r),
		next(r),
		diagnosis(r),
		permissions(r),
		checkTable(r),
		objectTable(r),
		kept(r),
		timeline(r),
		details("Evidence", fenceAll(r.Evidence)),
		details("Chart notes", fenceAll([]string{r.ChartNote})),
		writeTable(r),
		requestTable(r),
	}
	const leftOut = "\n*Some sections are too long to be shown here; report.json has them.*\n"
	var page strings.Builder
	cut := false
	for _, s := range sections {
		if page.Len()+len(s)+len(leftOut) >= maxMarkdown {
			cut = true
			continue
		}
		if s != "" && page.Len() > 0 {
			page.WriteByte('\n')
		}
		page.WriteString(s)
	}
	if cut {
		page.WriteString(leftOut)
	}
	return page.String()
}

func markdownMark(r result.Result) string {
	switch moodOf(r) {
	case good:
		return "✅"
	case quiet:
		return "ℹ️"
	case stopped:
		return "⚠️"
	case bad:
	}
	return "❌"
}

// factTable has no header of its own: Markdown demands one, so the first fact
// is it.
func factTable(r result.Result) string {
	var b strings.Builder
	for i, f := range factsOf(r) {
		value := text.Cut(text.OneLine(f.value), maxPhrase)
		switch f.kind {
		case verbatim:
			value = code(value)
		case address:
			value = link(value)
		case wording:
			value = prose(value)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", f.name, value)
		if i == 0 {
			b.WriteString("|:--|:--|\n")
		}
	}
	return b.String()
}

// cause shows the first line as a sentence and the rest, a template error's
// position say, as it was written.
func cause(r result.Result) string {
	first, rest, _ := strings.Cut(strings.TrimSpace(text.Clean(r.Cause)), "\n")
	if first == "" {
		return ""
	}
	s := "**Why:** " + prose(text.Cut(first, 4*maxPhrase)) + "\n"
	if strings.TrimSpace(rest) != "" {
		s += "\n" + fence("text", rest, maxBlock/4)
	}
	return s
}

// warnings are what a person should hear of though the run went on: a repair
// above all. Notices stay in the log.
func warnings(r result.Result) string {
	var b strings.Builder
	for _, n := range r.Notes {
		if n.Level == result.LevelWarning && b.Len() < maxBlock {
			fmt.Fprintf(&b, "> **%s:** %s\n\n", prose(text.OneLine(n.Title)), prose(text.Cut(text.OneLine(n.Message), 4*maxPhrase)))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// next shows sentences as such and lines that begin with "$ " as commands to
// copy.
func next(r result.Result) string {
	var parts, commands []string
	flush := func() {
		if len(commands) > 0 {
			parts = append(parts, fence("sh", strings.Join(commands, "\n"), maxBlock/4))
			commands = nil
		}
	}
	lines := nonEmptyLines(r.Next)
	for _, line := range lines[:min(len(lines), maxLines)] {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			commands = append(commands, command)
			continue
		}
		flush()
		parts = append(parts, prose(text.Cut(line, 4*maxPhrase))+"\n")
	}
	flush()
	if len(parts) == 0 {
		return ""
	}
	separator := " "
	if strings.HasPrefix(parts[0], "```") {
		separator = "\n\n"
	}
	return "**Next:**" + separator + strings.Join(parts, "\n")
}

// nonEmptyLines is s cleaned, without its empty lines and outer spaces.
func nonEmptyLines(s string) []string {
	var lines []string
	for line := range strings.Lines(text.Clean(s)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
