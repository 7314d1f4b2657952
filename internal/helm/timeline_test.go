package helm

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/berth-dev/berth/internal/result"
)

// Every phase has its time, the one that the operation was stopped in included.
func TestTimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newTimeline()
		line.enter(phaseRender)
		time.Sleep(time.Second)
		line.enter("Look")
		time.Sleep(time.Second)
		end := line.start("Wait until ready: %s", nil)
		time.Sleep(time.Second)
		end([]result.Event{{At: 100, Took: time.Second, What: "Deployment/web"}})
		line.start("Delete %s", nil)
		time.Sleep(time.Second)
		got := line.list()
		want := []result.Event{{At: 0, What: "Render the chart"}, {At: time.Second, What: "Look"},
			{At: 2 * time.Second, What: "Wait until ready: 0 objects"}, {At: 3 * time.Second, What: "Delete 0 objects"}}
		if len(got) != len(want) {
			t.Fatalf("phases %+v", got)
		}
		for i, e := range got {
			if e.At != want[i].At || e.What != want[i].What || e.Took != time.Second {
				t.Errorf("%+v, want %+v for a second", e, want[i])
			}
		}
		if p := got[2].Parts; len(p) != 1 || p[0].At != 2*time.Second+100 {
			t.Errorf("parts %+v", p)
		}
	})
}
