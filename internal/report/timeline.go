package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/result"
)

// timeline returns what the time was spent on, folded: each step, its parts below
// it, and a bar that shows when in the run it was.
func timeline(r result.Result) string {
	if len(r.Timeline) == 0 {
		return ""
	}
	whole := r.Took
	for _, e := range r.Timeline {
		whole = max(whole, e.At+e.Took)
	}
	var b strings.Builder
	b.WriteString("| At | What | Took | |\n|--:|:--|--:|:--|\n")
	rows := timelineRows(&b, r.Timeline, whole, 0, 0)
	return details("Timeline", b.String()+more(rows))
}

// timelineRows writes the events and their parts as rows, up to maxRows in all.
// rows is how many came before; the result counts these and all of the events.
func timelineRows(b *strings.Builder, events []result.Event, whole time.Duration, depth, rows int) int {
	for _, e := range events {
		if rows++; rows <= maxRows {
			fmt.Fprintf(b, "| %.1f s | %s%s | %s | %s |\n", e.At.Seconds(), strings.Repeat("&emsp;", min(depth, 4)),
				phrase(e.What), took(e.Took), bar(e.At, e.Took, whole))
		}
		rows = timelineRows(b, e.Parts, whole, depth+1, rows)
	}
	return rows
}

// bar draws when something was, on a line from the start of the run to its end. What
// is too short for a cell is drawn as a moment.
func bar(at, took, whole time.Duration) string {
	const width = 20
	if whole <= 0 || at < 0 || took < 0 {
		return ""
	}
	cell := func(d time.Duration) int { return min(int(float64(d)/float64(whole)*width+0.5), width) }
	from, to := cell(at), cell(at+took)
	mark := strings.Repeat("█", to-from)
	if to == from {
		from = min(from, width-1)
		mark = "▏"
		to = from + 1
	}
	return "`" + strings.Repeat("·", from) + mark + strings.Repeat("·", width-to) + "`"
}
