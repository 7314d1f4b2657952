package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verdict"
)

// hopeless is the Problem of a state that looking again does not change.
func (r *run) hopeless(f *facts.Facts, want verdict.Reported) error {
	d := verdict.Diagnose(f, r.Options.Policy)
	switch d.State {
	case verdict.StateAbsent:
		return notFound(r)
	case verdict.StateFailed:
		if want.Revision != 0 {
			return nil // a later operation than the one that was reported
		}
		last := f.Last()
		return &problem.Problem{Reason: problem.DeployFailed,
			Headline: fmt.Sprintf("The deploy of revision %d of `%s` failed, and its record says so.", last.Revision, r.Options.App.Release),
			Cause:    errors.New(last.Description), Next: "Mend what is named here and deploy again."}
	case verdict.StateRecordingFailed:
		p := r.notAsReported(errors.New(d.Cause))
		p.Next = "Correct the record in place, without a restart, since nothing else is wrong:\n$ berth repair --on-stuck promote\nRun berth deploy otherwise, which deals with it as well."
		return p
	case verdict.StateAbandoned:
		p := r.notAsReported(fmt.Errorf("%s; %s", d.Cause, strings.Join(d.Blockers, "; ")))
		p.Next = "Run berth deploy, which deploys over it."
		return p
	case verdict.StateUnreadable:
		return &problem.Problem{Reason: problem.RecordUnreadable, Headline: "The last record of `" + r.Options.App.Release + "` cannot be read.",
			Cause: errors.New(d.Cause), Next: "Run berth deploy, or berth repair: they move it out of the way."}
	case verdict.StateForeign, verdict.StateTerminating:
		return verdict.PlanRepair(f, d, r.Options.Policy).Refusal
	case verdict.StateDeployed, verdict.StateTwoDeployed, verdict.StateNoneDeployed, verdict.StateUninstalled,
		verdict.StateUninstalling, verdict.StateLive, verdict.StateUnknownHolder, verdict.StateDisagreeing:
	}
	return nil
}

// notAsReported opens with every check that does not hold.
func (r *run) notAsReported(cause error) *problem.Problem {
	return &problem.Problem{Reason: problem.Inconsistent, Cause: cause,
		Headline: fmt.Sprintf("Revision %d of `%s` in `%s` is not what it should be: %s.",
			r.result.Revision, r.Options.App.Release, r.Options.App.Namespace, failing(r.result.Checks))}
}

// inconsistent is the Problem of a check whose time is up.
func (r *run) inconsistent(ctx context.Context, err error) error {
	if r.seen == nil {
		return err // nothing was ever seen
	}
	cause := context.Cause(ctx)
	if verdict.Consistent(r.result.Checks) {
		return &problem.Problem{Reason: problem.Inconsistent, Cause: cause,
			Tried: fmt.Sprintf("see %d good checks in a row", r.Options.Confirm),
			Next:  "Give a longer check-timeout, or ask for fewer with confirm."}
	}
	d := verdict.Diagnose(r.seen, r.Options.Policy)
	if d.State == verdict.StateLive {
		return verdict.PlanDeploy(r.seen, d, r.Options.Policy).Refusal
	}
	p := r.notAsReported(cause)
	if p.Next = "See the objects below, then deploy again."; d.State == verdict.StateUnknownHolder {
		p.Cause = errors.New(d.Cause)
		p.Next = "Make sure that nothing works on it any more, then run:\n$ berth repair --on-stuck promote --assume-dead-after 1s"
	}
	return p
}

// failing says what does not hold.
func failing(checks []result.Check) string {
	var faults []string
	for _, c := range checks {
		if !c.OK {
			faults = append(faults, c.Detail)
		}
	}
	return strings.Join(faults, "; ")
}
