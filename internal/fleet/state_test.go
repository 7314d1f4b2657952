package fleet

import (
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

func TestState(t *testing.T) {
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		app  App
		want State
	}{
		{"nothing stored", App{}, StateEmpty},
		{"deployed, never proven", App{Revision: 1, Status: facts.StatusDeployed}, StateDeployed},
		{"deployed and proven", App{Revision: 1, Status: facts.StatusDeployed, Verdict: "consistent", VerdictAt: at}, StateDeployed},
		{"its URL does not answer", App{Revision: 1, Status: facts.StatusDeployed, Verdict: "probe-failed", VerdictAt: at}, StateDeployed},
		{"rolled back", App{Revision: 3, Status: facts.StatusDeployed, Verdict: "deploy-failed", VerdictAt: at}, StateDeployed},
		{"found to differ",
			App{Revision: 1, Status: facts.StatusDeployed, Changed: at, Verdict: "inconsistent", VerdictAt: at}, StateInconsistent},
		{"deployed since it was found to differ",
			App{Revision: 2, Status: facts.StatusDeployed, Changed: at, Verdict: "inconsistent", VerdictAt: at.Add(-time.Second)}, StateDeployed},
		{"failed", App{Revision: 1, Status: facts.StatusFailed}, StateFailed},
		{"pending", App{Revision: 1, Status: facts.StatusPendingUpgrade}, StateStuck},
		{"pending under a run", App{Revision: 1, Status: facts.StatusPendingUpgrade, Held: true}, StateBusy},
		{"pending in a namespace that goes", App{Revision: 1, Status: facts.StatusPendingUpgrade, Held: true, Going: true}, StateGoing},
		{"uninstalling", App{Revision: 1, Status: facts.StatusUninstalling}, StateStuck},
		{"uninstalled", App{Revision: 1, Status: facts.StatusUninstalled}, StateUninstalled},
		{"superseded by what is gone", App{Revision: 1, Status: facts.StatusSuperseded}, StateInconsistent},
		{"a status that nobody knows", App{Revision: 1, Status: "odd"}, StateStuck},
	} {
		if got := tt.app.State(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	for _, s := range States {
		if want := s == StateStuck || s == StateInconsistent || s == StateFailed; s.Bad() != want {
			t.Errorf("%s: bad %t", s, s.Bad())
		}
	}
}
