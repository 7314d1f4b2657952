package problem

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is an error that a person can act on: what was tried, on what, why it
// failed and what to do next. Reason is how the run ends because of it.
type Problem struct {
	Reason   ExitReason
	Headline string              // a sentence to open with; empty: "Could not <Tried>."
	Tried    string              // "create the release record sh.helm.release.v1.web.v1 in namespace review-1"
	Cause    error               // why; may be nil
	Next     string              // what to do next
	Missing  []MissingPermission // with PermissionMissing: what to grant
	Place    Place               // where the fault is, if it is in a file
}

// Place is a place in a file of the user's: a chart's template, or values. Who names it
// has not looked whether it is there. The zero value is none.
type Place struct {
	File string // as whoever runs Berth would write it; untrusted text
	Line int    // 0: it is not known
}

// Error returns what was tried and why it failed, in one line. Next is left to the
// reports.
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

// Sentence returns the line that a report opens with.
func (p *Problem) Sentence() string {
	if p.Headline != "" {
		return p.Headline
	}
	return "Could not " + p.Tried + "."
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Cause }

// Of returns the first Problem in err's chain, or err as an internal error; nil for
// nil.
func Of(err error) *Problem {
	if err == nil {
		return nil
	}
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return &Problem{Reason: Internal, Tried: "run", Cause: err}
}
