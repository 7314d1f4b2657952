package helm

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/berth-dev/berth/internal/result"
)

// What an operation did when, with the phase that it was stopped in.
func TestPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &client{phases: newPhases()}
		c.render()
		time.Sleep(time.Second)
		c.enter("Look")
		time.Sleep(time.Second)
		end := c.phase("Wait until ready: %s", nil)
		time.Sleep(time.Second)
		end([]result.Event{{At: 100, Took: time.Second, What: "Deployment/web"}})
		c.phase("Delete %s", nil)
		time.Sleep(time.Second)
		got := c.phases.list()
		want := []result.Event{{At: 0, What: "Render the chart"}, {At: time.Second, What: "Look"}, {At: 2 * time.Second, What: "Wait until ready: 0 objects"}, {At: 3 * time.Second, What: "Delete 0 objects"}}
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
