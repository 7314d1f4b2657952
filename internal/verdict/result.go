package verdict

import "time"

// Check is one consistency check and what it saw.
type Check struct {
	Name     string   `json:"name"` // last-revision, status, one-deployed, manifest, objects, ownership, ready
	Title    string   `json:"title"`
	OK       bool     `json:"ok"`
	Detail   string   `json:"detail,omitempty"`
	Findings []string `json:"findings,omitempty"` // one line each; may hold untrusted text
}

// Level says how loud a note is.
type Level string

// The levels, as the platforms have them.
const (
	LevelError   Level = "error"
	LevelWarning Level = "warning"
	LevelNotice  Level = "notice"
)

// Note becomes an annotation.
type Note struct {
	Level   Level  `json:"level"`
	Title   string `json:"title"`
	Message string `json:"message"`
}

// Event is one moment of a run's timeline.
type Event struct {
	At    time.Duration `json:"atNanoseconds"`   // since the start
	Took  time.Duration `json:"tookNanoseconds"` // zero for a moment
	What  string        `json:"what"`            // may hold untrusted text
	Parts []Event       `json:"parts,omitempty"` // what the time went to, as far as it is told
}

// Later are events that were timed from a moment of their own on, which came
// that long after the start.
func Later(events []Event, by time.Duration) []Event {
	var moved []Event
	for _, e := range events {
		e.At += by
		e.Parts = Later(e.Parts, by)
		moved = append(moved, e)
	}
	return moved
}

// Write is one write of the record store and what became of it.
type Write struct {
	At       time.Duration `json:"atNanoseconds"`
	Verb     string        `json:"verb"` // create, update, delete
	Resource string        `json:"resource"`
	Key      string        `json:"key"`
	Revision int           `json:"revision"`
	Status   Status        `json:"status,omitempty"` // what it meant to store
	Tries    int           `json:"tries"`
	Lost     bool          `json:"responseLost,omitempty"` // settled by reading back
	Error    string        `json:"error,omitempty"`
	Denied   bool          `json:"denied,omitempty"`   // 403
	Conflict bool          `json:"conflict,omitempty"` // 409: somebody else wrote
	Unknown  bool          `json:"unknown,omitempty"`  // no answer: it may or may not be stored
}

// Requests counts what was sent to the API server.
type Requests struct {
	Verb     string `json:"verb"`
	Resource string `json:"resource"`
	Count    int    `json:"count"`
	Sent     int64  `json:"sentBytes"`
	Received int64  `json:"receivedBytes"`
}

// Result is everything a run has to say; the reports are made from it alone.
type Result struct {
	Verb      string     `json:"verb"`
	App       string     `json:"app,omitempty"`
	Branch    string     `json:"branch,omitempty"` // untrusted text
	Namespace string     `json:"namespace,omitempty"`
	Release   string     `json:"release,omitempty"`
	URL       string     `json:"url,omitempty"`
	User      string     `json:"user,omitempty"` // whom the API server takes us for
	Chart     string     `json:"chart,omitempty"`
	Revision  int        `json:"revision,omitempty"`
	Status    Status     `json:"status,omitempty"` // as stored, not as returned
	Ending    Ending     `json:"verdict"`
	ExitCode  int        `json:"exitCode"`
	Headline  string     `json:"headline"` // one line a person can act on
	Cause     string     `json:"cause,omitempty"`
	Next      string     `json:"next,omitempty"`
	Repair    string     `json:"repair,omitempty"` // "unlock, sweep"; empty: none was made
	Gaps      []Gap      `json:"missingPermissions,omitempty"`
	RBAC      string     `json:"rbac,omitempty"` // YAML to apply
	Checks    []Check    `json:"checks,omitempty"`
	Attempts  int        `json:"checkAttempts,omitempty"`
	Objects   []Object   `json:"objects,omitempty"`
	Kept      []string   `json:"kept,omitempty"` // teardown: what was left, and why
	Evidence  []string   `json:"evidence,omitempty"`
	ChartNote string     `json:"chartNotes,omitempty"` // the chart's NOTES.txt; untrusted text
	Timeline  []Event    `json:"timeline,omitempty"`
	Notes     []Note     `json:"annotations,omitempty"`
	Audit     []Write    `json:"recordWrites,omitempty"`
	Traffic   []Requests `json:"requests,omitempty"`

	Diagnostics *Diagnostics `json:"diagnostics,omitempty"` // why a rollout or a hook failed

	Started time.Time     `json:"started"`
	Took    time.Duration `json:"tookNanoseconds"`
}
