package kubetest

import (
	"testing"
	"time"
)

const pollInterval = 50 * time.Millisecond

// Eventually waits until the condition is done and fails the test when the
// deadline is over first, with the last reason why it was not.
func Eventually(t testing.TB, deadline time.Duration, condition func() (done bool, why string)) {
	t.Helper()
	over := time.NewTimer(deadline)
	defer over.Stop()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		done, why := condition()
		if done {
			return
		}
		select {
		case <-over.C:
			t.Fatalf("not within %s: %s", deadline, why)
		case <-tick.C:
		}
	}
}
