// Package verb lists what Berth can be asked to do. Table holds one row for each
// verb; the commands, their flags, the permissions that are asked for, the
// reports and the documentation are derived from it.
package verb

import (
	"slices"
	"strconv"
	"strings"
)

// Verb is the name of one thing that Berth can be asked to do: the first
// argument of the command line, the action's input "verb", and the report's
// field "verb".
type Verb string

// The verbs.
const (
	Deploy    Verb = "deploy"
	Check     Verb = "check"
	Repair    Verb = "repair"
	Teardown  Verb = "teardown"
	List      Verb = "list"
	Sweep     Verb = "sweep"
	Preflight Verb = "preflight"
	Auto      Verb = "auto"
	Version   Verb = "version"
)

// Properties is what the rest of the program needs to know about a verb.
type Properties struct {
	Verb Verb
	// Doc is the help text: one sentence.
	Doc string
	// Success is the report's headline after a run that went well and had
	// nothing special to say; see SuccessLine. Empty for verbs without a report.
	Success string

	OnRelease    bool // works on the release of one branch, so repository and branch are required
	OnFleet      bool // works on the review apps that it finds, of whichever branch
	ByName       bool // works on any release, too, where namespace and release name it and no branch is known
	Writes       bool // changes the cluster
	Locks        bool // takes the lock on the release before it writes
	ReadsLock    bool // judges whether the operation that left a record unfinished is still alive
	Proves       bool // ends with the consistency check
	Repairs      bool // repairs a stuck release
	Removes      bool // deletes the release: its objects and records are expected to be gone
	AsksAccess   bool // asks the API server for its permissions before it starts
	DeployAccess bool // asks for the permissions of a deploy: to store a revision, and to create an absent namespace
	NeedsChart   bool // renders the chart
	TakesChart   bool // renders a chart where one is given, and writes nothing of it

	// Chooses are the verbs that this verb decides between. It takes the inputs
	// of each of them.
	Chooses []Verb
}

// Table holds every verb, in the order in which they are documented.
var Table = []Properties{
	{
		Verb: Deploy, Doc: "Deploy the branch's review app, then prove that what is stored and running is what was reported.",
		Success:   "Revision {revision} of `{release}` is deployed in `{namespace}`; what Helm stored is what runs.",
		OnRelease: true, Writes: true, Locks: true, ReadsLock: true, Proves: true, Repairs: true,
		AsksAccess: true, DeployAccess: true, NeedsChart: true,
	},
	{
		Verb: Check, Doc: "Check a release's consistency; changes nothing of it.",
		Success:   "Revision {revision} of `{release}` is deployed in `{namespace}`; what Helm stored is what runs.",
		OnRelease: true, ByName: true, ReadsLock: true, Proves: true,
	},
	{
		Verb: Repair, Doc: "Diagnose and repair a stuck release; deploys nothing.",
		Success:   "Repaired: revision {revision} of `{release}` is the only one deployed in `{namespace}`.",
		OnRelease: true, ByName: true, Writes: true, Locks: true, ReadsLock: true, Proves: true, Repairs: true,
		AsksAccess: true,
	},
	{
		Verb: Teardown, Doc: "Uninstall the release, then delete the namespace that Berth made for it.",
		Success:   "`{release}` in `{namespace}` is gone; the namespace stays.",
		OnRelease: true, Writes: true, Locks: true, ReadsLock: true, Removes: true,
		AsksAccess: true,
	},
	{
		Verb: List, Doc: "List the review apps of a repository, or of all, by what is stamped on them, or check each; changes nothing of them.",
		OnFleet: true, ReadsLock: true, Proves: true,
	},
	{
		Verb: Sweep, Doc: "Take down the review apps that nobody needs any more, as their time, pull request or branch says.",
		OnFleet: true, Writes: true, Locks: true, ReadsLock: true, Removes: true,
		AsksAccess: true,
	},
	{
		Verb:       Preflight,
		Doc:        "Test the connection and the permissions, a chart's among them, or print the role to apply; never writes.",
		Success:    "All that deploying `{release}` in `{namespace}` needs is permitted, beside the chart's own objects.",
		OnRelease:  true,
		AsksAccess: true, DeployAccess: true, TakesChart: true,
	},
	{
		Verb: Auto, Doc: "Deploy, take down or sweep, as the CI's event asks for, or do what a comment commands.",
		Chooses: []Verb{Deploy, Check, Teardown, Sweep},
	},
	{Verb: Version, Doc: "Print the version."},
}

// Of returns the properties of a verb. Those of an unknown verb are zero.
func Of(v Verb) Properties {
	i := slices.IndexFunc(Table, func(p Properties) bool { return p.Verb == v })
	if i < 0 {
		return Properties{}
	}
	return Table[i]
}

// With returns the verbs that have a property, in the order of Table.
func With(property func(Properties) bool) []Verb {
	var verbs []Verb
	for _, p := range Table {
		if property(p) {
			verbs = append(verbs, p.Verb)
		}
	}
	return verbs
}

// Names returns the names of the verbs, in the order of Table.
func Names() []string {
	names := make([]string, len(Table))
	for i, p := range Table {
		names[i] = string(p.Verb)
	}
	return names
}

// Join returns the verbs' names with separators between them.
func Join(verbs []Verb, separator string) string {
	names := make([]string, len(verbs))
	for i, v := range verbs {
		names[i] = string(v)
	}
	return strings.Join(names, separator)
}

// SuccessLine returns Success with {revision}, {release} and {namespace} filled
// in.
func (p Properties) SuccessLine(revision int, release, namespace string) string {
	return strings.NewReplacer(
		"{revision}", strconv.Itoa(revision), "{release}", release, "{namespace}", namespace,
	).Replace(p.Success)
}
