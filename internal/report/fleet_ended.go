package report

import (
	"time"

	"github.com/berth-dev/berth/internal/result"
)

// FleetEnded is how a look at each of the review apps ended.
type FleetEnded struct {
	// What was run: list or repair.
	Verb string `json:"verb"`
	Ending
	// Whether what is stuck was repaired, and not only told.
	Repairs bool `json:"repairs"`
	// The repairs that were made, each once.
	Repair string `json:"repair,omitempty"`
	// How many apps were found in each way.
	Counts FleetCounts `json:"counts"`
	// Where the platform shows the run; on GitLab, the job.
	RunURL string `json:"runUrl,omitempty"`
	// Who started the run, by the platform's login. Untrusted text.
	Actor string `json:"actor,omitempty"`
	// Whom the API server takes this run for.
	User string `json:"user,omitempty"`
	// When the run began, UTC.
	Started time.Time `json:"started"`
	// How long it took, in milliseconds.
	TookMs int64 `json:"tookMs" jsonschema:"minimum=0"`
	// Permissions that were missing, of whichever app.
	Missing []MissingPermission `json:"missing"`
	// YAML that grants what was missing.
	RBAC string `json:"rbac,omitempty"`
}

// FleetCounts are how many apps were found in each way.
type FleetCounts struct {
	// What is stored is what runs.
	Consistent int `json:"consistent" jsonschema:"minimum=0"`
	// Not as they should be, and left so.
	Inconsistent int `json:"inconsistent" jsonschema:"minimum=0"`
	// Repaired.
	Repaired int `json:"repaired" jsonschema:"minimum=0"`
	// A repair failed.
	RepairFailed int `json:"repairFailed" jsonschema:"minimum=0"`
	// A run held them.
	Busy int `json:"busy" jsonschema:"minimum=0"`
	// Could not, or must not, be looked at.
	Unchecked int `json:"unchecked" jsonschema:"minimum=0"`
	// A signal or the timeout came before.
	NotReached int `json:"notReached" jsonschema:"minimum=0"`
}

// FleetVisit is a look at one review app, and what was done about it.
type FleetVisit struct {
	// What it ended with.
	Found Found `json:"found"`
	// How the check ended, or else the repair. Absent when there was none.
	Verdict Verdict `json:"verdict,omitempty"`
	// Why, as sentences. Untrusted text.
	Why string `json:"why,omitempty"`
	// What to do about it. A line that begins with "$ " is a command.
	Next string `json:"next,omitempty"`
	// What is not as the record says, as Kind/name: fields.
	Drift []string `json:"drift"`
	// The repairs that were made.
	Repair string `json:"repair,omitempty"`
	// Permissions that were missing for this app.
	Missing []MissingPermission `json:"missing"`
	// How long it took, in milliseconds.
	TookMs int64 `json:"tookMs" jsonschema:"minimum=0"`
}

// Found is one of the values of result.Found.
type Found string

func newFleetEnded(r *result.Result) *FleetEnded {
	if r == nil {
		return nil
	}
	round := r.Round
	if round == nil {
		round = &result.Round{}
	}
	count := func(f result.Found) int { return len(round.Of(f)) }
	return &FleetEnded{
		Verb: string(r.Verb),
		Ending: Ending{
			Verdict: Verdict(r.Reason), ExitCode: r.ExitCode, Softened: r.Softened, Headline: headline(*r), Cause: r.Cause, Next: r.Next,
		},
		Repairs: round.Repairs, Repair: r.Repair,
		Counts: FleetCounts{
			Consistent: count(result.FoundConsistent), Inconsistent: count(result.FoundInconsistent), Repaired: count(result.FoundRepaired),
			RepairFailed: count(result.FoundRepairFailed), Busy: count(result.FoundBusy), Unchecked: count(result.FoundUnchecked),
			NotReached: count(result.FoundNotReached),
		},
		RunURL: r.Pages.Run, Actor: r.Actor, User: r.User, Started: r.Started.UTC(), TookMs: r.Took.Milliseconds(),
		Missing: list(r.Missing, newMissingPermission), RBAC: r.RBAC,
	}
}

// visited adds to an app what the look at it has found.
func visited(app FleetApp, r *result.Result, i int) FleetApp {
	if r == nil || r.Round == nil || i >= len(r.Round.Visits) {
		return app
	}
	v := r.Round.Visits[i]
	app.Visit = &FleetVisit{
		Found: Found(v.Found), Verdict: Verdict(v.Verdict), Why: v.Why, Next: v.Next, Drift: list(v.Drift, same), Repair: v.Repair,
		Missing: list(v.Missing, newMissingPermission), TookMs: v.Took.Milliseconds(),
	}
	return app
}
