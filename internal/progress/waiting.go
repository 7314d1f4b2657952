package progress

import (
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// Aim is what objects are waited for to be.
type Aim string

// The aims.
const (
	Ready Aim = "ready"
	Done  Aim = "done" // a Job or Pod that has run to its end
	Gone  Aim = "gone"
)

// waiting is a wait as it stands.
type waiting struct {
	aim     Aim
	began   time.Time
	ended   time.Time // zero: it goes on
	objects []*object // in the order in which they were applied
	byRef   map[facts.Ref]*object
	met     int
}

// object is one of the objects of a wait. Its texts are safe to print.
type object struct {
	facts.Awaited
	name string
	took time.Duration // until it was met, or failed; zero: at once, or not yet
	said string        // the last line about it
	news bool          // it changed since
}

// begin is a wait that begins now. show makes text safe to print.
func begin(aim Aim, now time.Time, all []facts.Awaited, home string, show func(string) string) *waiting {
	w := &waiting{aim: aim, began: now, byRef: make(map[facts.Ref]*object, len(all))}
	for _, a := range all {
		o := &object{name: show(a.Ref.In(home))}
		w.objects, w.byRef[a.Ref] = append(w.objects, o), o
		w.take(o, a, show)
	}
	return w
}

// saw takes in what an object has become, or gives nil if it is none of this
// wait's.
func (w *waiting) saw(now time.Time, a facts.Awaited, show func(string) string) *object {
	o := w.byRef[a.Ref]
	if o == nil {
		return nil
	}
	w.take(o, a, show)
	if a.Satisfied || a.Failed {
		o.took = now.Sub(w.began)
	}
	return o
}

func (w *waiting) take(o *object, a facts.Awaited, show func(string) string) {
	if a.Satisfied && !o.Satisfied {
		w.met++
	}
	a.Reason = show(a.Reason)
	o.Awaited = a
}

// over says that all have come to what they were waited for to be.
func (w *waiting) over() bool { return w.met == len(w.objects) }

// lasted is how long it has lasted by now, or did.
func (w *waiting) lasted(now time.Time) time.Duration {
	if !w.ended.IsZero() {
		now = w.ended
	}
	return now.Sub(w.began)
}

// open are the objects that are still waited for, those that failed first.
func (w *waiting) open() []*object {
	var failed, open []*object
	for _, o := range w.objects {
		switch {
		case o.Failed:
			failed = append(failed, o)
		case !o.Satisfied:
			open = append(open, o)
		}
	}
	return append(failed, open...)
}

// late are the objects that were not met at once but are now.
func (w *waiting) late() []*object {
	return slices.DeleteFunc(slices.Clone(w.objects), func(o *object) bool { return !o.Satisfied || o.took == 0 })
}
