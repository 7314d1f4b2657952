package result

import (
	"time"

	"github.com/berth-dev/berth/internal/problem"
)

// Sweep is what became of the review apps that a sweep found.
type Sweep struct {
	Repository string // whose apps it was about, as host/owner/name; empty: everybody's
	DryRun     bool   // nothing was to go
	// Unanswered is why the platform was not asked, or did not answer; empty: it did. Where it was
	// asked, what it would have told of an app is not known, which keeps it; else apps go by their time.
	Unanswered string
	// Stopped is which limit kept apps from going, as a sentence; empty: none did.
	Stopped string
	Apps    []SweptApp
	Others  int // apps of other repositories, which were left alone
}

// SweptApp is one review app, and what became of it.
type SweptApp struct {
	App          string
	Namespace    string
	Release      string
	Host         string
	Repository   string
	Branch       string
	PullRequest  int // number; 0: none
	URL          string
	LastDeployed time.Time // zero: not known
	Expires      time.Time // zero: it has no ttl
	Fate         Fate
	Reason       SweepReason
	Why          string             // a sentence: why it went, was kept or failed
	Verdict      problem.ExitReason // of the teardown of one that failed
	Next         string             // what to do about one that failed, or that a person should look at
	Look         bool               // it was kept for a reason that a person should look at
	Silenced     bool               // it would have gone, but that the platform has not answered kept it
	Begun        bool               // it was left while it was taken down: it may be gone in part
	Left         []string           // what of it was kept
	Took         time.Duration
}

// Fate is what became of an app.
type Fate string

// The fates, in the order in which they are told.
const (
	FateFailed  Fate = "failed"   // it was to go, and is there still, or in part
	FateWent    Fate = "went"     // it is gone, as its teardown proved
	FateWouldGo Fate = "would-go" // of a dry run
	FateLeft    Fate = "left"     // it was to go, and a limit or a signal left it for the next time
	FateKept    Fate = "kept"
)

// Fates are all of them.
var Fates = []Fate{FateFailed, FateWent, FateWouldGo, FateLeft, FateKept}

// SweepReason is the reason for a fate as one word of a fixed set, such as expired.
type SweepReason string

// Of returns the apps that have one fate.
func (s *Sweep) Of(f Fate) []SweptApp {
	apps := make([]SweptApp, 0, s.Count(f)) // there may be ten thousand
	for i := range s.Apps {
		if s.Apps[i].Fate == f {
			apps = append(apps, s.Apps[i])
		}
	}
	return apps
}

// Count returns how many apps have one fate.
func (s *Sweep) Count(f Fate) (n int) {
	for i := range s.Apps {
		if s.Apps[i].Fate == f {
			n++
		}
	}
	return n
}

// Silenced returns how many apps would have gone and were kept, since the platform has not answered.
func (s *Sweep) Silenced() (n int) {
	for i := range s.Apps {
		if s.Apps[i].Silenced {
			n++
		}
	}
	return n
}

// StoppedShort reports whether something is to go that has not, or in a real run would not, by a limit or since the
// platform has not answered.
func (s *Sweep) StoppedShort() bool { return s.Stopped != "" || s.Silenced() > 0 }

// withText is WithText of the sweep.
func (s *Sweep) withText(f func(string) string) *Sweep {
	if s == nil {
		return nil
	}
	masked := *s
	masked.Repository, masked.Unanswered, masked.Stopped = f(s.Repository), f(s.Unanswered), f(s.Stopped)
	masked.Apps = each(s.Apps, func(a SweptApp) SweptApp {
		a.App, a.Host, a.Repository, a.Branch, a.URL = f(a.App), f(a.Host), f(a.Repository), f(a.Branch), f(a.URL)
		a.Why, a.Next, a.Left = f(a.Why), f(a.Next), each(a.Left, f)
		return a
	})
	return &masked
}
