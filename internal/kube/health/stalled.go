package health

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
)

// History holds what earlier evaluations of an object saw. The zero value is that
// of an object not evaluated before.
type History struct {
	faults map[string]faultRecord  // by fault.key
	runs   map[string]runs         // of the containers, by runKey
	ready  map[types.UID]time.Time // since when each pod is seen to be ready
}

// faultRecord is one fault over time.
type faultRecord struct {
	since       time.Time // when it was seen first
	occurrence  string    // fault.occurrence when it was seen last
	occurrences int
	absent      bool // the last evaluation did not see it
}

// Verdict is what the evidence says of one object.
type Verdict struct {
	// Stalled is why the object cannot become ready whatever becomes of others; ""
	// while it still can.
	Stalled string
	// Looping is why it will not, unless something else is the cause that the release
	// itself still starts: a container crashes again and again. began is when the run
	// that crashed last began.
	Looping string
	began   time.Time

	stalledBy, loopingBy facts.Cause
}

// Cause returns the cause behind one of the verdict's reasons.
func (v Verdict) Cause(reason string) facts.Cause {
	if reason == v.Stalled {
		return v.stalledBy
	}
	return v.loopingBy
}

// Stalled returns the verdict on an object, and the history to pass to the next
// evaluation. history holds what the previous evaluations saw; it is not changed.
//
// A permanent fault counts at once. A transient fault counts once it has occurred
// minOccurrences times or has persisted for minDuration.
func Stalled(e Evidence, history History, now time.Time) (v Verdict, next History) {
	e.now = now
	next = History{
		faults: make(map[string]faultRecord, len(history.faults)), runs: followRuns(e, history.runs, now),
		ready: followReady(e, history.ready, now),
	}
	var counted []fault
	for key, r := range history.faults {
		r.absent = true
		next.faults[key] = r
	}
	for _, f := range faults(e, next.runs) {
		r, known := history.faults[f.key]
		if twice, again := next.faults[f.key]; again && !twice.absent {
			continue // two events may tell of the same
		}
		switch {
		case !known:
			r = faultRecord{since: now, occurrence: f.occurrence, occurrences: 1}
		case r.absent:
			r = faultRecord{since: now, occurrence: f.occurrence, occurrences: r.occurrences + 1}
		case r.occurrence != f.occurrence:
			r.occurrence = f.occurrence
			r.occurrences++
		}
		r.occurrences = max(r.occurrences, f.count)
		r.absent = false
		next.faults[f.key] = r
		if !f.suppressed && f.counts(r, now) {
			counted = append(counted, f)
		}
	}
	for _, f := range counted {
		if !f.dependent || !heldByPods(e, f, counted, next.ready) {
			v.add(f)
		}
	}
	return v, next
}

// add adds a fault that counts. The first of its sort gives the reason. Of several
// containers that crash, one whose last run began late enough is enough.
func (v *Verdict) add(f fault) {
	switch {
	case !f.dependent && v.Stalled == "":
		v.Stalled, v.stalledBy = f.reason, f.cause
	case f.dependent && (v.Looping == "" || f.began.After(v.began)):
		v.Looping, v.began, v.loopingBy = f.reason, f.began, f.cause
	}
}

// faults returns the faults that the evidence shows. known holds the runs of the
// containers up to now.
func faults(e Evidence, known map[string]runs) []fault {
	all := ownerFaults(e)
	for _, p := range e.Pods {
		all = append(all, podFaults(e, p, known)...)
	}
	return all
}

// counts returns whether the fault is permanent, has recurred often enough or has
// persisted long enough.
func (f fault) counts(r faultRecord, now time.Time) bool {
	lasted := now.Sub(r.since)
	return lasted >= f.atLeast &&
		(f.permanent || f.minOccurrences > 0 && r.occurrences >= f.minOccurrences || f.minDuration > 0 && lasted >= f.minDuration)
}
