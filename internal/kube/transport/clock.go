package transport

import (
	"sync"
	"time"
)

// serverClock tells the API server's time between its answers. Whoever goes by it
// decides whether somebody else's time is over, or stamps how long its own lasts, so
// it has two hands: one that is never ahead of the server's time, and one that is
// never behind. Several servers, one of which has a wrong clock, and a clock that
// jumps move them apart. A jump is never followed forward.
type serverClock struct {
	mu      sync.Mutex
	answers int
	origin  time.Time // of this machine, with its monotonic clock
	// The server's time at origin lies between these, by all answers that agree.
	low, high time.Time
	latest    time.Time // and at most here, by whatever answer
}

const (
	// dateLag is how late a Date is at most when it is sent: it counts whole
	// seconds, and proxies keep one for as long.
	dateLag = 2 * time.Second
	// enoughAnswers is how many answers are read before the clock is gone by.
	enoughAnswers = 2
)

// observe takes the Date of an answer to a request that was sent and whose answer
// was received at these moments. The Date was written in between.
func (c *serverClock) observe(date, sent, received time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers == 0 {
		c.origin = received
	}
	low, high := date.Add(c.origin.Sub(received)), date.Add(dateLag+c.origin.Sub(sent))
	switch {
	case c.answers == 0, high.Before(c.low): // the first, or one whose clock is behind all others
		c.low, c.high = low, high
	case low.After(c.high): // it jumped, or is another server's
	default:
		c.low, c.high = later(c.low, low), earlier(c.high, high)
	}
	c.latest = later(c.latest, high)
	c.answers++
}

// earliest returns the server's time at a moment of this machine's clock, or up to a
// few seconds less. It is false until enough answers have come.
func (c *serverClock) earliest(local time.Time) (time.Time, bool) {
	return c.read(local, &c.low)
}

// latestAt returns the server's time at that moment, or up to a few seconds more.
func (c *serverClock) latestAt(local time.Time) (time.Time, bool) {
	return c.read(local, &c.latest)
}

func (c *serverClock) read(local time.Time, hand *time.Time) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers < enoughAnswers {
		return time.Time{}, false
	}
	return hand.Add(local.Sub(c.origin)), true
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
