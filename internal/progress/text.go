package progress

import (
	"fmt"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/text"
)

const (
	longest = 240 // cells of one reason in a line
	shorter = 120 // where several stand in a line
	shown   = 3   // objects that are named in a line
)

// line is all that can be said of an object.
func (o *object) line(aim Aim) string {
	switch {
	case o.Satisfied && o.took > 0:
		return fmt.Sprintf("%s: %s after %s", o.name, aim, text.Duration(o.took))
	case o.Satisfied:
		return fmt.Sprintf("%s: %s", o.name, aim)
	case o.Failed:
		return fmt.Sprintf("%s: failed after %s", o.name, text.Duration(o.took)) + text.After(": ", text.CutCells(o.Reason, longest))
	case o.Wanted > 0 && aim != Gone:
		return fmt.Sprintf("%s: %d of %d %s", o.name, o.Ready, o.Wanted, aim) + text.After(": ", text.CutCells(o.Reason, longest))
	}
	return fmt.Sprintf("%s: not %s", o.name, aim) + text.After(": ", text.CutCells(o.Reason, longest))
}

// introduction is what is waited for.
func (w *waiting) introduction() string {
	open := w.open()
	return fmt.Sprintf("Waiting for %s to be %s: %s", portion(len(open), len(w.objects)), w.aim, list(open, w.aim, false))
}

// standing is how far it is, in one line.
func (w *waiting) standing(now time.Time) string {
	return fmt.Sprintf("%d of %d %s after %s; waiting for %s", w.met, len(w.objects), w.aim, text.Duration(w.lasted(now)), list(w.open(), w.aim, false))
}

// reminder is standing for somebody who has heard nothing for long.
func (w *waiting) reminder(now time.Time) string {
	return fmt.Sprintf("Still waiting after %s: %d of %d %s; %s", text.Seconds(w.lasted(now)), w.met, len(w.objects), w.aim, list(w.open(), w.aim, true))
}

// end is how it ended, or how it stands.
func (w *waiting) end(now time.Time) string {
	if !w.over() {
		return fmt.Sprintf("%d of %s %s after %s", w.met, text.Plural(len(w.objects), "object"), w.aim, text.Duration(w.lasted(now)))
	}
	if len(w.objects) == 1 {
		return w.objects[0].line(w.aim)
	}
	if len(w.late()) == 0 {
		return fmt.Sprintf("All %s %s at once", text.Plural(len(w.objects), "object"), w.aim)
	}
	return fmt.Sprintf("All %s %s after %s", text.Plural(len(w.objects), "object"), w.aim, text.Duration(w.lasted(now)))
}

// list names the first few of the objects, and why they are not there yet.
func list(objects []*object, aim Aim, why bool) string {
	var names []string
	for _, o := range objects[:min(len(objects), shown)] {
		var parts []string
		if o.Wanted > 0 && aim != Gone {
			parts = append(parts, fmt.Sprintf("%d of %d", o.Ready, o.Wanted))
		}
		if why && o.Reason != "" {
			parts = append(parts, text.CutCells(o.Reason, shorter))
		}
		name := o.name
		if len(parts) > 0 {
			name += " (" + strings.Join(parts, ": ") + ")"
		}
		names = append(names, name)
	}
	s := strings.Join(names, ", ")
	if more := len(objects) - shown; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// portion is "2 of 3 objects", "3 objects".
func portion(n, all int) string {
	if n == all {
		return text.Plural(n, "object")
	}
	return fmt.Sprintf("%d of %s", n, text.Plural(all, "object"))
}
