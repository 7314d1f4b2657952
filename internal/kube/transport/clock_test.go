package transport

import (
	"testing"
	"time"
)

func TestServerClock(t *testing.T) {
	local := time.Now()
	server := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	at := local.Add

	var c serverClock
	if _, ok := c.at(local); ok {
		t.Fatal("it knows the time before it was told")
	}
	steps := []struct {
		name string
		date time.Time
		when time.Duration
		want time.Time // one minute after the first answer
	}{
		{"the first answer is taken", server, 0, server.Add(time.Minute)},
		{"one that is late by less than a second is not", server, 900 * time.Millisecond, server.Add(time.Minute)},
		{"one that is ahead is", server.Add(2 * time.Second), time.Second, server.Add(61 * time.Second)},
		{"a clock set back is followed", server.Add(-time.Hour), time.Second, server.Add(59*time.Second - time.Hour)},
	}
	for _, step := range steps {
		c.observe(step.date, at(step.when))
		if got, ok := c.at(at(time.Minute)); !ok || !got.Equal(step.want) {
			t.Errorf("%s: got %v, want %v", step.name, got, step.want)
		}
	}
}
