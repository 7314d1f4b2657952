package record

import (
	"errors"
	"sync"
	"time"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
)

// audit keeps every write of a run and what became of it. It is safe for
// concurrent use.
type audit struct {
	kind    Kind
	now     func() time.Time
	started time.Time // what the entries' times count from
	log     func(format string, args ...any)

	mu      sync.Mutex
	entries []entry
}

// entry is one write and its error.
type entry struct {
	result.Write
	err error
	// byHelm marks a write that Helm asked for, whose error Helm may not return.
	byHelm bool
}

// begin opens the entry of a write. rls is nil where the release is not known.
func (a *audit) begin(verb, key string, rls *release.Release) *entry {
	e := &entry{Write: result.Write{
		At: a.now().Sub(a.started), Verb: verb, Resource: string(a.kind), Key: key,
	}}
	if rls != nil {
		e.Revision = rls.Version
	}
	if rls != nil && rls.Info != nil {
		e.Status = facts.Status(rls.Info.Status)
	}
	return e
}

// beginHelm opens the entry of a write that Helm asked for.
func (a *audit) beginHelm(verb, key string, rls *release.Release) *entry {
	e := a.begin(verb, key, rls)
	e.byHelm = true
	return e
}

// end adds an entry with the error of its write, and returns that error.
func (a *audit) end(e *entry, err error) error {
	e.err = err
	if err != nil {
		_, denied := errors.AsType[*DeniedError](err)
		e.Denied = denied && !e.Unknown
		_, conflict := errors.AsType[*ConflictError](err)
		e.Conflict = conflict || errors.Is(err, driver.ErrReleaseExists)
		e.Error = err.Error()
	}
	a.mu.Lock()
	a.entries = append(a.entries, *e)
	a.mu.Unlock()
	a.log("record: %s %s, revision %d %s, %d tries, lost %t: %v", e.Verb, e.Key, e.Revision, e.Status, e.Tries, e.Lost, err)
	return err
}

// Audit returns every write so far, in the order in which they ended, including
// those whose errors Helm does not return.
func (a *audit) Audit() []result.Write {
	a.mu.Lock()
	defer a.mu.Unlock()
	writes := make([]result.Write, len(a.entries))
	for i := range a.entries {
		writes[i] = a.entries[i].Write
	}
	return writes
}

// count returns how many writes have ended.
func (a *audit) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.entries)
}

// Failed returns the error of Helm's first write that failed, unless a later write
// of the same record succeeded. Helm reports success over such a failure
// (https://github.com/helm/helm/issues/13189). A repair returned its error itself
// and does not count.
func (a *audit) Failed() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	succeeded := make(map[string]int, len(a.entries)) // by key, the last success
	for i := range a.entries {
		if a.entries[i].err == nil {
			succeeded[a.entries[i].Key] = i
		}
	}
	for i := range a.entries {
		last, made := succeeded[a.entries[i].Key]
		if a.entries[i].err != nil && a.entries[i].byHelm && (!made || last < i) {
			return a.entries[i].err
		}
	}
	return nil
}
