package engine

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/verb"
)

// A run tells that it is at work once it holds the lock, and not before.
func TestBegun(t *testing.T) {
	for _, c := range []struct {
		name string
		verb verb.Verb
		set  func(*scene)
		want int
	}{
		{"deploy", verb.Deploy, nil, 1},
		{"teardown", verb.Teardown, nil, 1},
		{"check", verb.Check, nil, 0},
		{"the lock is another's", verb.Deploy, func(s *scene) { s.locker.fail("Acquire", 1, errors.New("held")) }, 0},
		{"the chart does not render", verb.Deploy, func(s *scene) { s.chart.fail("Fetch", 1, errors.New("no chart")) }, 0},
		{"nothing to take down", verb.Teardown,
			func(s *scene) { s.cluster.ns = facts.Namespace{Name: "review", Phase: facts.NamespaceAbsent} }, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t.Context(), one()...)
			if c.set != nil {
				c.set(s)
			}
			s.run(c.verb)
			if s.begun != c.want {
				t.Errorf("%s: told %d times, want %d", c.name, s.begun, c.want)
			}
		})
	}
}
