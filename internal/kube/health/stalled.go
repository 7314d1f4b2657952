package health

import "time"

// History holds the faults that earlier evaluations of an object saw, by key. The
// zero value is that of an object not evaluated before.
type History map[string]faultRecord

// faultRecord is one fault over time.
type faultRecord struct {
	since       time.Time // when it was seen first
	occurrence  string    // fault.occurrence when it was seen last
	occurrences int
	absent      bool // the last evaluation did not see it
}

// Active returns whether the last evaluation saw any fault, one that can pass
// included.
func (h History) Active() bool {
	for _, r := range h {
		if !r.absent {
			return true
		}
	}
	return false
}

// Stalled returns why the object cannot become ready, or "" while it still can,
// and the history to pass to the next evaluation. history holds the faults of the
// previous evaluations; it is not changed.
//
// A permanent fault counts at once. A transient fault counts once it has occurred
// minOccurrences times or has persisted for minDuration.
func Stalled(e Evidence, history History, now time.Time) (reason string, next History) {
	next = make(History, len(history))
	for key, r := range history {
		r.absent = true
		next[key] = r
	}
	for _, f := range faults(e) {
		r, known := history[f.key]
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
		next[f.key] = r
		if reason == "" && !f.suppressed && f.counts(r, now) {
			reason = f.reason
		}
	}
	return reason, next
}

// faults returns the faults that the evidence shows.
func faults(e Evidence) []fault {
	all := ownerFaults(e)
	for _, p := range e.Pods {
		all = append(all, podFaults(e, p)...)
	}
	return all
}

// counts returns whether the fault is permanent, has recurred often enough or has
// persisted long enough.
func (f fault) counts(r faultRecord, now time.Time) bool {
	return f.permanent ||
		f.minOccurrences > 0 && r.occurrences >= f.minOccurrences ||
		f.minDuration > 0 && now.Sub(r.since) >= f.minDuration
}
