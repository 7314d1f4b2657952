package progress

import (
	"fmt"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/text"
)

const (
	maxReason     = 240 // cells of one reason in a line
	maxListReason = 120 // where several stand in a line
	maxNamed      = 3   // objects that are named in a line
)

// line says everything about an object.
func (o *object) line(condition Condition) string {
	switch {
	case o.Satisfied && o.took > 0:
		return fmt.Sprintf("%s: %s after %s", o.name, condition, text.Duration(o.took)) + text.After(", ", o.watching())
	case o.Satisfied:
		return fmt.Sprintf("%s: %s", o.name, condition)
	case o.Failed:
		return fmt.Sprintf("%s: failed after %s", o.name, text.Duration(o.took)) + text.After(": ", text.CutCells(o.Reason, maxReason))
	case o.Wanted > 0 && condition != Gone:
		return fmt.Sprintf("%s: %d of %d %s", o.name, o.Ready, o.Wanted, condition) + text.After(": ", text.CutCells(o.Reason, maxReason))
	}
	return fmt.Sprintf("%s: not %s", o.name, condition) + text.After(": ", text.CutCells(o.Reason, maxReason))
}

// watching says for how long the object was watched because of its containers; "" if
// it was not.
func (o *object) watching() string {
	if o.Watched == 0 {
		return ""
	}
	return fmt.Sprintf("watched for %s: no readiness probe in %s", text.Duration(o.Watched), o.Unprobed)
}

// firstLine says what is waited for.
func (w *wait) firstLine() string {
	pending := w.unsatisfied()
	return fmt.Sprintf("Waiting for %s to be %s: %s", outOf(len(pending), len(w.objects)), w.condition, list(pending, w.condition, false))
}

// standingLine says how far the wait is.
func (w *wait) standingLine(now time.Time) string {
	return fmt.Sprintf("%d of %d %s after %s; waiting for %s", w.satisfied, len(w.objects), w.condition, text.Duration(w.elapsed(now)),
		list(w.unsatisfied(), w.condition, false))
}

// reminderLine says how far the wait is, and why, when nothing was printed for long.
func (w *wait) reminderLine(now time.Time) string {
	return fmt.Sprintf("Still waiting after %s: %d of %d %s; %s", text.Seconds(w.elapsed(now)), w.satisfied, len(w.objects), w.condition,
		list(w.unsatisfied(), w.condition, true))
}

// lastLine says how the wait ended, or how far it is if it goes on.
func (w *wait) lastLine(now time.Time) string {
	if !w.satisfiedAll() {
		return fmt.Sprintf("%d of %s %s after %s", w.satisfied, text.Plural(len(w.objects), "object"), w.condition, text.Duration(w.elapsed(now)))
	}
	if len(w.objects) == 1 {
		return w.objects[0].line(w.condition)
	}
	if len(w.satisfiedLater()) == 0 {
		return fmt.Sprintf("All %s %s at once", text.Plural(len(w.objects), "object"), w.condition)
	}
	return fmt.Sprintf("All %s %s after %s", text.Plural(len(w.objects), "object"), w.condition, text.Duration(w.elapsed(now)))
}

// list names the first few of the objects and, if why is set, what they wait for.
func list(objects []*object, condition Condition, why bool) string {
	var names []string
	for _, o := range objects[:min(len(objects), maxNamed)] {
		var parts []string
		if o.Wanted > 0 && condition != Gone {
			parts = append(parts, fmt.Sprintf("%d of %d", o.Ready, o.Wanted))
		}
		if why && o.Reason != "" {
			parts = append(parts, text.CutCells(o.Reason, maxListReason))
		}
		name := o.name
		if len(parts) > 0 {
			name += " (" + strings.Join(parts, ": ") + ")"
		}
		names = append(names, name)
	}
	s := strings.Join(names, ", ")
	if more := len(objects) - maxNamed; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// outOf returns "2 of 3 objects", or "3 objects" if it is all of them.
func outOf(n, all int) string {
	if n == all {
		return text.Plural(n, "object")
	}
	return fmt.Sprintf("%d of %s", n, text.Plural(all, "object"))
}
