package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/text"
)

// StepKind names one thing that the engine performs.
type StepKind string

// The kinds of step. docs/stuck.md says when each is taken.
const (
	StepRelabel              StepKind = "relabel"               // write the records' labels anew from their payloads
	StepQuarantine           StepKind = "quarantine"            // move the last record, which is unreadable, out of Helm's sight
	StepQuarantineUnreadable StepKind = "quarantine-unreadable" // the same with every unreadable record
	StepDiscard              StepKind = "discard"               // delete the record of an install that created nothing
	StepPromote              StepKind = "promote"               // mark the last record deployed
	StepUnlock               StepKind = "unlock"                // mark the last record failed
	StepDedupe               StepKind = "dedupe"                // mark older deployed records superseded
	StepUninstall            StepKind = "uninstall"             // remove a stuck release and its records, as a repair
	StepTakeDown             StepKind = "take-down"             // remove the release and its records, as asked
	StepDiscardQuarantined   StepKind = "discard-quarantined"   // delete the quarantined records, unless the same plan moved one
	StepRollback             StepKind = "rollback"              // apply the revision Target anew, as a new revision
	StepInstall              StepKind = "install"               // install the first revision
	StepReplace              StepKind = "replace"               // install over records that were never deployed
	StepUpgrade              StepKind = "upgrade"               // upgrade to a new revision
	StepSweep                StepKind = "sweep"                 // delete what abandoned revisions left behind
)

// StepKinds are all kinds of step.
var StepKinds = []StepKind{
	StepRelabel, StepQuarantine, StepQuarantineUnreadable, StepDiscard, StepPromote, StepUnlock, StepDedupe,
	StepUninstall, StepTakeDown, StepDiscardQuarantined, StepRollback, StepInstall, StepReplace, StepUpgrade, StepSweep,
}

// Step is one step of a plan.
type Step struct {
	Kind   StepKind
	Target int // StepRollback: the revision to apply
	// WithNamespace says that the namespace is to go after StepTakeDown, with
	// what older revisions left in it.
	WithNamespace bool
	// StopAtKept says that StepTakeDown leaves the records where an object of the
	// namespace is to be kept by its policy, StopAtMarked that it does so where one is by a
	// mark.
	StopAtKept, StopAtMarked bool
}

// Mends returns what a step does to what is there before the chart comes to it, as a sentence, or "".
func (s Step) Mends() string {
	switch s.Kind {
	case StepRelabel:
		return "The records' labels would be written anew from their payloads"
	case StepQuarantine, StepQuarantineUnreadable:
		return "The records that cannot be read would be moved out of Helm's sight"
	case StepDiscard:
		return "The record of an install that made nothing would be deleted"
	case StepPromote:
		return "The last record would be marked deployed"
	case StepUnlock:
		return "The last record would be marked failed"
	case StepDedupe:
		return "Older records that say deployed would be marked superseded"
	case StepUninstall, StepTakeDown:
		return "The release would be uninstalled first, with its records"
	case StepRollback:
		return fmt.Sprintf("Revision %d would be applied anew first", s.Target)
	case StepSweep:
		return "What abandoned revisions left would be deleted afterwards"
	case StepDiscardQuarantined, StepInstall, StepReplace, StepUpgrade:
	}
	return ""
}

// Plan is the steps to perform, in order, or the reason why none is.
type Plan struct {
	Steps []Step
	// GatherAgain asks for new facts and a new plan after the steps: only then
	// is visible what else there is to decide.
	GatherAgain bool
	Refusal     *problem.Problem
}

// Does returns whether the plan has a step of one of these kinds.
func (p Plan) Does(kinds ...StepKind) bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return slices.Contains(kinds, s.Kind) })
}

// Tells returns whether the plan's refusal opens with the cause of the diagnosis.
func (p Plan) Tells(d Diagnosis) bool {
	return p.Refusal != nil && strings.HasPrefix(p.Refusal.Headline, strings.TrimSuffix(text.Sentence(d.Cause), "."))
}

// planOf is the plan of these steps, none of which has a parameter.
func planOf(kinds ...StepKind) Plan {
	p := Plan{}
	for _, k := range kinds {
		p.Steps = append(p.Steps, Step{Kind: k})
	}
	return p
}

// then is the plan with more steps.
func (p Plan) then(kinds ...StepKind) Plan {
	p.Steps = append(p.Steps, planOf(kinds...).Steps...)
	return p
}

// thenRollback is the plan with a rollback to a revision.
func (p Plan) thenRollback(target int) Plan {
	p.Steps = append(p.Steps, Step{Kind: StepRollback, Target: target})
	return p
}

// refuse is the plan that performs nothing. cause becomes the headline.
func refuse(reason problem.ExitReason, cause, next string) Plan {
	return Plan{Refusal: &problem.Problem{Reason: reason, Headline: text.Sentence(cause), Next: text.Sentence(next)}}
}
