package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/result"
)

// timeline is where the time went, folded: each step, its parts under it, and
// beside them when in the run that was.
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

// timelineRows writes as many rows as are shown and counts them all.
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

// bar draws when something was, from the start of the run to its end. What is too
// short to be seen is drawn as a moment.
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
