package result

import "time"

// Event is one step of a run's timeline, or a part of one.
type Event struct {
	At    time.Duration // since the start of the run
	Took  time.Duration // zero for an event without a duration
	What  string        // may hold untrusted text
	Parts []Event       // the parts of the step, as far as they are known
}

// Shift returns the events, which were timed from another start, with by added to
// their times.
func Shift(events []Event, by time.Duration) []Event {
	var moved []Event
	for _, e := range events {
		e.At += by
		e.Parts = Shift(e.Parts, by)
		moved = append(moved, e)
	}
	return moved
}
