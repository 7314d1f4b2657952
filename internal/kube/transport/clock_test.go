package transport

import (
	"testing"
	"time"
)

func TestServerClock(t *testing.T) {
	local := time.Now()
	server := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	after := local.Add

	var c serverClock
	steps := []struct {
		name           string
		date           time.Time
		sent, received time.Duration
		known          bool
		earliest       time.Time // one minute after the first answer
		latest         time.Time
	}{
		{"one answer is not enough", server, -100 * time.Millisecond, 0, false, time.Time{}, time.Time{}},
		{"one that is late by less than a second changes nothing", server, 800 * time.Millisecond, 900 * time.Millisecond, true,
			server.Add(time.Minute), server.Add(time.Minute + 2100*time.Millisecond)},
		{"one that is further ahead is better", server.Add(2 * time.Second), 900 * time.Millisecond, time.Second, true,
			server.Add(61 * time.Second), server.Add(time.Minute + 3100*time.Millisecond)},
		{"one that took long says less", server.Add(2 * time.Second), 1100 * time.Millisecond, 41 * time.Second, true,
			server.Add(61 * time.Second), server.Add(time.Minute + 3100*time.Millisecond)},
		{"a jump forward is not followed", server.Add(time.Hour), 42 * time.Second, 42 * time.Second, true,
			server.Add(61 * time.Second), server.Add(time.Hour + 20*time.Second)},
		{"nor when it is repeated", server.Add(time.Hour), 42 * time.Second, 42 * time.Second, true,
			server.Add(61 * time.Second), server.Add(time.Hour + 20*time.Second)},
		{"a clock set back is followed", server.Add(-time.Hour), 43 * time.Second, 43 * time.Second, true,
			server.Add(17*time.Second - time.Hour), server.Add(time.Hour + 20*time.Second)},
		{"and not forward again", server.Add(44 * time.Second), 44 * time.Second, 44 * time.Second, true,
			server.Add(17*time.Second - time.Hour), server.Add(time.Hour + 20*time.Second)},
	}
	for _, step := range steps {
		c.observe(step.date, after(step.sent), after(step.received))
		earliest, ok := c.earliest(after(time.Minute))
		latest, okLatest := c.latestAt(after(time.Minute))
		if ok != step.known || okLatest != step.known || !earliest.Equal(step.earliest) || !latest.Equal(step.latest) {
			t.Errorf("%s: got %v and %v (%t), want %v and %v", step.name, earliest, latest, ok, step.earliest, step.latest)
		}
	}
}
