package engine

import (
	"testing"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

func TestHistory(t *testing.T) {
	perform(t, []play{
		{name: "no namespace", records: none, set: absent, verb: verb.History, reason: problem.NotFound},
		{name: "no release", records: none, verb: verb.History, reason: problem.NotFound},
		{name: "no answer", records: one, verb: verb.History, reason: problem.Unanswered, set: func(s *scene) { s.helm.fail("Records", 1, errDown) }},
		{name: "one revision", records: one, verb: verb.History, reason: problem.Consistent, says: []string{"has revision 1 as its last"},
			check: func(t *testing.T, _ *scene, r result.Result) {
				if len(r.Evidence) != 1 {
					t.Errorf("evidence %q", r.Evidence)
				}
			}},
	})
}
