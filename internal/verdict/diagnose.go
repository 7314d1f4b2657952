package verdict

import (
	"fmt"

	"github.com/berth-dev/berth/internal/facts"
)

// State is where a release stands, as one name for what can be told apart.
type State string

// The states. Several causes can lead to one of them; Diagnosis.Cause says
// which evidence was seen.
const (
	StateAbsent          State = "absent"           // no record
	StateDeployed        State = "deployed"         // the last revision is the deployed one
	StateTwoDeployed     State = "two-deployed"     // deployed, and an older one still says so too
	StateFailed          State = "failed"           // the last operation failed and recorded it
	StateNoneDeployed    State = "none-deployed"    // the last is superseded and nothing is deployed
	StateUninstalled     State = "uninstalled"      // history kept
	StateUninstalling    State = "uninstalling"     // an uninstall is dead, and did not come to its end
	StateLive            State = "live"             // somebody works on it
	StateLivenessUnknown State = "unknown-holder"   // pending, and nobody can say whether it is alive
	StateRecordingFailed State = "recording-failed" // dead, and all it should have done is done
	StateAbandoned       State = "abandoned"        // dead, and unfinished
	StateUnreadable      State = "unreadable"       // the last record cannot be decoded
	StateDisagreeing     State = "disagreeing"      // label and payload name different ends
	StateNotOurs         State = "foreign"          // belongs to another branch
	StateTerminating     State = "terminating"      // its namespace is being deleted
)

// Diagnosis is a State with its evidence.
type Diagnosis struct {
	State    State
	Cause    string   // the evidence, in one sentence
	Blockers []string // StateAbandoned: what stands against promoting it
}

// Diagnose names where the release stands. The order matters: what makes every
// further look meaningless comes first.
func Diagnose(f *facts.Facts, p Policy) Diagnosis {
	if f.Namespace.Phase == facts.NamespaceTerminating {
		return Diagnosis{State: StateTerminating, Cause: "namespace " + f.Namespace.Name + " is being deleted: " + f.Namespace.Blocking}
	}
	if id := f.Namespace.Identity; id != "" && id != f.Identity {
		return Diagnosis{State: StateNotOurs, Cause: fmt.Sprintf("namespace %s belongs to branch %q of %q", f.Namespace.Name, f.Namespace.Branch, f.Namespace.Repository)}
	}
	last := f.Last()
	if last == nil {
		return Diagnosis{State: StateAbsent, Cause: "there is no record of the release"}
	}
	if last.Identity != "" && last.Identity != f.Identity {
		return Diagnosis{State: StateNotOurs, Cause: fmt.Sprintf("record %s was written for another branch", last.Key)}
	}
	if last.Loaded && last.DecodeError != "" {
		return diagnoseCorrupt(f, last, p)
	}
	return diagnoseRecord(f, last, p)
}

// diagnoseCorrupt is about a payload that cannot be decoded. Its label may still
// say that somebody is at work.
func diagnoseCorrupt(f *facts.Facts, last *facts.Record, p Policy) Diagnosis {
	said := fmt.Sprintf("record %s cannot be decoded: %s", last.Key, last.DecodeError)
	if !last.Label.Unfinished() {
		return Diagnosis{State: StateUnreadable, Cause: said}
	}
	life, why := JudgeLiveness(f, p)
	switch life {
	case Live:
		return Diagnosis{State: StateLive, Cause: said + "; " + why}
	case Unknown:
		return Diagnosis{State: StateLivenessUnknown, Cause: said + "; its label says " + string(last.Label) + ", and " + why}
	case Dead:
	}
	return Diagnosis{State: StateUnreadable, Cause: said}
}

func diagnoseRecord(f *facts.Facts, last *facts.Record, p Policy) Diagnosis {
	said := fmt.Sprintf("revision %d is %s", last.Revision, last.Payload)
	switch last.Payload {
	case facts.StatusPendingInstall, facts.StatusPendingUpgrade, facts.StatusPendingRollback, facts.StatusUninstalling, facts.StatusUnknown:
		return diagnoseUnfinished(f, last, p)
	case facts.StatusDeployed, facts.StatusFailed, facts.StatusSuperseded, facts.StatusUninstalled:
	default:
		return Diagnosis{State: StateUnreadable, Cause: fmt.Sprintf("record %s has the status %q, which Berth does not know", last.Key, last.Payload)}
	}
	if last.Label != last.Payload {
		return Diagnosis{State: StateDisagreeing, Cause: fmt.Sprintf("%s in its payload and %s in its label", said, last.Label)}
	}
	switch last.Payload {
	case facts.StatusUninstalled:
		return Diagnosis{State: StateUninstalled, Cause: said + ", with its history kept"}
	case facts.StatusFailed:
		return Diagnosis{State: StateFailed, Cause: said + ": " + last.Description}
	case facts.StatusSuperseded:
		return Diagnosis{State: StateNoneDeployed, Cause: said + ", and no later revision exists"}
	case facts.StatusDeployed, facts.StatusPendingInstall, facts.StatusPendingUpgrade, facts.StatusPendingRollback, facts.StatusUninstalling, facts.StatusUnknown:
	}
	if n := countDeployedBefore(f); n > 0 {
		return Diagnosis{State: StateTwoDeployed, Cause: fmt.Sprintf("%s, and %d older one(s) say so too", said, n)}
	}
	return Diagnosis{State: StateDeployed, Cause: said}
}

// diagnoseUnfinished is about an operation that has not recorded its end: alive,
// dead, or nobody can tell.
func diagnoseUnfinished(f *facts.Facts, last *facts.Record, p Policy) Diagnosis {
	said := fmt.Sprintf("revision %d is %s, and ", last.Revision, last.Payload)
	life, why := JudgeLiveness(f, p)
	switch life {
	case Live:
		return Diagnosis{State: StateLive, Cause: said + why}
	case Unknown:
		return Diagnosis{State: StateLivenessUnknown, Cause: said + why}
	case Dead:
	}
	if last.Payload == facts.StatusUninstalling {
		return Diagnosis{State: StateUninstalling, Cause: said + why}
	}
	if unmet := PromotionBlockers(f); len(unmet) > 0 {
		return Diagnosis{State: StateAbandoned, Cause: said + why, Blockers: unmet}
	}
	return Diagnosis{State: StateRecordingFailed, Cause: said + "everything it describes is in place; " + why}
}

// countDeployedBefore counts the revisions before the last that say deployed.
func countDeployedBefore(f *facts.Facts) int {
	n := 0
	for _, r := range f.Records[:len(f.Records)-1] {
		if r.Label == facts.StatusDeployed {
			n++
		}
	}
	return n
}
