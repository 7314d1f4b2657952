package fleet

import (
	"time"
)

// Policy is what a sweep was told.
type Policy struct {
	// The repository whose apps it is about. An empty hash is that of no app.
	Host           string
	Repository     string // owner/name
	RepositoryHash string // as apps are labelled
	// DefaultBranch is the repository's; empty: not known. Review apps are for the others.
	DefaultBranch string
	// Namespace is one whose records are believed although Berth neither made nor adopted it.
	Namespace string
	// AllRepositories says that it is about the apps of every repository.
	AllRepositories bool

	// Since is when the run began, by the clock of the machine: no answer from before counts.
	// Where it is zero, none does.
	Since time.Time

	TTL    time.Duration // of apps without one of their own; 0: none
	Idle   time.Duration // since the last deploy; 0: never a reason
	Failed time.Duration // since the last change of an app whose deploy failed; 0: never a reason
	Stuck  time.Duration // the same for one whose operation has not ended
}

// Decision is what becomes of one app.
type Decision struct {
	Reason  Reason
	Because string // the reason as a clause with its own subject; empty: there is none
	Hold    Hold
	Held    string // the hold as such a clause; empty: there is none
	// Sure says that nothing is left to be asked. Otherwise the app may go only once the
	// platform was asked about it alone and Again says so.
	Sure bool

	// over is what holds it where it is one too many.
	over     Hold
	overHeld string
	// overSilent says that it is held so by the platform's silence alone.
	overSilent bool
}

// Wanted reports whether the app is to go, as far as is known.
func (d Decision) Wanted() bool { return d.Reason != ReasonNone && d.Hold == HoldNone }

// Silenced reports whether the app would go, had the platform answered.
func (d Decision) Silenced() bool { return d.Reason != ReasonNone && d.Hold == HoldUnknown }

// Goes reports whether the app may be taken down now.
func (d Decision) Goes() bool { return d.Wanted() && d.Sure }

// Decide says whether an app is to go. now is the API server's clock; where it is known to
// lie between two times, the earlier one.
//
// An app goes if and only if there is a reason and no hold. A reason that the platform gives
// counts only in an answer of this run. Whatever is not known is a hold, or no reason.
func Decide(app App, answer Answer, p Policy, now time.Time) Decision {
	j := judge{app, answer, p, now}
	d := Decision{Sure: answer.Access == NotAsked || answer.Alone && answer.known(p)}
	d.over, d.overHeld = j.holdAgainst(ReasonOver)
	d.overSilent = d.over == HoldUnknown && j.held(HoldYoung, ReasonOver) == ""
	for _, found := range j.reasons() {
		hold, held := j.holdAgainst(found.reason)
		if d.Reason != ReasonNone && hold != HoldNone {
			continue // the first that is held is named
		}
		d.Reason, d.Because, d.Hold, d.Held = found.reason, found.because, hold, held
		if hold == HoldNone {
			return d
		}
	}
	if d.Reason == ReasonNone {
		d.Hold, d.Held = j.holdWithoutReason()
	}
	return d
}

// Again decides about an app that was to go by a plan, once the platform was asked about it
// alone and its stamps were read again.
func Again(planned Decision, app App, answer Answer, p Policy, now time.Time) Decision {
	d := Decide(app, answer, p, now)
	if planned.Reason == ReasonOver && !d.Wanted() {
		d.Reason, d.Because, d.Hold, d.Held = ReasonOver, planned.Because, d.over, d.overHeld
	}
	return d
}

// judge is what one decision is made of.
type judge struct {
	app    App
	answer Answer
	policy Policy
	now    time.Time
}
