package engine

import (
	"context"
	"errors"

	"github.com/berth-dev/berth/internal/problem"
)

// journal knows whether the run has left something unfinished, which an
// interrupted run has to tell.
type journal struct {
	state   writing
	settled string // writingSettled: what is stored now
}

// writing is how far the run's writes to the release have come.
type writing int

const (
	writingNothing writing = iota // nothing was begun, or nothing of it was stored
	writingBegun                  // a write was begun; its end is not known yet
	writingSettled                // the release's record names the end
)

// beginOperation notes that Helm begins to change the release.
func (j *journal) beginOperation() { *j = journal{state: writingBegun} }

// begin notes that a repair of a record begins. After an operation was settled,
// only records of older revisions are repaired, and what is settled stays true.
func (j *journal) begin() {
	if j.state == writingNothing {
		j.state = writingBegun
	}
}

// undone notes that what was begun has stored nothing.
func (j *journal) undone() { *j = journal{} }

// settle notes that the release's record names the end of what was begun.
func (j *journal) settle(what string) { *j = journal{state: writingSettled, settled: what} }

// Interrupt is the cause with which the caller cancels a run on a signal.
type Interrupt struct {
	Signal string
	Reason problem.ExitReason
}

func (i *Interrupt) Error() string { return "interrupted by " + i.Signal }

// interrupted returns the signal that ended ctx, or nil.
func interrupted(ctx context.Context) *Interrupt {
	var i *Interrupt
	if errors.As(context.Cause(ctx), &i) {
		return i
	}
	return nil
}

// explain returns the problem of a run that a signal ended. It says that nothing
// is stuck only where that is known.
func (j *journal) explain(i *Interrupt) *problem.Problem {
	p := &problem.Problem{Reason: i.Reason, Headline: "Interrupted by " + i.Signal + "."}
	switch j.state {
	case writingSettled:
		p.Cause = errors.New("what was under way was stopped, and " + j.settled)
		p.Next = "Run again: nothing is stuck."
	case writingNothing:
		p.Next = "Run again: nothing was under way."
	case writingBegun:
		p.Next = "Run berth check to see where it stands: what was under way was stopped, but its end could not be recorded."
	}
	return p
}
