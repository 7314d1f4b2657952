package result

import (
	"time"

	"github.com/berth-dev/berth/internal/problem"
)

// Round is what was found of many review apps, each of which was looked at, and what was done
// about it.
type Round struct {
	Repository string  // whose apps it was about, as host/owner/name; empty: everybody's
	Repairs    bool    // what is stuck was repaired, and not only told
	Visits     []Visit // one for each app, in the order in which they are listed
}

// Visit is a look at one review app, and what was done about it.
type Visit struct {
	App         string
	Namespace   string
	Release     string
	Branch      string
	PullRequest int    // number; 0: none
	State       string // how the app stands, in the word of the list
	Found       Found
	Verdict     problem.ExitReason // how the check ended, or else the repair; empty: there was none
	Why         string             // a sentence; empty of one that is consistent
	Next        string             // what to do about it
	Drift       []string           // what is not as the record says, as Kind/name: fields
	Repair      string             // "promote, dedupe"; empty: none was made
	Missing     []problem.MissingPermission
	Took        time.Duration
}

// Found is what a visit ended with.
type Found string

// What a visit ends with, in the order in which it is told.
const (
	FoundRepairFailed Found = "repair-failed"
	FoundInconsistent Found = "inconsistent" // and, where it was to be repaired, left so
	FoundRepaired     Found = "repaired"
	FoundUnchecked    Found = "unchecked"   // it could not, or must not, be looked at
	FoundNotReached   Found = "not-reached" // a signal or the timeout came before
	FoundBusy         Found = "busy"        // a run holds it
	FoundConsistent   Found = "consistent"
)

// Founds are all of them.
var Founds = []Found{
	FoundRepairFailed, FoundInconsistent, FoundRepaired, FoundUnchecked, FoundNotReached, FoundBusy, FoundConsistent,
}

// Bad returns whether a person has to act on an app of which this was found.
func (f Found) Bad() bool { return f == FoundRepairFailed || f == FoundInconsistent }

// Of returns the visits that ended with one thing.
func (r *Round) Of(f Found) (visits []Visit) {
	for i := range r.Visits {
		if r.Visits[i].Found == f {
			visits = append(visits, r.Visits[i])
		}
	}
	return visits
}

// withText is WithText of the round.
func (r *Round) withText(f func(string) string) *Round {
	if r == nil {
		return nil
	}
	masked := *r
	masked.Repository = f(r.Repository)
	masked.Visits = each(r.Visits, func(v Visit) Visit {
		v.App, v.Branch, v.Why, v.Next, v.Drift = f(v.App), f(v.Branch), f(v.Why), f(v.Next), each(v.Drift, f)
		v.Missing = each(v.Missing, func(m problem.MissingPermission) problem.MissingPermission {
			m.Why, m.Reason = f(m.Why), f(m.Reason)
			return m
		})
		return v
	})
	return &masked
}
