package progress

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// maxTimeline is how many objects of a wait the timeline names.
const maxTimeline = 10

// timeline returns what the time of a wait was spent on: the objects that took
// longest, and all others in one event.
func (w *wait) timeline(now time.Time) []result.Event {
	took := func(o *object) time.Duration {
		if o.Satisfied || o.Failed {
			return o.took
		}
		return w.elapsed(now)
	}
	objects := slices.Clone(w.objects)
	slices.SortStableFunc(objects, func(a, b *object) int { return cmp.Compare(took(b), took(a)) })
	var events []result.Event
	for len(objects) > 0 && len(events) < maxTimeline && took(objects[0]) > 0 {
		o := objects[0]
		objects = objects[1:]
		e := result.Event{Took: took(o), What: o.name, Parts: o.parts(took(o))}
		switch {
		case o.Failed:
			e.What += ": failed"
		case !o.Satisfied:
			e.What += ": not " + string(w.condition)
		}
		events = append(events, e)
	}
	if len(events) == 0 || len(objects) == 0 {
		return events // if all were satisfied at once, there is no list
	}
	rest := result.Event{Took: took(objects[0]), What: fmt.Sprintf("and %d more", len(objects))}
	switch {
	case slices.ContainsFunc(objects, func(o *object) bool { return !o.Satisfied }):
	case rest.Took == 0:
		rest.What += ", " + string(w.condition) + " at once"
	default:
		rest.What += fmt.Sprintf(", all %s within %s", w.condition, text.Duration(rest.Took))
	}
	return append(events, rest)
}
