package progress

import (
	"fmt"
	"time"

	"github.com/berth-dev/berth/internal/text"
)

// frame is how much room a table has.
type frame struct {
	width, height int
	color         bool
}

// table returns the rows that show a wait: a head, and as many of the objects as
// fit, the unsatisfied ones first.
func table(w *wait, now time.Time, f frame) []string {
	head := w.lastLine(now)
	if w.ended.IsZero() && !w.satisfiedAll() {
		head = fmt.Sprintf("Waiting for %s to be %s, %s", outOf(len(w.objects)-w.satisfied, len(w.objects)), w.condition,
			text.Seconds(w.elapsed(now)))
	}
	rows := []string{text.CutCells(head, f.width)}
	if len(w.objects) == 1 && w.satisfiedAll() {
		return rows // the head says all there is to say of one object
	}
	room := f.height - len(rows)
	objects := append(w.unsatisfied(), w.satisfiedLater()...)
	left := len(w.objects) - len(objects)
	if left > 0 || len(objects) > room {
		room-- // for how many are not shown
	}
	if room < 0 {
		return rows[:min(len(rows), max(f.height, 0))]
	}
	hidden := objects[min(room, len(objects)):]
	objects = objects[:len(objects)-len(hidden)]
	rows = append(rows, w.rows(objects, now, f)...)
	if left += len(hidden); left > 0 {
		rows = append(rows, text.CutCells("  "+w.omittedLine(left, hidden), f.width))
	}
	return rows
}

// rows returns a row for each of the objects, in columns.
func (w *wait) rows(objects []*object, now time.Time, f frame) []string {
	cols := make([][4]string, len(objects))
	var widths [3]int
	for i, o := range objects {
		cols[i] = w.columns(o, now)
		for c := range widths {
			widths[c] = max(widths[c], text.Width(cols[i][c]))
		}
	}
	widths[0] = min(widths[0], max(f.width/2, 20))
	rows := make([]string, len(objects))
	for i, o := range objects {
		row := ""
		for c, width := range widths {
			if width > 0 {
				row += " " + text.Pad(text.CutCells(cols[i][c], width), width) + " "
			}
		}
		rows[i] = f.mark(o) + text.CutCells(row+" "+cols[i][3], f.width-3)
	}
	return rows
}

// columns returns an object's name, how many of its pods are ready, since when it is
// waited for, and why.
func (w *wait) columns(o *object, now time.Time) [4]string {
	c := [4]string{o.name, "", text.Seconds(w.elapsed(now)), o.Reason}
	if o.Wanted > 0 && w.condition != Gone {
		c[1] = fmt.Sprintf("%d/%d", o.Ready, o.Wanted)
	}
	if o.Satisfied || o.Failed {
		c[2] = text.Duration(o.took)
	}
	if o.Satisfied {
		c[3] = string(w.condition)
	}
	return c
}

// omittedLine says how many objects are not shown: n, among them the hidden ones,
// which did not fit. All others of the n are satisfied.
func (w *wait) omittedLine(n int, hidden []*object) string {
	open := 0
	for _, o := range hidden {
		if !o.Satisfied {
			open++
		}
	}
	switch open {
	case 0:
		return fmt.Sprintf("and %d more, %s", n, w.condition)
	case n:
		return fmt.Sprintf("and %d more", n)
	}
	return fmt.Sprintf("and %d more, %d of them %s", n, n-open, w.condition)
}

// mark returns the mark of an object's state, in three cells.
func (f frame) mark(o *object) string {
	mark, color := "·", ""
	switch {
	case o.Satisfied:
		mark, color = "✓", "32"
	case o.Failed:
		mark, color = "✗", "31"
	}
	if f.width < 3 {
		return ""
	}
	if !f.color || color == "" {
		return "  " + mark
	}
	return "  \x1b[" + color + "m" + mark + "\x1b[0m"
}

// activityTable returns the row that shows what the run does while it waits for no
// objects.
func activityTable(activity string, since, now time.Time, f frame) []string {
	if f.height < 1 {
		return nil
	}
	lasts := ", " + text.Seconds(now.Sub(since))
	return []string{text.CutCells("… "+text.CutCells(activity, f.width-2-text.Width(lasts))+lasts, f.width)}
}
