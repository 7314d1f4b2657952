package verdict

import (
	"fmt"
	"slices"

	"github.com/berth-dev/berth/internal/facts"
)

// State names where a release stands. States that call for different plans have
// different names.
type State string

// The states. docs/stuck.md explains how each comes about and what is done about
// it; Diagnosis.Cause names the evidence that was seen.
const (
	StateAbsent          State = "absent"           // no record
	StateDeployed        State = "deployed"         // the last revision is deployed, and no other
	StateTwoDeployed     State = "two-deployed"     // the last revision is deployed, and an older one still says so, too
	StateFailed          State = "failed"           // the last operation failed, and its record says so
	StateNoneDeployed    State = "none-deployed"    // the last revision is superseded, and none is deployed
	StateUninstalled     State = "uninstalled"      // uninstalled, with its history kept
	StateUninstalling    State = "uninstalling"     // an uninstall died before its end
	StateLive            State = "live"             // an operation is running
	StateLivenessUnknown State = "unknown-holder"   // unfinished, and nothing tells whether the operation is running
	StateRecordingFailed State = "recording-failed" // the operation is dead, and only its record does not say deployed
	StateAbandoned       State = "abandoned"        // the operation is dead, and unfinished
	StateUnreadable      State = "unreadable"       // the last record cannot be decoded
	StateDisagreeing     State = "disagreeing"      // label and payload name different statuses
	StateForeign         State = "foreign"          // the namespace or a record is another branch's or release's
	StateTerminating     State = "terminating"      // its namespace is being deleted
)

// Diagnosis is a state with its evidence.
type Diagnosis struct {
	State    State
	Cause    string   // the evidence, in one sentence
	Blockers []string // StateAbandoned: why the record may not be promoted
}

// Diagnose returns the state of a release. The namespace is judged before the
// records, and whose a record is before what it says: what is being deleted or is
// another branch's or release's is not looked into.
func Diagnose(f *facts.Facts, p Policy) Diagnosis {
	if f.Namespace.Phase == facts.NamespaceTerminating {
		return Diagnosis{State: StateTerminating, Cause: "namespace " + f.Namespace.Name + " is being deleted: " + f.Namespace.Blocking}
	}
	if id := f.Namespace.Identity; id != "" && id != f.Identity {
		return Diagnosis{State: StateForeign,
			Cause: meets("namespace "+f.Namespace.Name+" belongs to", f.Namespace.Origin, f.Origin)}
	}
	last := f.Last()
	if last == nil {
		return Diagnosis{State: StateAbsent, Cause: "there is no record of the release"}
	}
	if len(Misplaced(f)) > 0 {
		return Diagnosis{State: StateForeign, Cause: causeMisplaced(f)}
	}
	if marked := newestMarked(f); marked != nil && marked.Identity != f.Identity {
		return Diagnosis{State: StateForeign, Cause: meets("record "+marked.Key+" was written for", marked.Origin, f.Origin)}
	}
	if last.Loaded && last.DecodeError != "" {
		return diagnoseCorrupt(f, last, p)
	}
	return diagnoseRecord(f, last, p)
}

// WhoseIs returns the branch that a release is for by its own records, or else by its
// namespace; the identity is empty where it is no branch's. A run that knows the release by
// its name alone is for that branch.
func WhoseIs(f *facts.Facts) (identity string, origin facts.Origin) {
	if marked := newestMarked(f); marked != nil {
		return marked.Identity, marked.Origin
	}
	return f.Namespace.Identity, f.Namespace.Origin
}

// newestMarked returns the newest record that names a branch, or nil. One that somebody
// wrote without Berth after it names none and is the same branch's release still.
func newestMarked(f *facts.Facts) *facts.Record {
	for i := range slices.Backward(f.Records) {
		if f.Records[i].Identity != "" {
			return &f.Records[i]
		}
	}
	return nil
}

// diagnoseCorrupt judges a last record whose payload cannot be decoded. Its label
// may still say that an operation is running.
func diagnoseCorrupt(f *facts.Facts, last *facts.Record, p Policy) Diagnosis {
	said := fmt.Sprintf("record %s cannot be decoded: %s", last.Key, last.DecodeError)
	if !last.LabelStatus.Unfinished() {
		return Diagnosis{State: StateUnreadable, Cause: said}
	}
	liveness, why := JudgeLiveness(f, p)
	switch liveness {
	case Live:
		return Diagnosis{State: StateLive, Cause: said + "; " + why}
	case Unknown:
		return Diagnosis{State: StateLivenessUnknown, Cause: said + "; its label says " + string(last.LabelStatus) + ", and " + why}
	case Dead:
	}
	return Diagnosis{State: StateUnreadable, Cause: said}
}

