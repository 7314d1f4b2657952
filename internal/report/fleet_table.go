package report

import (
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/text"
)

// FleetText returns the list as a table for a terminal or a log. Where width is not 0, no line of
// the table takes more cells than that. Below it stands how a look at each of the apps ended. It
// holds untrusted text: on GitHub it has to be printed with workflow commands stopped.
func FleetText(f Fleet, width int) string {
	var b strings.Builder
	if len(f.Apps) > 0 {
		for _, line := range FleetRows(f, width) {
			b.WriteString(line + "\n")
		}
		b.WriteByte('\n')
	}
	b.WriteString(fit(f.summary(), width) + "\n")
	remarks := f.remarks()
	for i, line := range remarks {
		if i == maxRemarks {
			fmt.Fprintf(&b, "  and %d more\n", len(remarks)-i)
			break
		}
		b.WriteString(fit("! "+bounded(line), width) + "\n")
	}
	if f.Ended != nil {
		b.WriteString("\n" + Text(*f.Ended))
	}
	return b.String()
}

// FleetSummary is how many apps there are, in a line.
func FleetSummary(f Fleet, width int) string { return fit(f.summary(), width) }

func fit(line string, width int) string {
	if width <= 0 {
		return line
	}
	return text.CutCells(line, width)
}

// FleetRows returns the head and the rows of the table alone. The cells are made twice, for their
// widths and for the rows, and not kept: of ten thousand apps they are megabytes.
func FleetRows(f Fleet, width int) []string {
	head := []string{"  STATE"}
	for _, c := range fleetColumns {
		head = append(head, c.title)
	}
	widths := make([]int, len(head))
	widen := func(cells []string) {
		for c := range cells {
			widths[c] = max(widths[c], text.Width(cells[c]))
		}
	}
	widen(head)
	for i := range f.Apps {
		widen(fleetCells(&f, &f.Apps[i]))
	}
	narrow(widths, width)
	lines := make([]string, 0, len(f.Apps)+1)
	lines = append(lines, alignRow(head, widths, width))
	for i := range f.Apps {
		lines = append(lines, alignRow(fleetCells(&f, &f.Apps[i]), widths, width))
	}
	return lines
}

// fleetCells returns the cells of an app's row, its state first.
func fleetCells(f *Fleet, a *fleet.App) []string {
	return append([]string{fleetMark(a) + " " + string(a.State())}, fleetRowCells(f, a)...)
}

// columnGap is what is between two columns.
const columnGap = "  "

// narrow takes cells from the widest of the columns that may be narrower until all fit, or none
// of them has any to give.
func narrow(widths []int, room int) {
	over := len(columnGap) * (len(widths) - 1)
	for _, w := range widths {
		over += w
	}
	for over -= room; room > 0 && over > 0; over-- {
		widest := -1
		for c, column := range fleetColumns {
			if w := widths[c+1]; column.least > 0 && w > column.least && (widest < 0 || w > widths[widest]) {
				widest = c + 1
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

func alignRow(cells []string, widths []int, room int) string {
	var b strings.Builder
	for c, cell := range cells {
		b.WriteString(text.Pad(text.CutCells(cell, widths[c]), widths[c]) + columnGap)
	}
	return fit(strings.TrimRight(b.String(), " "), room)
}
