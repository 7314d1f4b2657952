package fleet

import (
	"slices"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// App is one review app as its stamps tell of it. All text is untrusted.
type App struct {
	Name      string // of the app; empty: not known
	Namespace string
	Release   string

	Host       string // of the platform; empty: not known
	Origin     facts.Origin
	Identity   string // hash, as the newest record, or the namespace of its own, is labelled
	Repository string // hash of host and repository; empty: not known
	Commit     string
	URL        string
	RunURL     string // of the run that deployed it last

	Revision int          // last stored; 0: there is no record
	Status   facts.Status // that the last record's label names; empty: there is no record
	Changed  time.Time    // when the last record was last written
	// Created is when its own namespace was made, or the oldest of its records that is left.
	Created time.Time
	// Deployed is when the last deploy began: as stamped, or as the last record was created, or
	// the namespace where there is no record.
	Deployed time.Time
	Dated    bool      // Deployed is stamped
	Expires  time.Time // zero: it has no ttl, or Unreadable says why that is not known
	// Stay is until when its namespace has it stay that has no end of its own, whoever's that is; zero: it
	// does not say.
	Stay time.Time
	// Endless says that somebody has taken away when it expires, so that it has no end.
	Endless bool
	Default bool // its branch was the repository's default branch then
	// Unreadable is why it is not known when it expires, such as a stamp that is no time, as a
	// clause; empty: it is known.
	Unreadable string

	Requests  string    // what its pods ask for; empty: not known
	Verdict   string    // of the last run that proved it; empty: not known
	VerdictAt time.Time // when that was

	// Checked says that it was proven just now, which Verdict is of. Drift is in which fields of
	// its objects it was not as its record says, as Kind/name: fields.
	Checked bool
	Drift   []string

	// Marked says that Berth made, or was told to adopt, the namespace. In any other, whoever may
	// write Secrets there may write what passes for a record.
	Marked bool
	Held   bool   // a run holds its lock
	Going  bool   // its namespace is being deleted
	Keep   string // why it is to be kept, as a clause; empty: nothing says so
	// Shared says that its namespace is not its own, so that the namespace stays.
	Shared bool
	// Doubt is why it is not known whose it is, such as records of more than one identity or
	// a namespace of another one, as a clause; empty: it is known.
	Doubt string
}

// WithText returns the app with its text as change makes it, such as without secrets.
func (a App) WithText(change func(string) string) App {
	for _, field := range []*string{
		&a.Name, &a.Namespace, &a.Release, &a.Host, &a.Origin.Repository, &a.Origin.HeadRepository, &a.Origin.Branch, &a.Commit,
		&a.URL, &a.RunURL, &a.Requests, &a.Verdict, &a.Keep, &a.Doubt,
	} {
		if *field != "" {
			*field = change(*field)
		}
	}
	a.Drift = slices.Clone(a.Drift)
	for i := range a.Drift {
		a.Drift[i] = change(a.Drift[i])
	}
	return a
}

// OfRepository returns whether an app is for a branch of this repository, by what it says itself.
func (a App) OfRepository(host, repository string) bool {
	return a.Origin.Repository != "" && strings.EqualFold(a.Host, host) && strings.EqualFold(a.Origin.Repository, repository)
}
