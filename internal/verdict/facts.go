package verdict

import "time"

// Status is the state of one revision of a release. Helm stores it twice, in
// the record's label and in its payload, and the two can disagree.
type Status string

// The statuses Helm writes. IsPending in Helm leaves uninstalling out; Berth
// models it explicitly.
const (
	StatusUnknown         Status = "unknown"
	StatusDeployed        Status = "deployed"
	StatusSuperseded      Status = "superseded"
	StatusFailed          Status = "failed"
	StatusUninstalled     Status = "uninstalled"
	StatusUninstalling    Status = "uninstalling"
	StatusPendingInstall  Status = "pending-install"
	StatusPendingUpgrade  Status = "pending-upgrade"
	StatusPendingRollback Status = "pending-rollback"
)

// Pending says that an operation began and has not recorded its end.
func (s Status) Pending() bool {
	switch s {
	case StatusPendingInstall, StatusPendingUpgrade, StatusPendingRollback:
		return true
	case StatusUnknown, StatusDeployed, StatusSuperseded, StatusFailed, StatusUninstalled, StatusUninstalling:
		return false
	}
	return false
}

// Unfinished says that an operation may still be at work on the release.
func (s Status) Unfinished() bool {
	return s.Pending() || s == StatusUninstalling || s == StatusUnknown
}

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

	Loaded      bool   // the payload was read
	DecodeError string // why it could not be decoded; empty when it could
	Payload     Status // what the payload says
	Description string
	Manifest    string
	Hooks       []Hook
	Chart       string // name-version
	Size        int    // bytes of the stored string
}

// Manager is what Berth calls itself in the managedFields of the records that it
// writes.
const Manager = "berth"

// standing is what the record says of its operation: the payload counts, as it
// does for Helm, and the label where there is no telling.
func (r *Record) standing() Status {
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

// Ref names an object of the cluster.
type Ref struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

// String is kind/name, with the namespace in front where there is one.
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Kind + "/" + r.Name
	}
	return r.Namespace + "/" + r.Kind + "/" + r.Name
}

// Object is one object of a release as the cluster shows it.
type Object struct {
	Ref
	UID      string    `json:"uid,omitempty"`
	Created  time.Time `json:"created,omitzero"`
	Touched  time.Time `json:"touched,omitzero"` // newest write to it, status aside
	Exists   bool      `json:"exists"`
	Owned    bool      `json:"owned"`           // carries this release's ownership
	Owner    string    `json:"owner,omitempty"` // namespace/release it names
	Deleting bool      `json:"deleting,omitempty"`
	Kept     bool      `json:"kept,omitempty"` // helm.sh/resource-policy: keep
	Ready    bool      `json:"ready"`
	Failed   bool      `json:"failed,omitempty"`   // it cannot become ready by waiting
	Complete bool      `json:"complete,omitempty"` // a Job or Pod that ran to its end
	Reason   string    `json:"reason,omitempty"`   // why it is not ready; untrusted text
	Drift    string    `json:"drift,omitempty"`    // how it differs from the manifest
	Error    string    `json:"error,omitempty"`    // why it could not be read
}

// NamespacePhase is where a namespace stands.
type NamespacePhase string

// The phases a namespace can be in, absence included.
const (
	NamespaceAbsent      NamespacePhase = "absent"
	NamespaceActive      NamespacePhase = "active"
	NamespaceTerminating NamespacePhase = "terminating"
	// NamespaceHidden is one we may not read: it may exist or not.
	NamespaceHidden NamespacePhase = "hidden"
)

// Namespace is the release's namespace as the cluster shows it.
type Namespace struct {
	Name       string
	UID        string
	Phase      NamespacePhase
	Ours       bool   // Berth made or adopted this very namespace (its own UID is on it)
	Identity   string // identity hash on it; empty when it carries none
	Branch     string // branch it names, for messages; untrusted text
	Repository string // that it names, for messages; untrusted text
	Keep       bool   // berth.dev/keep, or a GitOps owner's mark
	KeepWhy    string
	Blocking   string // why a Terminating one does not end
}

// Facts is all that a diagnosis is made from.
type Facts struct {
	Release   string
	Identity  string // hash of the branch that this run is for
	Run       string // hash of this run
	Now       time.Time
	Namespace Namespace
	Records   []Record // by revision, ascending
	Lock      Lock
	CI        RunState // of the run that wrote the last record, where it was asked for
	Objects   []Object // of the last record's manifest
	HookJobs  []Object // of the last record's hooks
	Dropped   []Object // of the revision before, no longer in the last one's
	Observed  bool     // Objects and HookJobs were read, and Dropped where the record is pending
	// DroppedUnread says why Dropped could not be told, if it could not.
	DroppedUnread string
}

// Last is the newest revision, or nil when there is none.
func (f *Facts) Last() *Record {
	if len(f.Records) == 0 {
		return nil
	}
	return &f.Records[len(f.Records)-1]
}
