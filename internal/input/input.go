// Package input turns flags, BERTH_* and INPUT_* variables into one validated
// Options.
//
// An input has one name: flag --kube-context, variable BERTH_KUBE_CONTEXT,
// action input kube-context (which the runner hands over as
// INPUT_KUBE-CONTEXT). A flag beats BERTH_*, which beats INPUT_*; an empty
// value counts as not given, since that is how CI systems pass what was left
// out. Secrets have no flag: a command line is read by every process.
//
// Table is the one list of inputs. The flags come from it; action.yml and
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
)

// Input is one input.
type Input struct {
	Name    string // kube-context
	Short   string // one-letter flag, where Helm has it
	Type    Type
	Default string
	CI      string // what the CI's environment gives when it is left out
	Action  string // what action.yml gives when it is left out: an expression
	Choices []string
	Verbs   []verb.Verb // that take it
	Secret  bool        // has no flag and is never shown
	Doc     string      // one or two sentences

	field func(*Options) any        // where it goes
	check func(value string) string // what is allowed, or "" when value is
	least int                       // smallest number
	some  bool                      // a duration of 0 makes no sense

	shortest, longest time.Duration // of a duration; 0: there is no limit
}

// Env is the input's environment variable.
func (in *Input) Env() string {
	return "BERTH_" + strings.ToUpper(strings.ReplaceAll(in.Name, "-", "_"))
}

// ActionEnv is the variable that GitHub's runner makes of the action's input.
func (in *Input) ActionEnv() string { return "INPUT_" + strings.ToUpper(in.Name) }

// Serves tells whether a verb takes the input. A verb that chooses between
// others takes what any of them does.
func (in *Input) Serves(v verb.Verb) bool {
	return slices.Contains(in.Verbs, v) || slices.ContainsFunc(verb.Of(v).Chooses, in.Serves)
}

// Group is inputs that belong together.
type Group struct {
	Title  string
	Inputs []Input
}

// Groups are the inputs as they are explained.
var Groups = []Group{
	{"Identity", identity},
	{"Chart", chart},
	{"Cluster", cluster},
	{"Behaviour", behaviour},
}

// Table is every input.
var Table = slices.Concat(identity, chart, cluster, behaviour)

// Find gives the input of that name, or nil.
func Find(name string) *Input {
	for i := range Table {
		if Table[i].Name == name {
			return &Table[i]
		}
	}
	return nil
}

// Output is one of the values a run hands on: a GitHub output, and
// BERTH_<NAME> in GitLab's dotenv report.
type Output struct {
	Name string
	Doc  string
}

// Outputs are all outputs.
var Outputs = []Output{
	{"url", "URL of the review app; empty when no url was given."},
	{"namespace", "Namespace of the release."},
	{"release", "Name of the release."},
	{"revision", "Last stored revision."},
	{"status", "Status of that revision as stored, not as returned."},
	{"verdict", "How the run ended, in a word, such as consistent or deploy-failed."},
	{"repair", "The repairs that were made, such as promote or unlock, sweep; empty when none was."},
	{"exit-code", "The exit code before soft-fail."},
	{"report", "Path of report.json, when report-dir was given."},
}
