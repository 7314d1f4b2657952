package facts

import (
	"strings"
	"time"
)

// NamespacePhase is the phase of a namespace, absence included.
type NamespacePhase string

// The phases.
const (
	NamespaceAbsent      NamespacePhase = "absent"
	NamespaceActive      NamespacePhase = "active"
	NamespaceTerminating NamespacePhase = "terminating"
	// NamespaceHidden is a namespace that the run may not read: it may exist or not.
	NamespaceHidden NamespacePhase = "hidden"
)

// Namespace is the release's namespace as the cluster shows it.
type Namespace struct {
	Name     string
	UID      string
	Version  string // resourceVersion, as it was read
	Phase    NamespacePhase
	Labelled bool // it carries Berth's label, by which a run is about to make or adopt it, or has
	Ours     bool // Berth made or adopted this very namespace (its own UID is on it)
	// Unmarked says that Berth made it, and the run ended before it wrote so: that needs the UID, which
	// the API server gives to it.
	Unmarked bool
	Identity string // identity hash of the branch that it is for by its name; empty when it carries none
	// DeployedBy is the identity hash of the branch that made or adopted it; empty when
	// it does not say.
	DeployedBy string
	Shared     bool // another one has deployed there, too
	// Copies and Quota say that Berth has made such companions there.
	Copies, Quota bool
	// Adopted is when Berth adopted it; zero: it made it, or that is not known.
	Adopted  time.Time
	Origin   Origin // the branch that it names
	Keep     bool   // berth.dev/keep, or a GitOps owner's mark
	KeepWhy  string
	Blocking string // why a terminating one is not gone yet
}

// System returns whether the namespace is the cluster's own. Nothing of Berth's is
// written on one, and nothing deletes it.
func (n Namespace) System() bool { return n.Name == "default" || strings.HasPrefix(n.Name, "kube-") }

// Surroundings is what is in a namespace beside the release, as far as it may speak
// against deleting all of it.
type Surroundings struct {
	Releases  []Neighbour // other releases with a record there, whichever driver keeps it
	Residents []Resident
	Unlisted  []string // resources that cannot be listed: what there is of them is not known
}

// Neighbour is a release with a record in the namespace.
type Neighbour struct {
	Name     string // and what there is to say of it
	Identity string // of the branch that all its records name; empty: none, or several
}

// Resident is an object of a namespace that says that it is to be kept, or that a
// person made.
type Resident struct {
	Ref
	Owner string // the namespace/release that it names; empty: none
	Hook  bool   // it was made as a hook of a release
	// Instance is the label app.kubernetes.io/instance: what Helm's hooks make names no owner.
	Instance string
	HookOf   string // the namespace/release for whose hook Berth made it, as it says; empty: it does not say
	Policy   bool   // helm.sh/resource-policy: keep
	KeepWhy  string // berth.dev/keep, a GitOps owner's mark, or from whom it was taken over; empty: none of them
	Maker    string // the person's client that made it, such as kubectl; empty: something else did
	WithApp  bool   // it is marked as going with the review app
	Deleting bool   // it is being deleted
	Created  time.Time
	// Copy says that it bears the release's marks, or those of any release's hook, and that nothing
	// which is stored of the release names it: a person has copied them with an object, or another
	// release's hook made it.
	Copy bool
	// Under are the objects with which Kubernetes deletes it: its owners, and theirs.
	Under []Ref
	// Identity is the identity hash of the branch that it names; empty: none.
	Identity string
}

// Foresight is what is known of a release's end before anything of it goes.
type Foresight struct {
	// NamespaceGoes says that the release's namespace is to go with all that is in it, none of
	// which is somebody else's.
	NamespaceGoes bool
	// Spared are objects that are not to go, nor what Kubernetes would delete them with.
	Spared []Resident
}

// Volume is what a claim of a namespace is bound to.
type Volume struct {
	Claim  string
	Owner  string // the namespace/release that the claim names; empty: none
	Kept   bool   // helm.sh/resource-policy: keep, or a mark that forbids to delete it
	Name   string // of the PersistentVolume; empty: it is not bound
	Size   string // 10Gi
	Policy string // what becomes of the data: Delete, Retain, Recycle; empty: not known
}
