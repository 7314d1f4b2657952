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
}

// Subject is what the run was about.
type Subject struct {
	Verb      verb.Verb    `json:"verb"`
	App       string       `json:"app,omitempty"`
	Branch    string       `json:"branch,omitempty"` // untrusted text
	Namespace string       `json:"namespace,omitempty"`
	Release   string       `json:"release,omitempty"`
	URL       string       `json:"url,omitempty"`
	User      string       `json:"user,omitempty"` // whom the API server takes us for
	Chart     string       `json:"chart,omitempty"`
	Revision  int          `json:"revision,omitempty"`
	Status    facts.Status `json:"status,omitempty"` // as stored, not as returned
}

// Exit is how the run ended, why, and what to do about it.
type Exit struct {
	Reason   problem.ExitReason          `json:"verdict"`
	ExitCode int                         `json:"exitCode"`
	Headline string                      `json:"headline"` // one line a person can act on
	Cause    string                      `json:"cause,omitempty"`
	Next     string                      `json:"next,omitempty"`
	Repair   string                      `json:"repair,omitempty"` // "unlock, sweep"; empty: none was made
	Missing  []problem.MissingPermission `json:"missingPermissions,omitempty"`
	RBAC     string                      `json:"rbac,omitempty"` // YAML to apply
}

// Proof is what the run saw of the release.
type Proof struct {
	Checks      []Check        `json:"checks,omitempty"`
	Attempts    int            `json:"checkAttempts,omitempty"`
	Objects     []facts.Object `json:"objects,omitempty"`
	Kept        []string       `json:"kept,omitempty"` // teardown: what was left, and why
	Evidence    []string       `json:"evidence,omitempty"`
	Diagnostics *Diagnostics   `json:"diagnostics,omitempty"` // why a rollout or a hook failed
}

// Log is what the run did, and what it has to tell besides.
type Log struct {
	Started   time.Time     `json:"started"`
	Took      time.Duration `json:"tookNanoseconds"`
	Timeline  []Event       `json:"timeline,omitempty"`
	Notes     []Note        `json:"annotations,omitempty"`
	Audit     []Write       `json:"recordWrites,omitempty"`
	Traffic   []Requests    `json:"requests,omitempty"`
	ChartNote string        `json:"chartNotes,omitempty"` // the chart's NOTES.txt; untrusted text
}
