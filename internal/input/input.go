// Package input turns flags, BERTH_* and INPUT_* variables into one validated
// Options.
//
// An input has one name: flag --kube-context, variable BERTH_KUBE_CONTEXT,
// action input kube-context (which the runner passes as INPUT_KUBE-CONTEXT, and
// native/action.yml as INPUT_KUBE_CONTEXT). A flag takes precedence over BERTH_*,
// which takes precedence over INPUT_*. An empty value counts as not given, since
// that is how CI systems pass what was left out. Secrets have no flag: every
// process can read a command line.
//
// Table is the one list of inputs. The flags are made from it, action.yml and
// docs/inputs.md are generated from it, and the GitLab template is checked
// against it.
package input

//go:generate go run ./gen ../..

import (
	"slices"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/verb"
)

// Type is what kind of value an input takes.
type Type string

// The types.
const (
	String   Type = "string"
	Template Type = "template"
	Bool     Type = "boolean"
	Switch   Type = "auto or boolean"
	Int      Type = "number"
	Duration Type = "duration"
	List     Type = "list"
	Choice   Type = "choice"
	Codes    Type = "exit codes"
	Content  Type = "path or content"
	YAML     Type = "YAML text"
)

// Input is one input.
type Input struct {
	Name    string // kube-context
	Short   string // one-letter flag, where Helm has it
	Type    Type
	Default string
	Alone   string // what a list's flag stands for that is given without a value; empty: it needs one
	CI      string // what is taken from the CI's environment when the input is not given, in words
	Action  string // default in action.yml: an expression of GitHub's
	Choices []string
	Verbs   []verb.Verb // that take it
	Secret  bool        // has no flag and is never shown
	Doc     string      // one or two sentences

	field  func(*Options) any        // returns a pointer to the field that holds the value
	items  func([]string) []string   // makes the items of a list of what was given; nil keeps them
	check  func(value string) string // returns what is allowed, or "" when value is
	limits limits
}

// limits are the smallest and largest value of a number or duration.
type limits struct {
	least             int
	positive          bool          // a duration of 0 is not allowed
	days              bool          // a duration may be given in days
	shortest, longest time.Duration // 0 means no limit
}

// The verbs that take an input, named after the property for which they do.
var (
	onRelease   = verb.With(func(p verb.Properties) bool { return p.OnRelease })
	reaching    = verb.With(reachesCluster)
	writing     = verb.With(func(p verb.Properties) bool { return p.Writes && p.OnRelease })
	changing    = verb.With(func(p verb.Properties) bool { return p.Writes })
	proving     = verb.With(func(p verb.Properties) bool { return p.Proves })
	readingLock = verb.With(func(p verb.Properties) bool { return p.ReadsLock })
	asking      = verb.With(func(p verb.Properties) bool { return p.AsksAccess })
	creating    = verb.With(func(p verb.Properties) bool { return p.DeployAccess })
	repairing   = verb.With(func(p verb.Properties) bool { return p.Repairs })
	listing     = verb.With(func(p verb.Properties) bool { return p.OnFleet && !p.Writes })
	mending     = verb.With(func(p verb.Properties) bool { return p.Repairs && !p.NeedsChart })
	ofMany      = verb.With(func(p verb.Properties) bool { return p.OnFleet || p.Repairs && !p.NeedsChart })
	inNamespace = verb.With(func(p verb.Properties) bool { return p.OnRelease || p.OnFleet })
	sweeping    = verb.With(func(p verb.Properties) bool { return p.OnFleet && p.Removes })
	expiring    = verb.With(func(p verb.Properties) bool { return p.NeedsChart || p.OnFleet && p.Removes })
	deploying   = verb.With(func(p verb.Properties) bool { return p.NeedsChart })
	rendering   = verb.With(func(p verb.Properties) bool { return p.NeedsChart || p.TakesChart })
	copying     = verb.With(func(p verb.Properties) bool {
		return p.DeployAccess || p.Removes && p.OnRelease || p.Proves && p.OnRelease && !p.Writes
	})
	telling = verb.With(func(p verb.Properties) bool { return p.NeedsChart || p.Removes })
)

// reachesCluster is of the verbs that ask a cluster anything.
func reachesCluster(p verb.Properties) bool { return p.OnRelease || p.OnFleet }

// Env returns the name of the input's environment variable.
func (in *Input) Env() string {
	return "BERTH_" + strings.ToUpper(strings.ReplaceAll(in.Name, "-", "_"))
}

// ActionEnv returns the name of the variable in which GitHub's runner passes the
// action's input.
func (in *Input) ActionEnv() string { return "INPUT_" + strings.ToUpper(in.Name) }

// NativeEnv returns the name of the variable in which native/action.yml passes it: a shell
// need not hand on a variable with a dash in its name.
func (in *Input) NativeEnv() string { return strings.ReplaceAll(in.ActionEnv(), "-", "_") }

// Envs returns the names of all its variables.
func (in *Input) Envs() []string { return []string{in.Env(), in.ActionEnv(), in.NativeEnv()} }

// Serves reports whether a verb takes the input. A verb that chooses between
// others takes what any of them does.
func (in *Input) Serves(v verb.Verb) bool {
	return slices.Contains(in.Verbs, v) || slices.ContainsFunc(verb.Of(v).Chooses, in.Serves)
}
