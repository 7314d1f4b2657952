package result

import "time"

// Event is one moment of a run's timeline.
type Event struct {
	At    time.Duration // since the start
	Took  time.Duration // zero for a moment
	What  string        // may hold untrusted text
	Parts []Event       // what the time went to, as far as it is told
}

// Shift are events that were timed from a moment of their own on, which came
// that long after the start.
func Shift(events []Event, by time.Duration) []Event {
	var moved []Event
	for _, e := range events {
		e.At += by
		e.Parts = Shift(e.Parts, by)
		moved = append(moved, e)
	}
	return moved
}
