package problem

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is an error that a person can act on: what was tried, on what, why it
// failed and what to do next. Ending says how the run ends because of it.
type Problem struct {
	Reason   ExitReason
	Headline string              // a sentence to open with; empty: "Could not <Tried>."
	Tried    string              // "create the release record sh.helm.release.v1.web.v1 in namespace review-1"
	Cause    error               // why; may be nil
	Next     string              // what to do next
	Missing  []MissingPermission // the missing permissions, for EndPermission
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

// Of finds the Problem in err's chain, or wraps err as an internal error.
func Of(err error) *Problem {
	if err == nil {
		return nil
	}
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return &Problem{Reason: Internal, Tried: "run", Cause: err, Next: "Report this: it is a fault of Berth."}
}
