package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// What a run does after a failed operation has more time while the run lives than once a
// CI runner is about to kill it.
func TestDetached(t *testing.T) {
	for name, tt := range map[string]struct{ ends, want time.Duration }{
		"the run lives":              {time.Hour, settleTime},
		"the run has ended":          {0, afterEndTime},
		"the run ends meanwhile":     {time.Second, time.Second + afterEndTime},
		"the run ends when it is up": {settleTime - time.Second, settleTime},
	} {
		synctest.Test(t, func(t *testing.T) {
			run, end := context.WithTimeout(t.Context(), tt.ends)
			defer end()
			began := time.Now()
			ctx, cancel := detached(run)
			defer cancel()
			request, stop := context.WithCancel(ctx)
			defer stop()
			<-request.Done()
			if took := time.Since(began); took != tt.want {
				t.Errorf("%s: it ends after %s, want %s", name, took, tt.want)
			}
			if err := request.Err(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: it ends in %v, want a deadline", name, err)
			}
		})
	}
}
