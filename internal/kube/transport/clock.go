package transport

import (
	"sync"
	"time"
)

// serverClock estimates the API server's time between its answers.
type serverClock struct {
	mu       sync.Mutex
	date     time.Time // the server's, of the best answer so far
	received time.Time // when that came, with the monotonic clock
}

// clockTolerance is how far an estimate may be ahead of an answer's Date: Date
// counts whole seconds, and an answer takes time to travel. Beyond it the
// server's clock was set back.
const clockTolerance = 2 * time.Second

// observe takes the Date of an answer that was received at that moment. Each
// Date is late, by the answer's travel and the fraction of a second it leaves
// out, so the one that is furthest ahead is the best, unless the server's clock
// was set back.
func (c *serverClock) observe(date, received time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.date.IsZero() {
		ahead := c.date.Add(received.Sub(c.received)).Sub(date)
		if ahead >= 0 && ahead <= clockTolerance {
			return
		}
	}
	c.date, c.received = date, received
}

// at returns the server's time at a moment of this machine's clock. It is false
// before the first answer.
func (c *serverClock) at(local time.Time) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.date.IsZero() {
		return time.Time{}, false
	}
	return c.date.Add(local.Sub(c.received)), true
}
