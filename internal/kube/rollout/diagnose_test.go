package rollout

import (
	"context"
	"testing"
	"time"
)

// The shorter the time was that ended the wait, the less of it is left for the end.
func TestBudget(t *testing.T) {
	for wait, want := range map[time.Duration]time.Duration{
		time.Minute: lateBudget, 16 * time.Second: 2 * time.Second, time.Second: leastBudget,
	} {
		over := time.Now().Add(-time.Second)
		ctx, cancel := context.WithDeadline(t.Context(), over)
		if got := budget(ctx, over.Add(-wait)); got != want {
			t.Errorf("after %s: %s, want %s", wait, got, want)
		}
		cancel()
	}
	if got := budget(t.Context(), time.Now()); got != diagnoseBudget {
		t.Errorf("in time: %s", got)
	}
}
