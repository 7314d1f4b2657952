package rollout

import (
	"context"
	"testing"
	"time"
)

// A short wait that ended with its timeout leaves little time for the diagnosis.
func TestTimeoutFor(t *testing.T) {
	for wait, want := range map[time.Duration]time.Duration{
		time.Minute: lateTimeout, 16 * time.Second: 2 * time.Second, time.Second: minTimeout,
	} {
		over := time.Now().Add(-time.Second)
		ctx, cancel := context.WithDeadline(t.Context(), over)
		if got := timeoutFor(ctx, over.Add(-wait)); got != want {
			t.Errorf("after %s: %s, want %s", wait, got, want)
		}
		cancel()
	}
	if got := timeoutFor(t.Context(), time.Now()); got != diagnoseTimeout {
		t.Errorf("in time: %s", got)
	}
}
