package record

import (
	"errors"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/result"
)

// entry is one write of the audit and its error.
type entry struct {
	result.Write
	err error
	// helms says that Helm asked for it, and may keep its error to itself.
	helms bool
}

// begin opens the audit of a write; rls is nil where the release is not known.
func (s *Store) begin(verb, key string, rls *release.Release) *entry {
	w := &entry{Write: result.Write{
		At: s.opts.Now().Sub(s.opts.Started), Verb: verb, Resource: string(s.opts.Kind), Key: key,
	}}
	if rls != nil {
		w.Revision = rls.Version
	}
	if rls != nil && rls.Info != nil {
		w.Status = facts.Status(rls.Info.Status)
	}
	return w
}

// beginHelms opens the audit of a write that Helm asked for.
func (s *Store) beginHelms(verb, key string, rls *release.Release) *entry {
	w := s.begin(verb, key, rls)
	w.helms = true
	return w
}

// end closes the audit of a write and hands its error on.
func (s *Store) end(w *entry, err error) error {
	w.err = err
	if err != nil {
		_, denied := errors.AsType[*DeniedError](err)
		w.Denied = denied && !w.Unknown
		_, conflict := errors.AsType[*ConflictError](err)
		w.Conflict = conflict || errors.Is(err, driver.ErrReleaseExists)
		w.Error = err.Error()
	}
	s.mu.Lock()
	s.audit = append(s.audit, *w)
	s.mu.Unlock()
	s.opts.Log("record: %s %s, revision %d %s, %d tries, lost %t: %v", w.Verb, w.Key, w.Revision, w.Status, w.Tries, w.Lost, err)
	return err
}

// Audit is every write so far, in the order in which they ended. Helm swallows
// the errors of some of them; here they are all.
func (s *Store) Audit() []result.Write {
	s.mu.Lock()
	defer s.mu.Unlock()
	writes := make([]result.Write, len(s.audit))
	for i := range s.audit {
		writes[i] = s.audit[i].Write
	}
	return writes
}

// Failed is the first write of Helm's that failed and was not made good by a
// later one of the same record; nil when there is none. Helm reports success
// over such a failure (https://github.com/helm/helm/issues/13189). A repair
// that failed told so itself.
func (s *Store) Failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := make(map[string]int, len(s.audit)) // by key, the last success
	for i := range s.audit {
		if s.audit[i].err == nil {
			last[s.audit[i].Key] = i
		}
	}
	for i := range s.audit {
		good, made := last[s.audit[i].Key]
		if s.audit[i].err != nil && s.audit[i].helms && (!made || good < i) {
			return s.audit[i].err
		}
	}
	return nil
}
