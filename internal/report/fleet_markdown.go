package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/berth-dev/berth/internal/fleet"
)

// FleetMarkdown returns the list as Markdown, whole.
func FleetMarkdown(f Fleet) string {
	return fleetEnding(f) + fleetMarkdown(f, len(f.Apps), math.MaxInt)
}

// FleetSummaryPage returns the list for the summary of a job: the apps at which a person should
// look come first, and what there is no room for is counted. It is never larger than 900 KiB.
func FleetSummaryPage(f Fleet) string {
	ending := fleetEnding(f)
	f.Apps = WorstFirst(f.Apps)
	return ending + fleetMarkdown(f, maxRows, maxPage-len(ending))
}

// fleetEnding is how a look at each of the apps ended.
func fleetEnding(f Fleet) string {
	if f.Ended == nil {
		return ""
	}
	return Markdown(*f.Ended) + "\n"
}

// fleetMarkdown returns the table of at most so many rows, in at most so many bytes.
func fleetMarkdown(f Fleet, rows, room int) string {
	p := fleetPaper{room: room - len(leftOutOfFleet)}
	if p.put(escapeText(f.summary()) + "\n"); len(f.Apps) > 0 && p.put("\n"+fleetMarkdownHead()) {
		shown := 0
		for shown < min(rows, len(f.Apps)) && p.put(fleetMarkdownRow(&f, &f.Apps[shown])) {
			shown++
		}
		if left := len(f.Apps) - shown; left > 0 {
			p.put(fmt.Sprintf("\nand %d more\n", left))
		}
	}
	remarks := f.remarks()
	for i, line := range remarks {
		if i == 0 {
			p.put("\n")
		}
		if i == maxRemarks {
			p.put(fmt.Sprintf("- and %d more\n", len(remarks)-i))
			break
		}
		p.put("- " + quote(line) + "\n")
	}
	if p.full {
		return p.text.String() + leftOutOfFleet
	}
	return p.text.String()
}

const leftOutOfFleet = "\n*Some apps are not shown here, since the list is too long; fleet.json has them.*\n"

// fleetPaper takes pieces of text as far as it has room for them.
type fleetPaper struct {
	text strings.Builder
	room int
	full bool // something was left out
}

func (p *fleetPaper) put(piece string) bool {
	fits := p.text.Len()+len(piece) <= p.room
	if fits {
		p.text.WriteString(piece)
	}
	p.full = p.full || !fits
	return fits
}

func fleetMarkdownHead() string {
	var b strings.Builder
	b.WriteString("| | State |")
	for _, c := range fleetColumns {
		title := c.title
		if title != "PR" && title != "CPU" && title != "URL" {
			title = title[:1] + strings.ToLower(title[1:])
		}
		b.WriteString(" " + title + " |")
	}
	b.WriteString("\n|" + strings.Repeat("---|", len(fleetColumns)+2) + "\n")
	return b.String()
}

func fleetMarkdownRow(f *Fleet, a *fleet.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | %s |", fleetMark(a), escapeText(string(a.State())))
	for c, cell := range fleetRowCells(f, a) {
		b.WriteString(" " + fleetMarkdownCell(a, fleetColumns[c].title, cell) + " |")
	}
	b.WriteByte('\n')
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
