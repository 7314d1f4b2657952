package input

import (
	"slices"
	"strings"
)

// variable is an environment variable.
type variable struct {
	name  string // such as BERTH_KUBE_CONTEXT; for an input of the action, "input kube-context"
	value string
}

// environment holds the variables that give inputs, by input name. An earlier map beats a
// later one.
type environment struct {
	berth  map[string]variable
	action map[string]variable
	helm   map[string]variable // what Helm hands to its plugin
}

// readEnviron returns the variables that begin with BERTH_ or INPUT_. Empty ones
// count as not given. INPUT_* is set by GitHub's runner and ignored elsewhere.
func readEnviron(environ []string) environment {
	env := environment{berth: map[string]variable{}, action: map[string]variable{}}
	action := PlaceOf(environ) == OnGitHub
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if trimmed(value) == "" {
			continue
		}
		if rest, ok := strings.CutPrefix(name, "BERTH_"); ok {
			env.berth[inputName(rest)] = variable{name, value}
		} else if rest, ok := strings.CutPrefix(name, "INPUT_"); ok && action {
			env.action[inputName(rest)] = variable{"input " + inputName(rest), value}
		}
	}
	return env
}

func inputName(rest string) string {
	return strings.ReplaceAll(strings.ToLower(rest), "_", "-")
}

// unknown returns an error for each variable that gives no input: a misspelled one
// would silently leave the default in force. The errors do not show the values,
// since the name does not tell whether they are secret.
func (env environment) unknown() (errs Errors) {
	names := make([]string, len(Table))
	for i := range Table {
		names[i] = Table[i].Name
	}
	refuse := func(set map[string]variable, ignored func(string) bool, like func(*Input) string) {
		for name, v := range set {
			if slices.Contains(names, name) || ignored(name) {
				continue
			}
			e := &Error{From: v.name, Allowed: "there is no such input"}
			if in := Find(nearest(name, names)); in != nil {
				e.Allowed += didYouMean("", like(in))
			}
			errs = append(errs, e)
		}
	}
	refuse(env.berth, ignoredVariable, (*Input).Env)
	refuse(env.action, ignoredActionInput, func(in *Input) string { return in.Name })
	slices.SortFunc(errs, func(a, b *Error) int { return strings.Compare(a.From, b.From) })
	return errs
}

func ignoredVariable(name string) bool {
	for _, prefix := range []string{"test-", "port-", "service-", "result-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "port"
}

func ignoredActionInput(name string) bool {
	return slices.Contains([]string{"verb", "args", "entrypoint"}, name)
}
