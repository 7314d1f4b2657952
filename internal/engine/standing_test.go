package engine

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/berth-dev/berth/internal/verb"
)

// The lock tells of a run that found out how the release stands, and of no other.
func TestStanding(t *testing.T) {
	for _, c := range []struct {
		name     string
		verb     verb.Verb
		set      func(*scene)
		want     string
		manifest bool
	}{
		{"deploy", verb.Deploy, func(*scene) {}, "consistent", true},
		{"check", verb.Check, func(*scene) {}, "consistent", true},
		{"a check that finds something", verb.Check, func(s *scene) { s.cluster.delete("web") }, "inconsistent", true},
		{"of another branch", verb.Deploy, func(s *scene) { s.options.App.Identity = "another" }, "", false},
		{"no permission", verb.Deploy, func(s *scene) { s.helm.fail("Records", 1, errors.New("no")) }, "", false},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t.Context(), one()...)
			c.set(s)
			s.run(c.verb)
			got := s.locker.held.standing
			if c.verb == verb.Check {
				got = s.locker.noted
			}
			if got.Verdict != c.want || c.manifest != (got.Manifest != "") {
				t.Errorf("%s: %+v", c.name, got)
			}
		})
	}
}
