package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// maxPage is how many bytes a page may have: GitHub drops a job summary above
// 1 MiB a step.
const maxPage = 900 << 10

// Markdown returns the job summary, which is also report.md. It is never larger
// than 900 KiB: a section that does not fit is left out whole, so that no code
// block or table is ever cut in two.
func Markdown(r result.Result) string {
	sections := []string{
		"## " + markOf(r) + " " + title(r) + "\n",
		propertyTable(foremost(r)),
		cause(r),
		warnings(r),
		next(r),
		diagnosis(r),
		permissionSection(r),
		checkTable(r),
		objectTable(r),
		changeSection(r),
		titledList("Kept", r.Kept),
		titledList("Left behind", r.Remains),
	}
	sections = append(sections, sweptTables(r.Sweep)...)
	sections = append(sections, roundTables(r.Round)...)
	sections = append(sections,
		details("Release", propertyTable(further(r))),
		timeline(r),
		details("What Berth saw", evidenceBlock(r.Evidence)),
		details("Chart notes", evidenceBlock([]string{r.ChartNote})),
		writeTable(r),
		requestTable(r),
	)
	const leftOut = "\n*Some sections are too long to be shown here; report.json has them.*\n"
	var page strings.Builder
	complete := true
	for _, s := range sections {
		if page.Len()+len(s)+len(leftOut) >= maxPage {
			complete = false
			continue
		}
		if s != "" && page.Len() > 0 {
			page.WriteByte('\n')
		}
		page.WriteString(s)
	}
	if !complete {
		page.WriteString(leftOut)
	}
	return page.String()
}

// title returns the headline. The address that it begins with after a success is a link.
func title(r result.Result) string {
	s := headline(r)
	if leadsWithURL(r) {
		return link(r.URL) + " " + prose(strings.TrimPrefix(s, r.URL+" "))
	}
	return prose(s)
}

// markOf is the mark before the headline.
func markOf(r result.Result) string {
	switch severityOf(r) {
	case succeeded:
		return "✅"
	case nothingDone:
		return "ℹ️"
	case halfway, interrupted:
		return "⚠️"
	case failed:
		if r.Softened {
			return "⚠️"
		}
	}
	return "❌"
}

// propertyTable returns properties of what the run was about. The first row is the
// header, since Markdown demands one.
func propertyTable(properties []property) string {
	var b strings.Builder
	for i, p := range properties {
		value := bounded(p.value)
		switch p.kind {
		case verbatim:
			value = linked(code(value), p.page)
		case address:
			value = labelled(value, p.label)
		case wording:
			value = prose(value)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", p.name, value)
		if i == 0 {
			b.WriteString("|:--|:--|\n")
		}
	}
	return b.String()
}

// cause returns why the run ended: the first line as a sentence, and the rest, such
// as the position of a template error, as it was written. What objects failed by is told
// with them, and once.
func cause(r result.Result) string {
	first, rest := causeParts(r)
	if first == "" {
		return ""
	}
	s := "**Why:** " + prose(first) + "\n"
	if strings.TrimSpace(rest) != "" {
		s += "\n" + codeBlock("text", rest, maxBlock/4)
	}
	return s
}

// causeParts returns the first line of why the run ended, and the rest; "" where that is
// told elsewhere.
func causeParts(r result.Result) (first, rest string) {
	if causeTold(r) {
		return "", ""
	}
	first, rest, _ = strings.Cut(strings.TrimSpace(text.Clean(r.Cause)), "\n")
	return text.Cut(first, 4*maxPhrase), rest
}

// warnings returns what a person should know though the run went on, a repair above
// all. Notices stay in the log.
func warnings(r result.Result) string {
	var b strings.Builder
	for _, n := range r.Notes {
		if n.Level == result.LevelWarning && b.Len() < maxBlock {
			fmt.Fprintf(&b, "> **%s:** %s\n\n", prose(text.OneLine(n.Title)), prose(text.Cut(text.OneLine(n.Message), 4*maxPhrase)))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// next returns what to do next: sentences, and lines that begin with "$ " as code
// blocks of commands to copy.
func next(r result.Result) string {
	var parts []string
	for _, p := range nextParts(r) {
		if p.commands != nil {
			parts = append(parts, codeBlock("sh", strings.Join(p.commands, "\n"), maxBlock/4))
		} else {
			parts = append(parts, prose(p.sentence)+"\n")
		}
	}
	if len(parts) == 0 {
		return ""
	}
	separator := " "
	if strings.HasPrefix(parts[0], "```") {
		separator = "\n\n"
	}
	return "**Next:**" + separator + strings.Join(parts, "\n")
}

// nextPart is a sentence of what to do next, or commands that follow each other.
type nextPart struct {
	sentence string
	commands []string
}

func nextParts(r result.Result) []nextPart {
	var parts []nextPart
	lines := text.Lines(r.Next)
	for _, line := range lines[:min(len(lines), maxLines)] {
		command, ok := strings.CutPrefix(line, "$ ")
		switch {
		case !ok:
			parts = append(parts, nextPart{sentence: text.Cut(line, 4*maxPhrase)})
		case len(parts) > 0 && parts[len(parts)-1].commands != nil:
			parts[len(parts)-1].commands = append(parts[len(parts)-1].commands, command)
		default:
			parts = append(parts, nextPart{commands: []string{command}})
		}
	}
	return parts
}
