package fleet

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/text"
)

// youngest is how old an app has to be to go for what another place says of it: the platform
// may not have heard of a branch yet that was just pushed.
const youngest = 15 * time.Minute

// maxClause is how much is shown of a clause that may hold untrusted text.
const maxClause = 500

// holdAgainst returns what holds an app against a reason, and why as a clause.
func (j judge) holdAgainst(r Reason) (Hold, string) {
	for _, h := range Holds {
		if why := j.held(h, r); why != "" {
			return h, clause(why)
		}
	}
	return HoldNone, ""
}

// holdWithoutReason returns what would hold an app that nothing speaks against, where that is
// worth to be said.
func (j judge) holdWithoutReason() (Hold, string) {
	for _, h := range Holds {
		if h == HoldYoung {
			continue
		}
		if why := j.held(h, ReasonNone); why != "" {
			return h, clause(why)
		}
	}
	return HoldNone, ""
}

func clause(s string) string { return text.Cut(text.OneLine(s), maxClause) }

// held returns why one hold counts against a reason, or "" where it does not.
func (j judge) held(h Hold, r Reason) string {
	app := j.app
	switch h {
	case HoldForeign:
		return j.foreign()
	case HoldUnstamped:
		return j.unstamped()
	case HoldDoubt:
		return j.doubt()
	case HoldUnmarked:
		if !app.believed(j.policy.Namespace) {
			return fmt.Sprintf("Berth neither made nor adopted its namespace %s, so that others may have written its records", app.Namespace)
		}
	case HoldDefault:
		if j.ofDefaultBranch() {
			return "it is the default branch's, and review apps are for the others"
		}
	case HoldGoing:
		if app.Going {
			return "its namespace is being deleted already"
		}
	case HoldKeep:
		return app.Keep
	case HoldKeepLabel:
		if j.answer.Keep {
			return fmt.Sprintf("pull request %d has the label keep", j.answer.Number)
		}
	case HoldAtWork:
		if app.Held {
			return "a run is at work on it"
		}
	case HoldUndated:
		if app.Deployed.IsZero() {
			return "it is not known when it was deployed"
		}
	case HoldFuture:
		if app.Deployed.After(j.now) {
			return fmt.Sprintf("it says that it was deployed at %s, which is later than the API server's clock",
				app.Deployed.UTC().Format(time.RFC3339))
		}
	case HoldUnreadable:
		return j.unreadable(r)
	case HoldUnknown:
		return j.unknown(r)
	case HoldYoung:
		return j.young(r)
	case HoldNone:
	}
	return ""
}

// foreign tells of an app that the sweep is not about.
func (j judge) foreign() string {
	switch {
	case j.policy.AllRepositories, j.app.Repository == "", j.app.Repository == j.policy.RepositoryHash:
		return ""
	case j.app.Origin.Repository == "":
		return "it is of another repository"
	case j.policy.Host != "" && j.app.Host != "" && !strings.EqualFold(j.app.Host, j.policy.Host):
		return fmt.Sprintf("it is of %q on %q, which is another host", j.app.Origin.Repository, j.app.Host)
	}
	return fmt.Sprintf("it is of the repository %q", j.app.Origin.Repository)
}

// unstamped tells what is missing to know what would be deleted for whom.
func (j judge) unstamped() string {
	for _, stamp := range []struct{ value, name string }{
		{j.app.Repository, "hash of the repository"}, {j.app.Identity, "identity"}, {j.app.Host, "host"},
		{j.app.Origin.Repository, "repository"}, {j.app.Origin.Branch, "branch"},
		{j.app.Namespace, "namespace"}, {j.app.Release, "release"},
	} {
		if stamp.value == "" {
			return "no " + stamp.name + " is stamped on it"
		}
	}
	return ""
}

// doubt tells why it is not known whose an app is. Its label and its annotations are held
// against each other where it is known what they have to be.
func (j judge) doubt() string {
	p, app := j.policy, j.app
	if app.Doubt != "" {
		return app.Doubt
	}
	labelled := app.Repository == p.RepositoryHash
	named := strings.EqualFold(app.Host, p.Host) && strings.EqualFold(app.Origin.Repository, p.Repository)
	if p.RepositoryHash != "" && labelled != named {
		return "its label and its annotations name different repositories"
	}
	return ""
}

// believed reports whether what is stored in the app's namespace is Berth's: it is marked, or
// named as believed.
func (a App) believed(namespace string) bool { return a.Marked || a.Namespace == namespace }

// ofDefaultBranch reports whether an app is known to be the default branch's: as the platform says, which
// knows best, or else as the last deploy did.
func (j judge) ofDefaultBranch() bool {
	if j.answer.Main || j.app.Default && j.answer.Access != Answered {
		return true
	}
	p := j.policy
	return p.DefaultBranch != "" && j.app.Origin.Branch == p.DefaultBranch && j.app.Repository == p.RepositoryHash && !j.fork()
}

// unreadable tells of a ttl that is not known. It holds against what time alone says.
func (j judge) unreadable(r Reason) string {
	switch r {
	case ReasonMerged, ReasonClosed, ReasonBranch, ReasonFailed, ReasonStuck:
		return ""
	case ReasonNone, ReasonExpired, ReasonIdle, ReasonOver:
	}
	switch app := j.app; {
	case app.Unreadable != "":
		return app.Unreadable
	case !app.Expires.IsZero() && app.Expires.Before(app.Deployed):
		return fmt.Sprintf("it was to expire at %s, which is before its last deploy", app.Expires.UTC().Format(time.RFC3339))
	}
	return ""
}

// unknown tells why it is not known what a pull request says of the app. Where nobody was to
// be asked, that holds against nothing that the stamps say.
func (j judge) unknown(r Reason) string {
	a := j.answer
	switch {
	case a.Access == NotAsked && (r == ReasonNone || r.fromStamps()):
		return ""
	case a.Access == Answered && a.Pull != PullUnknown && !a.fresh(j.policy):
		return "what the platform said of it is not of this run"
	case !a.known(j.policy):
		return cmp.Or(a.Why, "the platform has not said how its pull request and its branch are")
	case r == ReasonNone && a.Pull == PullNone && a.Branch == BranchUnknown:
		return cmp.Or(a.BranchWhy, "the platform has not said whether its branch is there")
	}
	return ""
}

// young tells of an app that was deployed just now.
func (j judge) young(r Reason) string {
	switch r {
	case ReasonMerged, ReasonClosed, ReasonBranch, ReasonOver:
		if age := j.now.Sub(j.app.Deployed); age < youngest {
			return fmt.Sprintf("it was deployed %s ago", span(age))
		}
	case ReasonNone, ReasonExpired, ReasonFailed, ReasonStuck, ReasonIdle:
	}
	return ""
}
