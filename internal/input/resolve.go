package input

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/verb"
)

// Resolve returns a verb's options: from the flags that Bind added, from the
// environment (in the form of os.Environ), and what neither gives from the CI's
// defaults. The error is Errors and names everything that is wrong.
//
// For verb.Auto, nothing is required: call Options.Require once the verb is
// chosen.
func Resolve(fs *pflag.FlagSet, environ []string, v verb.Verb, d Defaults) (*Options, error) {
	o := &Options{Verb: v, Place: PlaceOf(environ)}
	if v == verb.Version {
		return o, nil
	}
	env := readEnviron(environ)
	errs := env.unknown()
	helm, unfit := helmVariables(environ)
	env.helm, errs = helm, append(errs, unfit...)
	errs = append(errs, judgeHelmsNamespace(v, fs, env)...)
	errs = append(errs, unheeded(v, fs, env)...)
	from := map[string]string{} // the flag or variable that an input was given as
	for i := range Table {
		in := &Table[i]
		in.parse(o, []string{in.Default})
		if !in.Serves(v) {
			continue
		}
		if name, values := lookup(in, fs, env); name != "" {
			from[in.Name] = name
			errs = append(errs, in.read(o, name, values)...)
		}
	}
	if wrong := o.fill(d); !o.OfMany() { // which is about no branch
		errs = append(errs, wrong...)
	}
	o.ByName = !d.mayBeOfBranch() && o.isByName(v)
	errs = append(errs, o.conflicts(from)...)
	errs = append(errs, o.missing(v)...)
	if len(errs) > 0 {
		return nil, errs
	}
	return o, nil
}

// lookup returns the flag or variable that gives the input, and the values that it
// gives: for a list its items, for another input one. The name is empty when none does.
func lookup(in *Input, fs *pflag.FlagSet, env environment) (name string, values []string) {
	if f := fs.Lookup(in.Name); f != nil && f.Changed {
		if values := in.flagValues(f.Value); len(values) > 0 {
			return "--" + in.Name, values
		}
	}
	v, ok := env.berth[in.Name]
	if !ok {
		v, ok = env.action[in.Name]
	}
	if !ok {
		v = env.helm[in.Name]
	}
	if in.Type == List {
		return v.name, lines(v.value)
	}
	return v.name, []string{v.value}
}

// flagValues returns what a flag gives, without what is blank. A flag of a list gives
// one item each time, which may have several lines, as with Helm.
func (in *Input) flagValues(v pflag.Value) []string {
	given := []string{v.String()}
	if f, ok := v.(*flag); ok && in.Type == List {
		given = f.items
	}
	return slices.DeleteFunc(slices.Clone(given), func(value string) bool { return trimmed(value) == "" })
}

// read sets the input's field in o, and returns what is wrong with what the flag
// or variable from gives.
func (in *Input) read(o *Options, from string, values []string) (errs Errors) {
	faults := in.parse(o, values)
	if p, ok := in.field(o).(*Material); ok && strings.HasPrefix(from, "--") && p.Content != "" {
		faults = []fault{{hidden, "a flag takes a path, since other processes can read a command line; give the content as " + in.Env()}}
	}
	for _, f := range faults {
		errs = append(errs, &Error{Input: in.Name, Value: in.redact(f.value), Allowed: f.allowed, From: from})
	}
	return errs
}

// keyPath is what the key of a value looks like. A part of a value with = in it mostly
// does not.
var keyPath = regexp.MustCompile(`^[\w.\[\]\\/ -]{1,80}$`)

// noIndex matches what stands in a key's brackets and is no index: of a part of a value, it
// may be the secret.
var noIndex = regexp.MustCompile(`\[\d*[^\]\d][^\]]*`)

// redact hides the parts of a value that are or may be secret: chart values often
// contain passwords, and so do URLs.
func (in *Input) redact(value string) string {
	if in.Secret || in.Type == Content {
		return hidden
	}
	if in.Name == "set" || strings.HasPrefix(in.Name, "set-") {
		key, _, found := strings.Cut(value, "=")
		if !found || isJSONObject(value) || !keyPath.MatchString(key) {
			return hidden
		}
		return noIndex.ReplaceAllString(key, "[…") + "=" + hidden
	}
	if in.isPath() && !secrets.LooksLikePath(value) && !strings.Contains(value, "://") {
		return hidden // it may be the content of what belongs there
	}
	if looksLikeAddress(value) || in.Name == "kube-apiserver" || in.Name == "repo" {
		return secrets.Address(value)
	}
	return value
}

// isPath reports whether an input names files.
func (in *Input) isPath() bool {
	switch in.Name {
	case "values", "registry-config", "ca-file", "quota":
		return true
	}
	return false
}

// looksLikeAddress reports whether a value is an address, or lacks no more than its scheme,
// or a slash, to be one.
func looksLikeAddress(value string) bool {
	at := strings.LastIndexByte(value, '@')
	return strings.Contains(value, ":/") || strings.HasPrefix(value, "//") || at >= 0 && strings.Contains(value[:at], ":")
}
