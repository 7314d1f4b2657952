package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/fleet"
)

// FleetMarkdown returns the list as Markdown, such as for a job's summary.
func FleetMarkdown(f Fleet) string {
	var b strings.Builder
	b.WriteString(escapeText(f.summary()) + "\n")
	if len(f.Apps) == 0 {
		return b.String()
	}
	b.WriteString("\n| | State |")
	for _, c := range fleetColumns {
		title := c.title
		if title != "PR" && title != "CPU" && title != "URL" {
			title = title[:1] + strings.ToLower(title[1:])
		}
		b.WriteString(" " + title + " |")
	}
	b.WriteString("\n|" + strings.Repeat("---|", len(fleetColumns)+2) + "\n")
	for i := range f.Apps {
		a := &f.Apps[i]
		fmt.Fprintf(&b, "| %s | %s |", fleetMark(a), escapeText(string(a.State())))
		for c, cell := range fleetRowCells(a, f.At) {
			b.WriteString(" " + fleetMarkdownCell(a, fleetColumns[c].title, cell) + " |")
		}
		b.WriteByte('\n')
	}
	remarks := f.remarks()
	for i, line := range remarks {
		if i == 0 {
			b.WriteByte('\n')
		}
		if i == maxRemarks {
			fmt.Fprintf(&b, "- and %d more\n", len(remarks)-i)
			break
		}
		b.WriteString("- " + quote(line) + "\n")
	}
	return b.String()
}

// fleetMarkdownCell returns a cell in Markdown, as a link where there is a page of it.
func fleetMarkdownCell(a *fleet.App, title, cell string) string {
	if cell == "-" {
		return "–"
	}
	switch title {
	case "PR":
		return linked(escapeText(cell), a.PullPage())
	case "COMMIT":
		return linked(code(cell), a.CommitPage())
	case "BRANCH", "NAMESPACE/RELEASE":
		return code(cell)
	case "URL":
		return link(a.URL)
	}
	return escapeText(cell)
}
