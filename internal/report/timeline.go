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
	whole, events := wholeOf(r), flat(r.Timeline, 0)
	var b strings.Builder
	b.WriteString("| At | What | Took | |\n|--:|:--|--:|:--|\n")
	for _, e := range capped(events) {
		fmt.Fprintf(&b, "| %.1f s | %s%s | %s | %s |\n", e.At.Seconds(), strings.Repeat("&emsp;", min(e.depth, 4)),
			phrase(e.What), took(e.Took), bar(e.At, e.Took, whole))
	}
	return details("Timeline", b.String()+more(len(events)))
}

// wholeOf returns how long the run took, and at least until its last step ended.
func wholeOf(r result.Result) time.Duration {
	whole := r.Took
	for _, e := range r.Timeline {
		whole = max(whole, e.At+e.Took)
	}
	return whole
}

// timed is an event, and how many others it is a part of.
type timed struct {
	result.Event
	depth int
}

// flat returns events, each followed by its parts.
func flat(events []result.Event, depth int) []timed {
	var all []timed
	for _, e := range events {
		all = append(append(all, timed{e, depth}), flat(e.Parts, depth+1)...)
	}
	return all
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
