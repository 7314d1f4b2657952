package progress

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/text"
)

// slowest is how many objects of a wait the timeline names.
const slowest = 10

// timeline is what the time of a wait went to: the objects that took longest,
// and all the others in one.
func (w *waiting) timeline(now time.Time) []result.Event {
	took := func(o *object) time.Duration {
		if o.Satisfied || o.Failed {
			return o.took
		}
		return w.lasted(now)
	}
	objects := slices.Clone(w.objects)
	slices.SortStableFunc(objects, func(a, b *object) int { return cmp.Compare(took(b), took(a)) })
	var events []result.Event
	for len(objects) > 0 && len(events) < slowest && took(objects[0]) > 0 {
		o := objects[0]
		objects = objects[1:]
		e := result.Event{Took: took(o), What: o.name}
		switch {
		case o.Failed:
			e.What += ": failed"
		case !o.Satisfied:
			e.What += ": not " + string(w.aim)
		}
		events = append(events, e)
	}
	if len(events) == 0 || len(objects) == 0 {
		return events // that all were met at once needs no list
	}
	rest := result.Event{Took: took(objects[0]), What: fmt.Sprintf("and %d more", len(objects))}
	switch {
	case slices.ContainsFunc(objects, func(o *object) bool { return !o.Satisfied }):
	case rest.Took == 0:
		rest.What += ", " + string(w.aim) + " at once"
	default:
		rest.What += fmt.Sprintf(", all %s within %s", w.aim, text.Duration(rest.Took))
	}
	return append(events, rest)
}
