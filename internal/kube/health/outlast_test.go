package health

import (
	"testing"
	"time"
)

// A run after a crash is not believed before it has outlasted the one before.
func TestOutlast(t *testing.T) {
	for name, tt := range map[string]struct {
		found   bool
		counted int
		lasted  string // seconds after ten
		want    time.Duration
	}{
		"a crash of this rollout":     {false, 1, "13", 3 * time.Second},
		"after long":                  {false, 1, "59", 10 * time.Second},
		"of a loop that was found":    {true, 4, "59", 49 * time.Second},
		"none that belongs to either": {false, 0, "13", 0},
	} {
		status := "{phase: Running, containerStatuses: [{name: app, restartCount: 1, state: {running: {}}, lastState: {terminated: {startedAt: '2026-05-04T10:00:10Z', finishedAt: '2026-05-04T10:00:" + tt.lasted + "Z'}}}]}"
		r := runs{found: tt.found, counted: tt.counted}
		r.outlast(aPod(t, "p", "pod", status).Status.ContainerStatuses[0])
		if r.outlive != tt.want {
			t.Errorf("%s: %s, want %s", name, r.outlive, tt.want)
		}
	}
}
