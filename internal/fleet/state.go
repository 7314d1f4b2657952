package fleet

import (
	"github.com/berth-dev/berth/internal/facts"
)

// State is how a review app stands, as far as its stamps tell.
type State string

// The states, worst first.
const (
	StateStuck        State = "stuck"        // an operation has begun and not recorded its end, and no run is at work
	StateInconsistent State = "inconsistent" // the last run that looked found something else than is stored
	StateFailed       State = "failed"       // the last deploy failed, and the record says so
	StateEmpty        State = "empty"        // Berth made the namespace, and nothing is stored in it
	StateGoing        State = "going"        // the namespace is being deleted
	StateUninstalled  State = "uninstalled"  // the record says that it was uninstalled, and was kept
	StateBusy         State = "busy"         // a run is at work
	StateDeployed     State = "deployed"
)

// States are all of them, worst first.
var States = []State{
	StateStuck, StateInconsistent, StateFailed, StateEmpty, StateGoing, StateUninstalled, StateBusy, StateDeployed,
}

// Bad returns whether a person should look at an app in this state.
func (s State) Bad() bool {
	switch s {
	case StateStuck, StateInconsistent, StateFailed:
		return true
	case StateEmpty, StateGoing, StateUninstalled, StateBusy, StateDeployed:
		return false
	}
	return true
}

// goodVerdicts are the words of the output verdict after which what is stored is what runs.
// The URL of one that failed its probe or its tests does not answer as it should, which the
// verdict tells beside the state; and where a deploy failed and the record says deployed,
// on-failure has brought back what was there before.
var goodVerdicts = map[string]bool{"": true, "consistent": true, "probe-failed": true, "deploy-failed": true}

// State returns how the app stands.
func (a App) State() State {
	switch {
	case a.Going:
		return StateGoing
	case a.Held:
		return StateBusy
	case a.Revision == 0:
		return StateEmpty
	}
	switch a.Status {
	case facts.StatusFailed:
		return StateFailed
	case facts.StatusUninstalled:
		return StateUninstalled
	case facts.StatusDeployed:
		if !goodVerdicts[a.Verdict] && !a.VerdictAt.Before(a.Changed) {
			return StateInconsistent
		}
		return StateDeployed
	case facts.StatusPendingInstall, facts.StatusPendingUpgrade, facts.StatusPendingRollback,
		facts.StatusUninstalling, facts.StatusUnknown:
		return StateStuck
	case facts.StatusSuperseded: // the last record is, and whatever took its place is gone
		return StateInconsistent
	}
	return StateStuck
}
