package fleet

// Reason is what speaks for taking an app down. Each is something that is known: there is
// none for what is not known.
type Reason string

// The reasons.
const (
	ReasonNone    Reason = ""
	ReasonMerged  Reason = "pull-request-merged"
	ReasonClosed  Reason = "pull-request-closed"
	ReasonBranch  Reason = "branch-gone"
	ReasonExpired Reason = "expired"
	ReasonFailed  Reason = "failed"
	ReasonStuck   Reason = "stuck"
	ReasonIdle    Reason = "idle"
	ReasonOver    Reason = "over-max-apps"
)

// Reasons are all of them, in the order in which one is named where there are several.
var Reasons = []Reason{
	ReasonMerged, ReasonClosed, ReasonBranch, ReasonExpired, ReasonFailed, ReasonStuck, ReasonIdle, ReasonOver,
}

// fromStamps reports whether the stamps alone tell the reason, and not the platform.
func (r Reason) fromStamps() bool {
	switch r {
	case ReasonExpired, ReasonFailed, ReasonStuck, ReasonIdle, ReasonOver:
		return true
	case ReasonNone, ReasonMerged, ReasonClosed, ReasonBranch:
	}
	return false
}

// Hold is what keeps an app, whatever speaks for taking it down.
type Hold string

// The holds.
const (
	HoldNone       Hold = ""
	HoldForeign    Hold = "another-repository"
	HoldUnstamped  Hold = "not-stamped"
	HoldDoubt      Hold = "in-doubt"
	HoldUnmarked   Hold = "namespace-not-marked"
	HoldDefault    Hold = "default-branch"
	HoldGoing      Hold = "terminating"
	HoldKeep       Hold = "keep"
	HoldKeepLabel  Hold = "keep-label"
	HoldAtWork     Hold = "run-at-work"
	HoldUndated    Hold = "not-dated"
	HoldFuture     Hold = "dated-in-the-future"
	HoldUnreadable Hold = "expiry-unreadable"
	HoldUnknown    Hold = "unknown-to-the-platform"
	HoldYoung      Hold = "too-young"
)

// Holds are all of them, in the order in which one is named where there are several.
var Holds = []Hold{
	HoldForeign, HoldUnstamped, HoldDoubt, HoldUnmarked, HoldDefault, HoldGoing, HoldKeep, HoldKeepLabel, HoldAtWork, HoldUndated,
	HoldFuture, HoldUnreadable,
	HoldUnknown, HoldYoung,
}

// Concerns reports whether a person should look at an app that is kept for it.
func (h Hold) Concerns() bool {
	switch h {
	case HoldUnstamped, HoldDoubt, HoldUnmarked, HoldUndated, HoldFuture, HoldUnreadable, HoldUnknown:
		return true
	case HoldNone, HoldForeign, HoldDefault, HoldGoing, HoldKeep, HoldKeepLabel, HoldAtWork, HoldYoung:
	}
	return false
}
