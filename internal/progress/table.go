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

// table draws a wait: the objects that are not there yet first, as many as fit.
func table(w *waiting, now time.Time, f frame) []string {
	head := w.end(now)
	if w.ended.IsZero() && !w.over() {
		head = fmt.Sprintf("Waiting for %s to be %s, %s", portion(len(w.objects)-w.met, len(w.objects)), w.aim, text.Seconds(w.lasted(now)))
	}
	rows := []string{text.CutCells(head, f.width)}
	if len(w.objects) == 1 && w.over() {
		return rows // which is all that there is to say of one
	}
	room := f.height - len(rows)
	objects := append(w.open(), w.late()...)
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
		rows = append(rows, text.CutCells("  "+w.remainder(left, hidden), f.width))
	}
	return rows
}

// rows are those of the objects, in columns.
func (w *waiting) rows(objects []*object, now time.Time, f frame) []string {
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

// columns are an object's name, its count, for how long, and why.
func (w *waiting) columns(o *object, now time.Time) [4]string {
	c := [4]string{o.name, "", text.Seconds(w.lasted(now)), o.Reason}
	if o.Wanted > 0 && w.aim != Gone {
		c[1] = fmt.Sprintf("%d/%d", o.Ready, o.Wanted)
	}
	if o.Satisfied || o.Failed {
		c[2] = text.Duration(o.took)
	}
	if o.Satisfied {
		c[3] = string(w.aim)
	}
	return c
}

// remainder is what is not shown: n objects, the hidden ones among them.
func (w *waiting) remainder(n int, hidden []*object) string {
	open := 0
	for _, o := range hidden {
		if !o.Satisfied {
			open++
		}
	}
	switch open {
	case 0:
		return fmt.Sprintf("and %d more, %s", n, w.aim)
	case n:
		return fmt.Sprintf("and %d more", n)
	}
	return fmt.Sprintf("and %d more, %d of them %s", n, n-open, w.aim)
}

// mark is how an object stands, in three cells.
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

// activity is a table of nothing but what the run does.
func activity(doing string, since, now time.Time, f frame) []string {
	if f.height < 1 {
		return nil
	}
	lasts := ", " + text.Seconds(now.Sub(since))
	return []string{text.CutCells("… "+text.CutCells(doing, f.width-2-text.Width(lasts))+lasts, f.width)}
}
