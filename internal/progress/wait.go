package progress

import (
	"slices"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
)

// Condition is what objects are waited for to be.
type Condition string

// The conditions.
const (
	Ready Condition = "ready"
	Done  Condition = "done" // a Job or Pod that has run to its end
	Gone  Condition = "gone"
)

// wait is what is known of one wait for objects.
type wait struct {
	condition Condition
	began     time.Time
	ended     time.Time // zero while it goes on
	objects   []*object // in the order in which they were applied
	byRef     map[facts.Ref]*object
	satisfied int // how many of the objects are
}

// object is one object of a wait. Its texts are safe to print.
type object struct {
	facts.Awaited
	name    string
	took    time.Duration  // until it was satisfied or failed; zero if it was at once, or is not yet
	printed string         // the last line that was printed about it
	changed bool           // it changed since that line
	old     []result.Event // the old pods that had to end first; the last may still have to
}

// newWait returns a wait that begins now. Objects in namespace are named without it.
// plain makes untrusted text safe to print.
func newWait(condition Condition, now time.Time, all []facts.Awaited, namespace string, plain func(string) string) *wait {
	w := &wait{condition: condition, began: now, byRef: make(map[facts.Ref]*object, len(all))}
	for _, a := range all {
		o := &object{name: plain(a.In(namespace))}
		w.objects, w.byRef[a.Ref] = append(w.objects, o), o
		w.set(o, a, plain)
	}
	return w
}

// update stores what an object has become and returns the object, or nil if it does
// not belong to this wait.
func (w *wait) update(now time.Time, a facts.Awaited, plain func(string) string) *object {
	o := w.byRef[a.Ref]
	if o == nil {
		return nil
	}
	o.awaitOld(now.Sub(w.began), plain(a.OldPod))
	w.set(o, a, plain)
	if a.Satisfied || a.Failed {
		o.took = now.Sub(w.began)
	}
	return o
}

// set stores what an object has become.
func (w *wait) set(o *object, a facts.Awaited, plain func(string) string) {
	switch {
	case a.Satisfied && !o.Satisfied:
		w.satisfied++
	case !a.Satisfied && o.Satisfied: // it was so for the time being
		w.satisfied--
	}
	a.Reason, a.Unprobed, a.OldPod = plain(a.Reason), plain(a.Unprobed), plain(a.OldPod)
	o.Awaited = a
}

// maxOld bounds of how many old pods the timeline tells.
const maxOld = 3

// awaitOld notes for which old pod the object waits from now on; "": for none.
func (o *object) awaitOld(at time.Duration, pod string) {
	if pod == o.OldPod {
		return
	}
	if last := len(o.old) - 1; last >= 0 && o.old[last].Took == 0 {
		o.old[last].Took = at - o.old[last].At
	}
	if pod != "" && len(o.old) < maxOld {
		o.old = append(o.old, result.Event{At: at, What: "old pod " + pod + " had to end first"})
	}
}

// parts returns what the object's own time was spent on, as far as that is known.
func (o *object) parts(took time.Duration) []result.Event {
	parts := slices.Clone(o.old)
	if last := len(parts) - 1; last >= 0 && parts[last].Took == 0 {
		parts[last].Took = took - parts[last].At
	}
	if why := o.watching(); why != "" {
		parts = append(parts, result.Event{At: o.took - o.Watched, Took: o.Watched, What: why})
	}
	return parts
}

// satisfiedAll says whether every object is as it was waited for.
func (w *wait) satisfiedAll() bool { return w.satisfied == len(w.objects) }

// elapsed returns how long the wait has lasted by now, or lasted in all if it ended.
func (w *wait) elapsed(now time.Time) time.Duration {
	if !w.ended.IsZero() {
		now = w.ended
	}
	return now.Sub(w.began)
}

// unsatisfied returns the objects that failed, and after them those that are still
// waited for.
func (w *wait) unsatisfied() []*object {
	var failed, pending []*object
	for _, o := range w.objects {
		switch {
		case o.Failed:
			failed = append(failed, o)
		case !o.Satisfied:
			pending = append(pending, o)
		}
	}
	return append(failed, pending...)
}

// satisfiedLater returns the objects that were not satisfied from the beginning but
// are now.
func (w *wait) satisfiedLater() []*object {
	return slices.DeleteFunc(slices.Clone(w.objects), func(o *object) bool { return !o.Satisfied || o.took == 0 })
}
