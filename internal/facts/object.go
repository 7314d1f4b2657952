package facts

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Awaited is an object of a wait, as it was last seen.
type Awaited struct {
	Ref
	Ready     int    // how many of its pods, or completions of a Job, are ready
	Wanted    int    // how many are wanted; 0 for a kind that counts none
	Satisfied bool   // the wait for it is over
	Failed    bool   // it cannot be satisfied any more
	Reason    string // what it waits for; may hold untrusted text
	// Unprobed names its containers without a readiness probe, "app, proxy", for
	// which it was watched, and Watched is for how long. "": it was not.
	Unprobed string
	Watched  time.Duration
	// OldPod is the pod that has to end before one comes that it waits for; "": none has.
	OldPod string
}

// Ref is the reference to an object of the cluster.
type Ref struct {
	APIVersion string
	Kind       string
	Namespace  string
	Name       string
}

// String returns kind/name, or namespace/kind/name, as a part of a line. Objects of some
// kinds may have any name, such as a Role, also one with a line break in it, behind which a
// next step would have a command.
func (r Ref) String() string {
	if r.Namespace == "" {
		return plain(r.Kind) + "/" + plain(r.Name)
	}
	return plain(r.Namespace) + "/" + plain(r.Kind) + "/" + plain(r.Name)
}

// plain returns a name as it is, and in quotes where not all of it can be seen.
func plain(name string) string {
	if strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) || c == unicode.ReplacementChar }) {
		return strconv.Quote(name)
	}
	return name
}

// In is String for a reader who knows the namespace: an object of it is named
// kind/name.
func (r Ref) In(namespace string) string {
	if r.Namespace == namespace {
		r.Namespace = ""
	}
	return r.String()
}

// Object is one object of a release as the cluster shows it.
type Object struct {
	Ref
	UID      string
	Created  time.Time
	Touched  time.Time // last write to it, apart from its status
	Exists   bool
	Owned    bool   // it names this release as its owner
	Owner    string // the namespace/release that it names
	IsHook   bool   // it carries Helm's annotation of a hook
	HookOf   string // the namespace/release for whose hook Berth made it, as it says
	Deleting bool
	Kept     bool   // helm.sh/resource-policy: keep, taken over from somebody else or, if it is Owned, KeepWhy
	KeepWhy  string // by which mark somebody forbids to delete it, or from whom it was taken over
	Ready    bool
	Failed   bool   // it cannot become ready by waiting
	Complete bool   // a Job or Pod that ran to its end
	Reason   string // why it is not ready; untrusted text
	Cause    Cause  // of that, where it was asked for
	Leniency
	Contents
	Error string // why it could not be read
	// Defines is the kind that it defines, by its manifest, where it is a definition of one.
	Defines string
	Volume  string // that a claim is bound to; "": none, or it is no claim
	// Maker is the person's client that made a claim, such as kubectl; "": something else did, or it is none.
	Maker string
	// TakesClaims says of a StatefulSet that Kubernetes deletes its claims with it, as its retention policy says.
	TakesClaims bool
}
