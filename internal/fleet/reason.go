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

// Doc says, for the documentation, when the reason is given.
func (r Reason) Doc() string {
	switch r {
	case ReasonNone:
		return ""
	case ReasonMerged:
		return "The platform says that the app's pull or merge request was merged, and no other one of the branch is open."
	case ReasonClosed:
		return "The same, where it was closed."
	case ReasonBranch:
		return "The app has no pull request, the platform lists the repository's branches, and this one is not among them."
	case ReasonExpired:
		return "Its `ttl` has passed, counted from its last deploy; for an app without one, that of `sweep --ttl`."
	case ReasonFailed:
		return "Its last deploy failed, or ended before anything was stored, and nothing has changed for as long as `failed` says."
	case ReasonStuck:
		return "The last record is of an operation that has not ended, nobody holds the lock, and nothing has changed for as long " +
			"as `stuck` says."
	case ReasonIdle:
		return "Nothing was deployed to it for as long as `idle` says."
	case ReasonOver:
		return "The repository has more apps than `max-apps`, and this is one of those that were deployed longest ago."
	}
	return ""
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
	HoldForeign, HoldUnstamped, HoldDoubt, HoldGoing, HoldKeep, HoldKeepLabel, HoldAtWork, HoldUndated, HoldFuture, HoldUnreadable,
	HoldUnknown, HoldYoung,
}

// Doc says, for the documentation, when the hold counts.
func (h Hold) Doc() string {
	switch h {
	case HoldNone:
		return ""
	case HoldForeign:
		return "It is of another repository or another host, and `all-repositories` is not given."
	case HoldUnstamped:
		return "Repository, branch or release are not stamped on it, so that it is not known what would be deleted for whom."
	case HoldDoubt:
		return "It is not known whose it is, such as with records of two branches under one name."
	case HoldGoing:
		return "Its namespace is being deleted already."
	case HoldKeep:
		return "Its namespace or one of its records says `berth.dev/keep`, as a label or annotation, or a GitOps controller's mark is on it."
	case HoldKeepLabel:
		return "Its pull or merge request, or another open one of its branch, has the label `keep`."
	case HoldAtWork:
		return "A run holds its lock."
	case HoldUndated:
		return "It is not known when it was deployed."
	case HoldFuture:
		return "It says that it was deployed later than it is now by the API server's clock."
	case HoldUnreadable:
		return "`berth.dev/expires-at` is no time, or earlier than the last deploy. It counts against *expired*, *idle* and *over-max-apps*."
	case HoldUnknown:
		return "The platform was asked and has not answered, or not so that it is understood: whether a pull request holds it by its label, " +
			"or ended, is not known."
	case HoldYoung:
		return "It was deployed within the last 15 minutes. It does not count against a time that has passed: *expired*, *failed*, " +
			"*stuck*, *idle*."
	}
	return ""
}

// Concerns reports whether a person should look at an app that is kept for it.
func (h Hold) Concerns() bool {
	switch h {
	case HoldUnstamped, HoldDoubt, HoldUndated, HoldFuture, HoldUnreadable, HoldUnknown:
		return true
	case HoldNone, HoldForeign, HoldGoing, HoldKeep, HoldKeepLabel, HoldAtWork, HoldYoung:
	}
	return false
}
