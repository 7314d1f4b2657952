package progress

import (
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
)

// For how long an old pod had to be waited for is in the timeline, also where it never
// ended; more of them than a few are not told one by one.
func TestOldPodsAreToldInTheTimeline(t *testing.T) {
	plain := func(s string) string { return s }
	old := func(pod string) facts.Awaited {
		a := web
		a.OldPod = pod
		return a
	}
	w := newWait(Ready, start, []facts.Awaited{web}, "review", plain)
	told := func(wanted ...result.Event) {
		t.Helper()
		got := w.timeline(at(20))[0].Parts
		if len(got) != len(wanted) {
			t.Fatalf("parts %+v, want %+v", got, wanted)
		}
		for i, want := range wanted {
			if got[i].At != want.At || got[i].Took != want.Took || got[i].What != want.What {
				t.Errorf("part %d is %+v, want %+v", i, got[i], want)
			}
		}
	}
	w.update(at(1), old("web-1"), plain)
	first := result.Event{At: time.Second, Took: 19 * time.Second, What: "old pod web-1 had to end first"}
	told(first)
	w.update(at(4), old(""), plain)
	first.Took = 3 * time.Second
	told(first)
	w.update(at(5), old("web-2"), plain)
	w.update(at(6), old("web-3"), plain)
	w.update(at(7), old("web-4"), plain)
	w.update(at(9), satisfied(web), plain)
	told(first, result.Event{At: 5 * time.Second, Took: time.Second, What: "old pod web-2 had to end first"},
		result.Event{At: 6 * time.Second, Took: time.Second, What: "old pod web-3 had to end first"})
}
