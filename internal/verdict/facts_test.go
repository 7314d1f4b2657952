package verdict

import "time"

// now is when the tests' facts are looked at.
var now = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

const (
	me    = "identity-of-this-branch"
	myRun = "run-2"
	other = "run-1"
)

// facts is a release in its own namespace with these records.
func facts(records ...Record) *Facts {
	f := &Facts{
		Release: "web", Identity: me, Run: myRun, Now: now,
		Namespace: Namespace{Name: "review-1", Phase: NamespaceActive, Ours: true, Identity: me},
		Records:   records,
		Lock:      Lock{State: LockEnded},
	}
	return f
}

// stored is a record that was read and says the same twice.
func stored(revision int, s Status) Record {
	return Record{
		Key: "sh.helm.release.v1.web.v1", Revision: revision, Label: s, Payload: s, Loaded: true,
		Created: now.Add(-time.Hour), Touched: now.Add(-time.Hour), Identity: me, Manifest: "m",
	}
}

// ours stamps a record as this very revision of a Berth run.
func ours(r Record, run string) Record {
	r.Stamp = Stamp{Run: run, Revision: r.Revision, Deadline: now.Add(-time.Minute / 2)}
	return r
}

// healthy is an object with nothing against it.
func healthy(name string) Object {
	return Object{Ref: Ref{Kind: "Deployment", Name: name}, Exists: true, Owned: true, Ready: true, Created: now.Add(-time.Hour)}
}

// inPlace gives the facts objects that are all in place.
func inPlace(f *Facts) *Facts {
	f.Objects, f.Observed = []Object{healthy("web"), healthy("db")}, true
	return f
}

// ended says on the lock that run's attempt at revision came to its end.
func ended(f *Facts, run string, revision int, hooksProven bool) *Facts {
	f.Lock.Attempt = Attempt{Run: run, Revision: revision, Outcome: "deployed", HooksProven: hooksProven}
	return f
}

// with changes facts in place, to write a case in one expression.
func with(f *Facts, change func(*Facts)) *Facts {
	change(f)
	return f
}
