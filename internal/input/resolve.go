package input

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/verb"
)

// Bind gives a verb its flags.
func Bind(fs *pflag.FlagSet, v verb.Verb) {
	for i := range Table {
		in := &Table[i]
		if !in.Serves(v) || in.Secret {
			continue
		}
		f := fs.VarPF(&flag{in: in, value: in.Default}, in.Name, in.Short, in.Doc)
		if in.Type == Bool || in.Type == Switch {
			f.NoOptDefVal = "true"
		}
	}
}

// flag keeps what was given as it is; Resolve reads it with everything else.
type flag struct {
	in    *Input
	value string
	given bool
}

func (f *flag) String() string { return f.value }

func (f *flag) Type() string {
	if f.in.Type == Bool {
		return "bool" // the name by which pflag knows it for its help
	}
	return strings.ReplaceAll(string(f.in.Type), " ", "-")
}

func (f *flag) Set(value string) error {
	if f.given && (f.in.Type == List || f.in.Type == Codes) {
		value = f.value + "\n" + value
	}
	f.value, f.given = value, true
	return nil
}

// resolver gathers the options, where they came from, and what is wrong.
type resolver struct {
	o    *Options
	from map[string]string // input name → flag or variable
	errs Errors
}

// Resolve reads a verb's inputs: from the flags that Bind made, from the
// environment (as os.Environ gives it), and what neither gives from the CI's
// defaults. The error is Errors, with everything that is wrong.
//
// For verb.Auto, what a verb must have is not asked for: call Require when the verb
// is chosen.
func Resolve(fs *pflag.FlagSet, environ []string, v verb.Verb, d Defaults) (*Options, error) {
	r := resolver{o: &Options{Verb: v}, from: map[string]string{}}
	if v == verb.Version {
		return r.o, nil
	}
	env := readEnviron(environ)
	r.errs = env.unknown()
	for i := range Table {
		in := &Table[i]
		in.parse(r.o, in.Default)
		if in.Serves(v) {
			r.read(in, fs, env)
		}
	}
	r.fill(d)
	r.conflicts()
	r.errs = append(r.errs, r.o.missing(v)...)
	if len(r.errs) > 0 {
		return nil, r.errs
	}
	return r.o, nil
}

// read takes the input from the first place that gives it.
func (r *resolver) read(in *Input, fs *pflag.FlagSet, env environment) {
	from, raw := lookup(in, fs, env)
	if raw == "" {
		return
	}
	r.from[in.Name] = from
	faults := in.parse(r.o, raw)
	if p, ok := in.field(r.o).(*Material); ok && strings.HasPrefix(from, "--") && p.Content != "" {
		faults = []fault{{hidden, "a flag takes a path, since other processes can read a command line; give the content as " + in.Env()}}
	}
	for _, f := range faults {
		f.value = in.show(f.value)
		r.errs = append(r.errs, &Error{Input: in.Name, Value: f.value, Allowed: f.allowed, From: from})
	}
}

func lookup(in *Input, fs *pflag.FlagSet, env environment) (from, raw string) {
	if f := fs.Lookup(in.Name); f != nil && f.Changed {
		if value := f.Value.String(); strings.TrimSpace(value) != "" {
			return "--" + in.Name, value
		}
	}
	if v, ok := env.berth[in.Name]; ok {
		return v.name, v.value
	}
	v := env.action[in.Name]
	return v.name, v.value
}

// show hides what is or may be secret: chart values often carry passwords, and
// so do URLs.
func (in *Input) show(value string) string {
	if in.Secret || in.Type == Content {
		return hidden
	}
	if strings.HasPrefix(in.Name, "set") {
		key, _, found := strings.Cut(value, "=")
		if !found {
			return hidden
		}
		return key + "=" + hidden
	}
	return withoutPassword(value)
}

// withoutPassword hides the user and password of a URL.
func withoutPassword(value string) string {
	scheme, rest, ok := strings.Cut(value, "://")
	if at := strings.LastIndex(rest, "@"); ok && at >= 0 {
		return scheme + "://" + hidden + rest[at:]
	}
	return value
}
