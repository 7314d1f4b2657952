package fleet

import (
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
)

// Stamps are what labels and annotations say of the app that something belongs to. All text is
// untrusted.
type Stamps struct {
	App        string
	Host       string
	Origin     facts.Origin
	Identity   string
	Repository string // hash of host and repository
	Commit     string
	URL        string
	RunURL     string

	Deployed time.Time // zero: it is not stamped
	Expires  time.Time // zero: it has no ttl
	Default  bool      // the branch was the repository's default branch
	Unread   string    // the annotation that holds no time, where there should be one; empty: none does

	Keep   string // why it is to be kept; empty: nothing says so
	Marked bool   // berth.dev/keep says so, and not a GitOps controller's mark
}

// StampsOf reads the stamps of an object's labels and annotations.
func StampsOf(labels, annotations map[string]string) Stamps {
	s := Stamps{
		App:        annotations[ownership.AnnotationApp],
		Host:       annotations[ownership.AnnotationHost],
		Origin:     facts.Origin(ownership.OriginOf(annotations)),
		Identity:   labels[ownership.LabelIdentity],
		Repository: labels[ownership.LabelRepository],
		Commit:     annotations[ownership.AnnotationCommit],
		URL:        annotations[ownership.AnnotationURL],
		RunURL:     annotations[ownership.AnnotationRunURL],
	}
	if s.App == "" {
		s.App = labels[ownership.LabelApp]
	}
	s.Deployed = s.time(annotations, ownership.AnnotationLastDeployed)
	s.Expires = s.time(annotations, ownership.AnnotationExpires)
	s.Default = annotations[ownership.AnnotationDefaultBranch] == "true"
	s.Keep, _ = ownership.KeepMark(labels, annotations)
	_, s.Marked = ownership.KeepMarkBeside(labels, annotations, labels, annotations)
	return s
}

// time reads a time, and notes which annotation holds none.
func (s *Stamps) time(annotations map[string]string, key string) time.Time {
	value, there := annotations[key]
	if !there {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		s.Unread = key
	}
	return at.UTC()
}

// Namespace is one that bears Berth's label, or of another one what keeps what is in it.
type Namespace struct {
	Name    string
	Ours    bool   // Berth made or adopted this very namespace
	Shared  bool   // more than one branch has deployed there
	Going   bool   // it is being deleted
	Release string // that it was made for; empty: it does not say
	// Last is the release that was deployed last, of which it tells when that was; empty: it does
	// not say.
	Last    string
	Created time.Time
	Stamps  // of the branch that it is for; without an identity where it is the same for all
}

// NamespaceOf reads a namespace's labels and annotations.
func NamespaceOf(name, uid string, labels, annotations map[string]string) Namespace {
	if labels[ownership.LabelManagedBy] != ownership.ManagedByBerth {
		s := StampsOf(labels, annotations)
		only := Stamps{Keep: s.Keep, Marked: s.Marked, Expires: s.Expires}
		if s.Unread == ownership.AnnotationExpires {
			only.Unread = s.Unread
		}
		return Namespace{Name: name, Stamps: only}
	}
	_, shared := annotations[ownership.AnnotationShared]
	return Namespace{
		Name: name, Ours: ownership.IsBerths(uid, labels, annotations), Shared: shared,
		Release: annotations[ownership.AnnotationRelease], Last: annotations[ownership.AnnotationLastRelease],
		Stamps: StampsOf(labels, annotations),
	}
}

// Record is one stored revision of a release, by its metadata.
type Record struct {
	Namespace, Release string
	Revision           int
	Status             facts.Status // as its label has it
	Created, Changed   time.Time
	Misplaced          bool // it was copied from another release
	Stamps
}

// Lock is the Lease on a release.
type Lock struct {
	Namespace, Name string
	Held            bool
	Until           time.Time // when that runs out unless it is renewed; zero: nobody holds it
	Requests        string
	Verdict         string
	VerdictAt       time.Time
}

// LockOf reads a Lease's annotations.
func LockOf(namespace, name string, annotations map[string]string) Lock {
	at, _ := time.Parse(time.RFC3339, annotations[ownership.AnnotationVerdictAt]) // what is no time is none
	return Lock{Namespace: namespace, Name: name, Requests: annotations[ownership.AnnotationRequests],
		Verdict: annotations[ownership.AnnotationVerdict], VerdictAt: at.UTC()}
}

// Overdue returns whether a hold has run out by now, if nobody has renewed it since it was read. At a time
// that is not known, zero, none has.
func (l Lock) Overdue(now time.Time) bool { return l.Held && now.After(l.Until) }

// After returns the lock as it is to be shown that was shown as it is in before. What comes of a watch may be
// older than what its holder has written since: so a hold is not over for having run out, by a clock, as it
// is told of, until the API server was asked.
func (l Lock) After(before Lock) Lock {
	l.Held = l.Held || before.Held && !l.Until.IsZero()
	return l
}