// diagnoseRecord judges a readable last record by its payload, as Helm does. A
// status that Helm does not have today is unreadable.
func diagnoseRecord(f *facts.Facts, last *facts.Record, p Policy) Diagnosis {
	said := fmt.Sprintf("revision %d is %s", last.Revision, last.PayloadStatus)
	switch last.PayloadStatus {
	case facts.StatusPendingInstall, facts.StatusPendingUpgrade, facts.StatusPendingRollback, facts.StatusUninstalling, facts.StatusUnknown:
		return diagnoseUnfinished(f, last, p)
	case facts.StatusDeployed, facts.StatusFailed, facts.StatusSuperseded, facts.StatusUninstalled:
	default:
		return Diagnosis{State: StateUnreadable,
			Cause: fmt.Sprintf("record %s has the status %q, which Berth does not know", last.Key, last.PayloadStatus)}
	}
	if last.LabelStatus != last.PayloadStatus {
		return Diagnosis{State: StateDisagreeing, Cause: fmt.Sprintf("%s in its payload and %s in its label", said, last.LabelStatus)}
	}
	switch last.PayloadStatus {
	case facts.StatusUninstalled:
		return Diagnosis{State: StateUninstalled, Cause: said + ", with its history kept"}
	case facts.StatusFailed:
		return Diagnosis{State: StateFailed, Cause: said + ": " + last.Description}
	case facts.StatusSuperseded:
		return Diagnosis{State: StateNoneDeployed, Cause: said + ", and no later revision exists"}
	case facts.StatusDeployed, facts.StatusPendingInstall, facts.StatusPendingUpgrade, facts.StatusPendingRollback, facts.StatusUninstalling,
		facts.StatusUnknown:
	}
	if n := countDeployedBefore(f); n > 0 {
		return Diagnosis{State: StateTwoDeployed, Cause: fmt.Sprintf("%s, and %d older one(s) say so too", said, n)}
	}
	return Diagnosis{State: StateDeployed, Cause: said}
}

// diagnoseUnfinished judges a last record whose operation has not recorded its
// end.
func diagnoseUnfinished(f *facts.Facts, last *facts.Record, p Policy) Diagnosis {
	said := fmt.Sprintf("revision %d is %s, and ", last.Revision, last.PayloadStatus)
	liveness, why := JudgeLiveness(f, p)
	switch liveness {
	case Live:
		return Diagnosis{State: StateLive, Cause: said + why}
	case Unknown:
		return Diagnosis{State: StateLivenessUnknown, Cause: said + why}
	case Dead:
	}
	if last.PayloadStatus == facts.StatusUninstalling {
		return Diagnosis{State: StateUninstalling, Cause: said + why}
	}
	if blockers := promotionBlockers(f, p); len(blockers) > 0 {
		return Diagnosis{State: StateAbandoned, Cause: said + why, Blockers: blockers}
	}
	return Diagnosis{State: StateRecordingFailed, Cause: said + "everything it describes is in place; " + why}
}

// Superfluous returns the records before the last that say deployed and must not: of
// a last revision that failed, the newest of them is still the one in service.
func Superfluous(f *facts.Facts) []*facts.Record {
	var deployed []*facts.Record
	for i := range f.Records[:len(f.Records)-1] {
		if r := &f.Records[i]; r.LabelStatus == facts.StatusDeployed {
			deployed = append(deployed, r)
		}
	}
	if s := f.Last().PayloadStatus; len(deployed) > 0 && (s == facts.StatusFailed || s == facts.StatusSuperseded) {
		return deployed[:len(deployed)-1]
	}
	return deployed
}

// countDeployedBefore returns how many records before the last have the label
// deployed.
func countDeployedBefore(f *facts.Facts) int {
	n := 0
	for _, r := range f.Records[:len(f.Records)-1] {
		if r.LabelStatus == facts.StatusDeployed {
			n++
		}
	}
	return n
}
