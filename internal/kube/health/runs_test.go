package health

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// How long the loop is in which an older container is found, by its back-off: what it
// says itself, or how long the kubelet waited before the run that is on.
func TestLoopOf(t *testing.T) {
	at := func(d time.Duration) string { return epoch.Add(d).UTC().Format(time.RFC3339) }
	running := func(began, ended, before time.Duration) string {
		return fmt.Sprintf("{phase: Running, containerStatuses: [{name: app, restartCount: 9, state: {running: {startedAt: %q}}, lastState: {terminated: {startedAt: %q, finishedAt: %q}}}]}",
			at(began), at(before), at(ended))
	}
	said := func(d string) string {
		return waiting("CrashLoopBackOff", "back-off "+d+" restarting failed container=app pod=p", 9)
	}
	const s, m = time.Second, time.Minute
	for name, tt := range map[string]struct {
		status string
		want   int
	}{
		"the first back-off":    {said("10s"), 2},
		"the third":             {said("40s"), 4},
		"the fourth":            {said("1m20s"), 5},
		"the longest":           {said("5m0s"), 7},
		"nonsense":              {said("9x"), 1},
		"it runs after 40 s":    {running(-s, -41*s, -42*s), 4},
		"it runs at once":       {running(-s, -s, -2*s), 1},
		"it runs for long":      {running(-11*m, -12*m, -13*m), 0},
		"its last run was long": {running(-s, -41*s, -12*m), 0},
		"it never ended":        {"{phase: Running, containerStatuses: [{name: app, state: {running: {}}}]}", 0},
		"it has just ended": {"{phase: Running, containerStatuses: [{name: app, restartCount: 9, state: {terminated: {exitCode: 1}}}]}",
			1},
		"it has ended, after 20 s": {strings.Replace(running(-s, -21*s, -22*s), fmt.Sprintf("{running: {startedAt: %q}}", at(-s)),
			fmt.Sprintf("{terminated: {startedAt: %q, finishedAt: %q}}", at(-s), at(0)), 1), 4},
		"it has ended, after long": {strings.Replace(running(-s, -21*s, -22*s), fmt.Sprintf("{running: {startedAt: %q}}", at(-s)),
			fmt.Sprintf("{terminated: {startedAt: %q, finishedAt: %q}}", at(-s), at(11*m)), 1), 1},
		"it has not started at all": {creating, 0},
	} {
		if got := loopOf(aPod(t, "p", "pod", tt.status).Status.ContainerStatuses[0], epoch); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}
