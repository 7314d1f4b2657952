package result

import (
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/verb"
)

// Result is everything a run has to say; the reports are made from it alone.
type Result struct {
	Subject
	Exit
	Proof
	Log
	Changes *Changes // of a deploy; nil: nothing is known of them
	Sweep   *Sweep   // of a sweep alone
	Round   *Round   // of a look at many review apps alone
}

// Subject is what the run was about.
type Subject struct {
	Verb      verb.Verb
	App       string
	Branch    string // untrusted text
	Namespace string
	Release   string
	URL       string
	User      string // whom the API server takes us for
	Chart     string
	Revision  int
	Status    facts.Status // as stored, not as returned

	Commit      string // that was deployed
	PullRequest int    // number; 0 means none
	Actor       string // who started the run; untrusted text
	Pages       Pages
}

// Pages are the addresses at which the CI's platform shows what the run was about. An
// empty one is not known.
type Pages struct {
	Commit      string
	PullRequest string
	Run         string
}

// Exit is how the run ended, why, and what to do about it.
type Exit struct {
	Reason   problem.ExitReason
	ExitCode int
	Softened bool   // the step does not fail by it
	Headline string // one line a person can act on
	Cause    string
	Next     string
	Repair   string // "unlock, sweep"; empty: none was made
	Missing  []problem.MissingPermission
	RBAC     string // YAML to apply
}

// Proof is what the run saw of the release.
type Proof struct {
	Checks      []Check
	Looks       int
	Objects     []facts.Object
	Kept        []string // teardown: what was left, and why
	Remains     []string // what hooks and StatefulSets of a removed release have left, and why it stays
	Evidence    []string
	Diagnostics *Diagnostics // why a rollout or a hook failed
}

// Log is what the run did, and what it has to tell besides.
type Log struct {
	Started   time.Time
	Took      time.Duration
	Timeline  []Event
	Notes     []Note
	Audit     []Write
	Traffic   []Requests
	ChartNote string // the chart's NOTES.txt; untrusted text
}
