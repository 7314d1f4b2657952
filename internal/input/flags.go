package input

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/verb"
)

// Bind adds a verb's flags to fs. Resolve reads them.
func Bind(fs *pflag.FlagSet, v verb.Verb) {
	for _, in := range flagInputs(v) {
		f := fs.VarPF(&flag{in: in, value: in.Default}, in.Name, in.Short, in.usage())
		if f.NoOptDefVal = in.Alone; in.Type == Bool || in.Type == Switch {
			f.NoOptDefVal = "true"
		}
	}
}

// usage is the help of the input's flag.
func (in *Input) usage() string {
	if len(in.Choices) == 0 {
		return in.Doc
	}
	return in.Doc + " One of " + strings.Join(in.Choices, ", ") + "."
}

// flagInputs returns the inputs that a verb takes as flags.
func flagInputs(v verb.Verb) (inputs []*Input) {
	for i := range Table {
		if in := &Table[i]; in.Serves(v) && !in.Secret {
			inputs = append(inputs, in)
		}
	}
	return inputs
}

// flag is a pflag.Value that keeps what was given as it is. Resolve validates it
// together with the other inputs.
type flag struct {
	in    *Input
	value string
	items []string // each value that was given
}

func (f *flag) String() string { return f.value }

func (f *flag) Type() string {
	if f.in.Type == Bool {
		return "bool" // the name by which pflag's help recognizes it
	}
	return strings.ReplaceAll(string(f.in.Type), " ", "-")
}

// Set appends to what was given before where the flag can be repeated.
func (f *flag) Set(value string) error {
	f.items = append(f.items, value)
	if f.value = value; f.in.Type == List || f.in.Type == Codes {
		f.value = strings.Join(f.items, "\n")
	}
	return nil
}

// FlagError turns an error of the flag parser into Errors that say what to do. It
// fits cobra's SetFlagErrorFunc.
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
	for _, in := range flagInputs(v) {
		names = append(names, in.Name)
	}
	return names
}
