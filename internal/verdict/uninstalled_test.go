package verdict

import (
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

// What was in service before the release was uninstalled is no good to it any more: nothing goes back
// to it, its hooks ran for nothing, and what has a name of its objects need not be the release's.
func TestUninstallEndsWhatWasInService(t *testing.T) {
	before := []facts.Record{stored(1, facts.StatusSuperseded), stored(2, facts.StatusUninstalled)}
	failed := stored(3, facts.StatusFailed)
	failed.Hooks = []facts.Hook{{Name: "seed", Events: []string{"pre-install"}}}
	for name, c := range map[string]struct {
		facts    *facts.Facts
		made     bool
		back     int
		unproven bool
	}{
		"installed anew, and failed": {given(append(before, failed)...), false, 0, true},
		"uninstalled":                {given(before...), false, 0, false},
		"deployed since":             {given(append(before, stored(3, facts.StatusDeployed), stored(4, facts.StatusFailed))...), true, 3, false},
		"never uninstalled":          {given(before[0], failed), true, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := c.facts
			if got := Expected(f).Made != ""; got != c.made {
				t.Errorf("made %t", got)
			}
			if got := rollbackCandidate(f, f.Last().Revision); got != c.back {
				t.Errorf("goes back to %d", got)
			}
			if got := installHooksUnproven(f); got != c.unproven {
				t.Errorf("unproven %t", got)
			}
			failed := f.Last().Revision
			if steps := PlanAfterFailure(f, failed, Policy{OnFailure: OnFailureRollback}).Steps; (len(steps) > 0) != (c.back > 0) {
				t.Errorf("after a failure %v", steps)
			}
		})
	}
	if data := DataOf(&before[1], []facts.Object{{Ref: facts.Ref{Kind: claimKind, Name: "data"}}}); len(data) != 1 {
		t.Error("what may have been deployed before it was uninstalled has no data")
	}
}

// What the revision left that was deployed before the uninstalled one is looked for until a deploy has gone well.
func TestSweepsWhatOutlivedAnUninstall(t *testing.T) {
	f := given(stored(1, facts.StatusDeployed), stored(2, facts.StatusUninstalled), stored(3, facts.StatusFailed))
	if got := RevisionsToSweep(f); len(got) != 2 || got[0].Revision != 3 || got[1].Revision != 1 {
		t.Errorf("sweeps %v", got)
	}
}
