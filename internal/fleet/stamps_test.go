package fleet_test

import (
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/fleet"
)

func TestLock(t *testing.T) {
	end := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	held, free := fleet.Lock{Held: true, Until: end}, fleet.Lock{}
	out := fleet.Lock{Until: end} // somebody holds it for whom time is over
	for _, c := range []struct {
		lock fleet.Lock
		now  time.Time
		want bool
	}{
		{held, end, false}, {held, end.Add(1), true}, {held, time.Time{}, false}, {free, end.Add(1), false}, {out, end.Add(1), false},
	} {
		if got := c.lock.Overdue(c.now); got != c.want {
			t.Errorf("%+v is overdue at %s: %t", c.lock, c.now, got)
		}
	}
	for _, c := range []struct{ before, lock, want fleet.Lock }{
		{free, held, held}, {free, out, out}, {held, free, free}, {held, out, held}, {out, out, out},
	} {
		if got := c.lock.After(c.before); got != c.want {
			t.Errorf("%+v after %+v is %+v", c.lock, c.before, got)
		}
	}
}
