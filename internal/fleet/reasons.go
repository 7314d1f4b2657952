package fleet

import (
	"fmt"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

// found is a reason that an app has, in words.
type found struct {
	reason  Reason
	because string
}

// reasons returns those that the app has, in the order of Reasons, but for ReasonOver, which
// no app has by itself.
func (j judge) reasons() (all []found) {
	for _, r := range Reasons {
		if because := j.because(r); because != "" {
			all = append(all, found{r, because})
		}
	}
	return all
}

// because returns why an app may go for a reason, as a clause, or "" where that does not
// speak for it.
func (j judge) because(r Reason) string {
	switch r {
	case ReasonMerged:
		return j.ended(PullMerged)
	case ReasonClosed:
		return j.ended(PullClosed)
	case ReasonBranch:
		return j.branchGone()
	case ReasonExpired:
		return j.expired()
	case ReasonFailed:
		return j.failed()
	case ReasonStuck:
		if j.app.Status.Unfinished() && j.passed(j.unchanged(), j.policy.Stuck) {
			what := "has changed"
			if j.app.Status == facts.StatusUninstalling {
				what = "was deployed to it"
			}
			return fmt.Sprintf("its last operation (%s) has not ended, and nothing %s for %s", j.app.Status, what, j.age(j.unchanged()))
		}
	case ReasonIdle:
		if j.passed(j.app.Deployed, j.policy.Idle) {
			return "nothing was deployed to it for " + j.age(j.app.Deployed)
		}
	case ReasonNone, ReasonOver:
	}
	return ""
}

// ended tells of a pull request that was closed or merged.
func (j judge) ended(how Pull) string {
	number := j.app.Origin.PullRequest
	if !j.answer.known(j.policy) || j.answer.Pull != how || number < 1 || j.answer.Number != number {
		return ""
	}
	switch {
	case how == PullMerged:
		return fmt.Sprintf("pull request %d was merged", number)
	case j.answer.Alone:
		return fmt.Sprintf("pull request %d was closed", number)
	}
	return fmt.Sprintf("pull request %d is not among the open ones any more", number)
}

// branchGone tells of the branch of an app that has no pull request. Where it has one, that
// decides: its branch may live on, or be deleted by a merge that has its own reason.
func (j judge) branchGone() string {
	a := j.answer
	if !a.known(j.policy) || a.Pull != PullNone || a.Branch != BranchGone || j.app.Origin.PullRequest != 0 || j.fork() {
		return ""
	}
	return "its branch is gone"
}

// fork reports whether the branch lives in another repository than the app's, about which
// the platform is not asked.
func (j judge) fork() bool {
	o := j.app.Origin
	return o.HeadRepository != "" && !strings.EqualFold(o.HeadRepository, o.Repository)
}

// expired tells of an app whose time is over: its own, or else the policy's. Of one whose own was
// taken away, none is.
func (j judge) expired() string {
	due := j.app.Expires
	if due.IsZero() && !j.app.Endless && j.app.Unreadable == "" && j.policy.TTL > 0 && !j.app.Deployed.IsZero() {
		if due = j.app.Deployed.Add(j.policy.TTL); due.Before(j.app.Stay) {
			due = j.app.Stay
		}
	}
	if due.IsZero() || j.now.Before(due) {
		return ""
	}
	return fmt.Sprintf("it expired %s ago, at %s", span(j.now.Sub(due)), due.UTC().Format(time.RFC3339))
}

// provenOnce are the verdicts of a run that has found a record: where there is none, it is kept where nobody looks, with
// another HELM_DRIVER.
var provenOnce = map[string]bool{"consistent": true, "probe-failed": true}

// failed tells of an app whose last deploy failed, or ended before it stored anything, and of one
// whose teardown has begun and not ended, as a sweep leaves it that took it down for that and was
// killed, or met a hook that failed.
func (j judge) failed() string {
	since := j.unchanged()
	switch {
	case !j.passed(since, j.policy.Failed):
	case j.app.Status == facts.StatusFailed:
		return fmt.Sprintf("its last deploy failed, and nothing has changed for %s", j.age(since))
	case j.app.Status == facts.StatusUninstalling:
		return fmt.Sprintf("its teardown was begun and has not ended, and nothing was deployed to it for %s", j.age(since))
	case j.app.Revision == 0 && j.app.Status == "" && !provenOnce[j.app.Verdict]:
		return fmt.Sprintf("its deploy ended before anything was stored, %s ago", j.age(since))
	}
	return ""
}

// unchanged returns since when nothing has changed: no record, and no deploy begun. It is
// zero where that is not known. What a teardown has written that has not ended does not count, so
// that the next sweep goes on with it.
func (j judge) unchanged() time.Time {
	switch changed, deployed := j.app.Changed, j.app.Deployed; {
	case deployed.IsZero(), j.app.Revision > 0 && changed.IsZero():
		return time.Time{}
	case j.app.Status == facts.StatusUninstalling:
		return deployed
	case changed.After(deployed):
		return changed
	default:
		return deployed
	}
}

// passed reports whether a time is at least so long ago. 0 is never.
func (j judge) passed(since time.Time, long time.Duration) bool {
	return long > 0 && !since.IsZero() && !j.now.Before(since.Add(long))
}

func (j judge) age(since time.Time) string { return span(j.now.Sub(since)) }

// span returns how long something is, to the precision that such a decision needs.
func span(d time.Duration) string {
	switch hours := int(d / time.Hour); {
	case hours >= 48:
		return fmt.Sprintf("%d days", hours/24)
	case hours >= 2:
		return fmt.Sprintf("%d hours", hours)
	default:
		return fmt.Sprintf("%d min", int(d/time.Minute))
	}
}
