package facts

import (
	"errors"
	"time"
)

// Stamp is what Berth's record store writes on every record it creates, so
// that a later run can tell whose operation left it. A stamp counts only when
// its Revision is the record's own: Helm copies labels from one revision to
// the next.
type Stamp struct {
	Run      string    // short hash of the run's URL and attempt; a label value
	Deadline time.Time // by when that operation had to be over, server time
	Revision int
}

// Zero says that there is no stamp.
func (s Stamp) Zero() bool { return s == Stamp{} }

// Record is one stored revision, from its metadata (always) and its payload
// (only for the revisions that were loaded).
type Record struct {
	Key      string // name of the Secret or ConfigMap
	UID      string
	Revision int
	Label    Status // what the label says
	Created  time.Time
	Touched  time.Time // newest managedFields time
	Managers []string  // who wrote it, newest first
	Stamp    Stamp     // only when it is this record's own
	Identity string    // identity hash of the branch that wrote it, if stamped
	RunURL   string    // the CI run that wrote it, if it said so; untrusted text
	// Hidden says that a label is missing by which Helm finds its records: it
	// does not see this one, and trips over its name.
	Hidden bool
	Size   int // bytes of the stored string

	Content
}

// Content is what a record's payload says.
type Content struct {
	Loaded      bool   // the payload was read
	DecodeError string // why it could not be decoded; empty when it could
	Payload     Status // the status that the payload names
	Description string
	Manifest    string
	Hooks       []Hook
	Chart       string // name-version
}

// FieldManager is what Berth calls itself in the managedFields of the records that it
// writes.
const FieldManager = "berth"

// standing is what the record says of its operation: the payload counts, as it
// does for Helm, and the label where there is no telling.
func (r *Record) EffectiveStatus() Status {
	if r.DecodeError != "" || !r.Loaded {
		return r.Label
	}
	return r.Payload
}

// Hook is one hook of a stored release.
type Hook struct {
	Name      string
	Kind      string
	Events    []string // pre-install, post-upgrade, …
	Manifest  string
	Succeeded bool // the stored record says that it ran to its end
	// Recreated says that Helm deletes what is left of it before it makes it
	// again. Without, a leftover stops every later operation.
	Recreated bool
}

// ErrChanged says that a record is no longer as it was read, or not there any
// more: what was decided by it has to be decided anew.
var ErrChanged = errors.New("the records changed while they were read")
