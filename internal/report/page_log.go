package report

import (
	"fmt"
	"strconv"
	"time"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

type timelineView struct {
	Picture *pictureView
	Rows    []eventView
	More    int
}

type eventView struct {
	At    string
	Depth int
	What  []span
	Took  string
}

func timelineOf(r result.Result) any {
	if len(r.Timeline) == 0 {
		return nil
	}
	events := flat(r.Timeline, 0)
	v := timelineView{Picture: pictureOf(capped(events), wholeOf(r)), More: beyond(len(events))}
	for _, e := range capped(events) {
		v.Rows = append(v.Rows, eventView{
			At: fmt.Sprintf("%.1f s", e.At.Seconds()), Depth: min(e.depth, 4), What: spansOf(bounded(e.What)), Took: took(e.Took),
		})
	}
	return v
}

// pictureView is the timeline as a picture. Along it everything is in percent, so that it
// fits a phone and a desk, and text has one size on both.
type pictureView struct {
	Height int
	Ticks  []tickView
	Bars   []barView
}

// tickView is a time on the line. The last one is written before its place.
type tickView struct {
	X, Label string
	Last     bool
}

// barView is when an event was, with its name above it. Without a class there is no bar.
// The name begins at the left on a phone. On a desk it stands at its bar: from the bar's
// beginning on, or up to its end where that is in the second half.
type barView struct {
	Label, Took, Class, X, Width string
	Indent, LabelY, Y            int
	NameX, Anchor                string
}

// pictureOf draws events on a line from the start of the run to its end.
func pictureOf(events []timed, whole time.Duration) *pictureView {
	const row, top, maxLabel = 32, 22, 90
	if whole <= 0 {
		return nil
	}
	v := &pictureView{Height: top + row*len(events)}
	percent := func(d time.Duration) string { return fmt.Sprintf("%.2f", 100*float64(d)/float64(whole)) }
	step := tickStep(whole)
	for at := time.Duration(0); float64(at) < 0.85*float64(whole); at += step {
		v.Ticks = append(v.Ticks, tickView{X: percent(at), Label: tickLabel(at, whole)})
	}
	v.Ticks = append(v.Ticks, tickView{X: "100", Label: took(whole), Last: true})
	for i, e := range events {
		b := barView{Indent: 14 * min(e.depth, 4), LabelY: top + row*i + 12, Y: top + row*i + 17}
		b.Label, b.Took = text.CutRunes(plainTitle(e.What), maxLabel), took(e.Took)
		b.NameX, b.Anchor = "0", "start"
		if e.At >= 0 && e.Took >= 0 && e.At <= whole-e.Took {
			b.Class = "step"
			if e.depth > 0 {
				b.Class = "part"
			}
			b.X, b.Width = percent(min(e.At, whole-whole/200)), percent(e.Took)+"%"
			if b.NameX = b.X; e.At > whole/2 {
				b.NameX, b.Anchor = percent(e.At+max(e.Took, whole/200)), "end"
			}
			if e.Took < whole/200 { // a moment, which has to be seen
				b.Width = "3"
			}
		}
		v.Bars = append(v.Bars, b)
	}
	return v
}

// tickLabel writes a time in the one unit that the whole line has.
func tickLabel(at, whole time.Duration) string {
	number := func(n float64) string { return strconv.FormatFloat(n, 'g', 4, 64) }
	switch {
	case at == 0:
		return "0"
	case whole < time.Second:
		return number(float64(at)/float64(time.Millisecond)) + " ms"
	case whole < 2*time.Minute:
		return number(at.Seconds()) + " s"
	}
	return number(at.Minutes()) + " min"
}

// tickStep returns a round time of which a handful make the whole.
func tickStep(whole time.Duration) time.Duration {
	for _, unit := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second} {
		for _, n := range []time.Duration{1, 2, 5} {
			if whole <= 5*n*unit {
				return n * unit
			}
		}
	}
	step := 10 * time.Second
	for _, n := range []time.Duration{3, 2, 5, 2, 3, 4, 6} { // 30 s, 1 min, 5, 10, 30, 2 h, 12 h
		if whole <= 5*step {
			return step
		}
		step *= n
	}
	return max(step, whole/4)
}

type writeView struct {
	At, Write      string
	Record, Status []span
	Tries          int
	Outcome        string
}

type writesView struct {
	Title string
	Rows  []writeView
	More  int
}

func writesOf(r result.Result) any {
	if len(r.Audit) == 0 {
		return nil
	}
	v := writesView{Title: writesTitle(r), More: beyond(len(r.Audit))}
	for _, w := range capped(r.Audit) {
		v.Rows = append(v.Rows, writeView{
			At: fmt.Sprintf("%.1f s", w.At.Seconds()), Write: bounded(w.Verb + " " + w.Resource), Record: asCode(bounded(w.Key)),
			Status: asCode(string(w.Status)), Tries: w.Tries, Outcome: bounded(writeOutcome(w)),
		})
	}
	return v
}

type requestView struct {
	Verb, Resource string
	Count          int
	Sent, Received string
}

type requestsView struct {
	Title string
	Rows  []requestView
	More  int
}

func requestsOf(r result.Result) any {
	if len(r.Traffic) == 0 {
		return nil
	}
	v := requestsView{Title: requestsTitle(r), More: beyond(len(r.Traffic))}
	for _, t := range capped(r.Traffic) {
		v.Rows = append(v.Rows, requestView{bounded(t.Verb), bounded(t.Resource), t.Count, text.Bytes(t.Sent), text.Bytes(t.Received)})
	}
	return v
}
