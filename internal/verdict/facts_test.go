package verdict

import (
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// now is when the tests' facts are looked at.
var now = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

const (
	me    = "identity-of-this-branch"
	myRun = "run-2"
	other = "run-1"
)

// given is a release in its own namespace with these records.
func given(records ...facts.Record) *facts.Facts {
	f := &facts.Facts{
		Release: "web", Identity: me, Run: myRun, Now: now,
		Namespace: facts.Namespace{Name: "review-1", Phase: facts.NamespaceActive, Ours: true, Identity: me},
		Records:   records,
		Lock:      facts.Lock{State: facts.LockEnded},
	}
	return f
}

// stored is a record that was read and says the same twice.
func stored(revision int, s facts.Status) facts.Record {
	return facts.Record{
		Key: "sh.helm.release.v1.web.v1", Revision: revision, LabelStatus: s, Created: now.Add(-time.Hour), Touched: now.Add(-time.Hour), Identity: me,
		Content: facts.Content{PayloadStatus: s, Loaded: true, Manifest: "m"},
	}
}

// ours stamps a record as this very revision of a Berth run.
func ours(r facts.Record, run string) facts.Record {
	r.Stamp = facts.Stamp{Run: run, Revision: r.Revision, Deadline: now.Add(-time.Minute / 2)}
	return r
}

// healthy is an object with nothing against it.
func healthy(name string) facts.Object {
	return facts.Object{Ref: facts.Ref{Kind: "Deployment", Name: name}, Exists: true, Owned: true, Ready: true, Created: now.Add(-time.Hour)}
}

// inPlace gives the facts objects that are all in place.
func inPlace(f *facts.Facts) *facts.Facts {
	f.Objects, f.Observed = []facts.Object{healthy("web"), healthy("db")}, true
	return f
}

// ended says on the lock that run's attempt at revision came to its end.
func ended(f *facts.Facts, run string, revision int, hooksProven bool) *facts.Facts {
	f.Lock.Attempt = facts.Attempt{Run: run, Revision: revision, Outcome: "deployed", HooksProven: hooksProven}
	return f
}

// with changes facts in place, to write a case in one expression.
func with(f *facts.Facts, change func(*facts.Facts)) *facts.Facts {
	change(f)
	return f
}
