package verdict

import (
	"errors"
	"fmt"
	"strings"
)

// Ending is how a run ended. Only internal/cli maps it to an exit code.
type Ending string

// Every way a run can end.
const (
	EndConsistent    Ending = "consistent"
	EndInternal      Ending = "internal-error"
	EndPermission    Ending = "permission-missing"
	EndLive          Ending = "live-operation"
	EndUnknownHolder Ending = "live-or-dead-unknown"
	EndDeployFailed  Ending = "deploy-failed"
	EndInconsistent  Ending = "inconsistent"
	EndRepairFailed  Ending = "repair-failed"
	EndUnanswered    Ending = "api-server-unanswered"
	EndForeign       Ending = "belongs-to-another"
	EndTerminating   Ending = "namespace-terminating"
	EndUnreadable    Ending = "record-unreadable"
	EndChart         Ending = "chart-invalid"
	EndProbe         Ending = "probe-failed"
	EndSweep         Ending = "sweep-incomplete"
	EndNotFound      Ending = "no-such-release"
	EndWrongInput    Ending = "wrong-input"
	EndInterrupted   Ending = "interrupted"
	EndTerminated    Ending = "terminated"
	EndNothingToDo   Ending = "nothing-to-do"
)

// ErrChanged says that a record is no longer as it was read, or not there any
// more: what was decided by it has to be decided anew.
var ErrChanged = errors.New("the records changed while they were read")

// Problem is an error that a person can act on: what was tried, on what, why it
// failed and what to do next. Ending says how the run ends because of it.
type Problem struct {
	Ending   Ending
	Headline string // a sentence to open with; empty: "Could not <Tried>."
	Tried    string // "create the release record sh.helm.release.v1.web.v1 in namespace review-1"
	Cause    error  // why; may be nil
	Next     string // what to do next
	Gaps     []Gap  // the missing permissions, for EndPermission
}

// Error is one line; what to do next is in Next, since renderers place it.
func (p *Problem) Error() string {
	what := p.Tried
	if what == "" {
		what = strings.TrimSuffix(p.Headline, ".")
	}
	if p.Cause == nil {
		return what
	}
	return fmt.Sprintf("%s: %v", what, p.Cause)
}

// Sentence is the one line that a report opens with.
func (p *Problem) Sentence() string {
	if p.Headline != "" {
		return p.Headline
	}
	return "Could not " + p.Tried + "."
}

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.Cause }

// ProblemOf finds the Problem in err's chain, or wraps err as an internal error.
func ProblemOf(err error) *Problem {
	if err == nil {
		return nil
	}
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return &Problem{Ending: EndInternal, Tried: "run", Cause: err}
}

// Permission is one thing that a run needs to be allowed to do.
type Permission struct {
	Verb      string `json:"verb"`
	Group     string `json:"group,omitempty"`
	Resource  string `json:"resource"`
	Namespace string `json:"namespace,omitempty"` // empty: cluster-scoped
	Name      string `json:"name,omitempty"`
	Why       string `json:"why"`
	// Optional means that the run goes on without it, with a notice.
	Optional bool `json:"optional,omitempty"`
}

// String is "update secrets in namespace review-1".
func (p Permission) String() string {
	s := p.Verb + " " + p.Resource
	if p.Group != "" {
		s += "." + p.Group
	}
	if p.Namespace != "" {
		s += " in namespace " + p.Namespace
	}
	return s
}

// Gap is a permission that is missing.
type Gap struct {
	Permission
	Reason string `json:"reason,omitempty"` // what the API server said; untrusted text
}
