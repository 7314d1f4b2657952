package facts

import (
	"cmp"
	"errors"
	"strings"
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

// Zero returns whether there is no stamp.
func (s Stamp) Zero() bool { return s == Stamp{} }

// Record is one stored revision: its metadata, and the content of its payload once
// that was loaded.
type Record struct {
	Key         string // name of the Secret or ConfigMap
	Resource    string // secrets or configmaps, where it is stored
	UID         string
	Revision    int
	LabelStatus Status // what the label says
	Created     time.Time
	Touched     time.Time // newest managedFields time
	Managers    []string  // who wrote it, newest first
	Stamp       Stamp     // only when it is this record's own
	Identity    string    // identity hash of the branch that wrote it, if stamped
	Origin      Origin    // the branch that it names
	App         string    // the app of that branch that it names; untrusted text
	RunURL      string    // the CI run that wrote it, if it said so; untrusted text
	Later       Lateness  // how that run is later than this one
	// Hidden is set where a label is missing by which Helm finds its records. Helm
	// does not see such a record, and fails to create one of its name.
	Hidden bool
	// Misplaced says what the record holds where that is not this revision of this
	// release in this namespace: a restore or a reflector copied it here. Nothing of it
	// is believed, and a DecodeError keeps its content out of use. It may hold untrusted
	// text.
	Misplaced string
	Size      int // bytes of the stored string
	// Baseline is what differed from the manifest when the deploy was through.
	Baseline Baseline
	// Deployed says that the record has said deployed, whatever was written over that since: Berth notes it beside the
	// status.
	Deployed bool

	Content
}

// Lateness is how a run is later than this one, where this one is not to end what that one
// has deployed.
type Lateness int

const (
	// NotLater is also said where nothing tells.
	NotLater Lateness = iota
	// ForLaterEvent says that it was made for a later event than this one.
	ForLaterEvent
	// InLaterEnvironment says that it deployed to another environment than this one stops, in a later pipeline.
	InLaterEnvironment
)

// Content is what a record's payload says.
type Content struct {
	Loaded        bool   // the payload was read
	DecodeError   string // why it could not be decoded, or is not to be used; empty when it could
	PayloadStatus Status // the status that the payload names
	Description   string
	Manifest      string
	Hooks         []Hook
	Chart         string // name-version
	ChartName     string // the chart's name; empty where the record has no chart
	// FirstDeployed is when the release was installed, by the clock of that run. Helm
	// copies it from one revision to the next.
	FirstDeployed time.Time
}

// FieldManager is Berth's name in the managedFields of the records that it writes.
const FieldManager = "berth"

// Unswept ends the description of a revision that was deployed while what failed ones left is still to be
// deleted.
const Unswept = "; what failed revisions left is still to be deleted"

// Swept returns whether a description is that of a revision whose deploy went well, after which nothing is
// still to be deleted. The texts are Helm's.
func Swept(description string) bool {
	return description == "Install complete" || description == "Upgrade complete"
}

// EffectiveStatus returns the status of the payload, by which Helm goes, or of the
// label where the payload was not or cannot be read.
func (r *Record) EffectiveStatus() Status {
	if r.DecodeError != "" || !r.Loaded {
		return r.LabelStatus
	}
	return r.PayloadStatus
}

// Hook is one hook of a stored release.
type Hook struct {
	Name      string
	Kind      string
	Namespace string   // that its manifest names; "": the release's, or none
	Events    []string // pre-install, post-upgrade, …
	Manifest  string
	Succeeded bool // the record says that it ran to its end
	// Recreated is set where Helm deletes a leftover of the hook before it creates
	// it again. Otherwise a leftover fails every later operation.
	Recreated bool
	// Temporary and TemporaryFailed are set where Helm deletes the hook once it has
	// succeeded or failed.
	Temporary, TemporaryFailed bool
}

// Makes returns whether an object, of a release in this namespace, is the one that a hook makes.
func (h Hook) Makes(o Ref, namespace string) bool {
	return h.Kind == o.Kind && h.Name == o.Name && (o.Namespace == "" || o.Namespace == cmp.Or(h.Namespace, namespace))
}

// MakesSame returns whether two hooks of a release in this namespace make one object. Of a List, or
// what gets its name from the API server, that is known only where they say the same.
func (h Hook) MakesSame(other Hook, namespace string) bool {
	if other.Name == "" || strings.HasSuffix(other.Kind, "List") {
		return h.Manifest == other.Manifest
	}
	return h.Makes(Ref{Kind: other.Kind, Namespace: cmp.Or(other.Namespace, namespace), Name: other.Name}, namespace)
}

// HookObject is an object that a hook makes, as the cluster shows it.
type HookObject struct {
	Hook   Hook
	Object Object
}

// Expected is what the records tell an operation to expect of the objects that are there.
type Expected struct {
	// Left is how they differed from the manifest when the deployed revision's deploy was
	// through, as far as that deploy has accepted it; nil: it noted nothing.
	Left  Baseline
	Hooks []Hook // that records name: the release may have made an object of their name
	// Unmarked are those that were run to their end by what marks nothing that a hook makes:
	// Helm's command line.
	Unmarked []Hook
	// Made is the manifest of the newest revision that ended well: the release has made what is
	// in it. "": there is none, or it is not known.
	Made string
	// Failed are the manifests of the revisions that failed since one was deployed: what one of them says is to
	// be kept need not say so itself.
	Failed []string
	// Unswept says that what failed revisions left is to be deleted once the operation has gone well. Its
	// record says so until it is.
	Unswept bool
}

// ErrChanged is in the error of a read or a write of a record that was changed or
// deleted since it was listed or read. What was decided by it has to be decided anew.
var ErrChanged = errors.New("the records changed meanwhile")
