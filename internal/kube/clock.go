package kube

import (
	"sync"
	"time"
)

// serverClock estimates the API server's time between its answers.
type serverClock struct {
	mu   sync.Mutex
	date time.Time // what the server said
	when time.Time // when we heard it; carries the monotonic clock
}

// Beyond this an estimate that is ahead of the server's word is not explained
// by a Date that counts whole seconds and by the time an answer travels.
const clockTolerance = 2 * time.Second

// observe takes the Date of an answer. Each Date is late, by the way it
// travelled and the fraction of a second it leaves out, so the one that is
// furthest ahead is the best, unless the server's clock was set back.
func (c *serverClock) observe(date, when time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.date.IsZero() {
		ahead := c.date.Add(when.Sub(c.when)).Sub(date)
		if ahead >= 0 && ahead <= clockTolerance {
			return
		}
	}
	c.date, c.when = date, when
}

// at is the server's time at a moment of ours; false when it never answered.
func (c *serverClock) at(when time.Time) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.date.IsZero() {
		return time.Time{}, false
	}
	return c.date.Add(when.Sub(c.when)), true
}
