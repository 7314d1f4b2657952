package input

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/text"
	"github.com/berth-dev/berth/internal/verb"
)

// Error is one wrong input.
type Error struct {
	Input   string // its name; empty when there is no such input
	Value   string // as given, hidden for secrets; untrusted text
	Allowed string // what is wrong with it and what to give
	From    string // the flag or variable it came from; empty when missing
}

// Error is one line.
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

// Errors is every wrong input of a run.
type Errors []*Error

// Error is one line for each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives each.
func (e Errors) Unwrap() []error {
	each := make([]error, len(e))
	for i, one := range e {
		each[i] = one
	}
	return each
}

// FlagError explains an error of the flag parser. It fits cobra's
// SetFlagErrorFunc.
func FlagError(v verb.Verb, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return Errors{{From: "command line", Allowed: err.Error()}}
	}
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return Errors{{From: "-" + name, Allowed: "there is no such flag"}}
	}
	e := &Error{From: "--" + name}
	in := Find(name)
	switch {
	case in == nil:
		e.Allowed = "there is no such flag" + didYouMean("--", nearest(name, flagNames(v)))
	case in.Secret:
		e.Input = name
		e.Allowed = fmt.Sprintf("a secret does not belong on a command line, which other processes can read; give it as %s", in.Env())
	default:
		e.Input = name
		e.Allowed = fmt.Sprintf("%s does not take it, only %s", v, verb.Join(in.Verbs, ", "))
	}
	return Errors{e}
}

func flagNames(v verb.Verb) (names []string) {
	for i := range Table {
		if in := &Table[i]; in.Serves(v) && !in.Secret {
			names = append(names, in.Name)
		}
	}
	return names
}

func didYouMean(prefix, name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + prefix + name + "?"
}
