package input

import (
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/text"
)

// Error is one wrong input.
type Error struct {
	Input   string // its name; empty when there is no such input
	Value   string // as given, hidden for secrets; untrusted text
	Allowed string // what is wrong with it, and what to give; a clause
	From    string // the flag or variable it came from; empty when missing
}

// Error returns one line.
func (e *Error) Error() string {
	subject := e.From
	if subject == "" {
		subject = e.Input
	}
	switch e.Value {
	case "":
	case hidden:
		subject += " " + hidden
	default:
		subject += " " + shown(e.Value)
	}
	return text.OneLine(subject + ": " + e.Allowed)
}

// shown quotes a value, so that it is one line, and keeps it short.
func shown(value string) string { return strconv.Quote(text.CutRunes(value, 100)) }

// Errors are all wrong inputs of a run.
type Errors []*Error

// Error returns one line for each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns each of them.
func (e Errors) Unwrap() []error {
	each := make([]error, len(e))
	for i, one := range e {
		each[i] = one
	}
	return each
}
