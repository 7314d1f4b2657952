package ci

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/verb"
)

//go:generate go run ./gen ../..

// Intent is what an event asks for.
type Intent struct {
	Verb   verb.Verb // verb.Deploy, verb.Teardown, verb.Sweep, verb.Check of a command alone, or Nothing
	Reason string    // a clause; may quote a branch name or a label, which are untrusted text
}

// Nothing is the verb of an Intent that asks for none: the run ends with a
// notice and exit code 0.
const Nothing verb.Verb = ""

// Policy is what the user decided about which events make a review app. What ends the
// life of one, such as the end of its pull request, does so whatever the policy.
type Policy struct {
	Credentials bool   // the run was given some for a cluster
	Label       string // that a pull request has to carry; empty: none
	Drafts      bool   // drafts get a review app, too
	Forks       Forks
	Commands    bool // comments may command
	Sweeps      bool // something is given by which a review app may go: a time, or a token to ask the platform with
}

// Forks is whose forks get a review app.
type Forks string

// The values of Forks.
const (
	ForksNever   Forks = "never"
	ForksMembers Forks = "members"
	ForksAllowed Forks = "allowed"
)

// Auto returns what the event behind a run asks for. docs/events.md is made from what
// it returns.
//
// Events that do not plainly start or end the life of a review app ask for
// Nothing: a missing deploy is noticed at once, a wrong teardown destroys data.
// A fork's pull request gets no secrets, so without credentials it asks for
// Nothing too, and does not fail.
func Auto(c Context, p Policy) Intent {
	intent := intentOf(c, p)
	if intent.Verb == Nothing || intent.Verb == verb.Sweep { // which is about no branch
		return intent
	}
	switch {
	case c.Branch == "":
		return nothing("the %s event names no branch", c.Event.Name)
	case c.HeadUnknown && !p.Credentials:
		return nothing("the pull request comes from a fork that is gone, and there are no credentials")
	case c.Fork():
		return ofFork(c, p, intent) // its branch may have the default branch's name
	case c.DefaultBranch == "":
		return nothing("the default branch is not known, so %s could be it", c.Branch)
	case c.Branch == c.DefaultBranch:
		return nothing("%s is the default branch; review apps are for the others", c.Branch)
	}
	return intent
}

// ofFork returns what is done of what an event asks for on behalf of a fork. A fork
// whose owner is no member may hold what would read the cluster's secrets.
func ofFork(c Context, p Policy, asked Intent) Intent {
	fork := cmp.Or(c.HeadRepository, "that is gone")
	switch {
	case !p.Credentials:
		return nothing("the pull request comes from the fork %s, which gets no credentials", fork)
	case asked.Verb != verb.Deploy:
		return asked
	}
	switch p.Forks {
	case ForksAllowed:
		return asked
	case ForksMembers:
		if c.Pull.Member {
			return asked
		}
		return nothing("the pull request comes from the fork %s, whose owner did not open it as a known member of %s; "+
			"the input forks decides about others", fork, c.Repository)
	case ForksNever:
	}
	return nothing("the pull request comes from the fork %s, and the input forks says %s", fork, p.Forks)
}

const (
	// mergeQueue is what GitHub calls the branches of a merge queue, each of which it pushes and
	// deletes: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository
	mergeQueue   = "gh-readonly-queue/"
	notForReview = "the merge queue's branch is not for review"
)

// intentOf reads the event and ignores whose branch it is about.
func intentOf(c Context, p Policy) Intent {
	e := c.Event
	switch {
	case e.Name == "":
		return nothing("no event is known here; run deploy or teardown by name")
	case e.Tag:
		return nothing("the %s event is about a tag", e.Name)
	}
	switch e.Name {
	case "schedule":
		return scheduleIntent(c, p)
	case "environment":
		return environmentIntent(c, p)
	case "pull_request", "pull_request_target":
		intent := pullRequestIntent(c, p)
		if intent.Verb == verb.Teardown {
			if other := c.stillWanted(p); other != 0 {
				return nothing("%s, and pull request %d of the same branch is open", intent.Reason, other)
			}
		}
		return intent
	case "push":
		if e.Deleted {
			return Intent{verb.Teardown, fmt.Sprintf("branch %s was deleted", c.Branch)}
		}
		if strings.HasPrefix(c.Branch, mergeQueue) {
			return nothing(notForReview)
		}
		return wanted(c, p, fmt.Sprintf("branch %s was pushed", c.Branch))
	case "workflow_dispatch":
		if branch, why := c.Subject(); branch == "" {
			return nothing("%s; start it on the branch, or run deploy or teardown by name, with branch or pull-request", why)
		}
		return wanted(c, p, fmt.Sprintf("the workflow was started by hand on branch %s", c.Branch))
	case "issue_comment":
		if p.Commands {
			return commentIntent(c, p)
		}
	case "delete":
		return Intent{verb.Teardown, fmt.Sprintf("branch %s was deleted", c.Branch)}
	case "create":
		return nothing("branch %s was made, and its push event deploys it", c.Branch)
	case "merge_group":
		return nothing(notForReview)
	}
	return nothing("the %s event does not say what to do with a review app; run deploy or teardown by name", e.Name)
}

// scheduleIntent sweeps where there is a cluster to look at, and something by which an app may go.
func scheduleIntent(c Context, p Policy) Intent {
	switch {
	case c.Event.Action != "":
		return nothing("the scheduled job is one of an environment, that of a single review app; give the sweep a job without one")
	case !p.Credentials:
		return nothing("a schedule sweeps, and there are no credentials")
	case !p.Sweeps:
		return nothing("a schedule sweeps, and neither a token nor ttl, idle, failed, stuck or max-apps says which review apps may go")
	}
	return Intent{verb.Sweep, "a schedule came due"}
}

func environmentIntent(c Context, p Policy) Intent {
	switch action := c.Event.Action; action {
	case "start":
		if c.PullRequest != 0 {
			return wanted(c, p, fmt.Sprintf("merge request %d has its environment started", c.PullRequest))
		}
		return wanted(c, p, "the environment is being started")
	case "stop":
		return Intent{verb.Teardown, "the environment is being stopped"}
	default:
		return nothing("the environment's action is %s, which changes nothing to deploy", action)
	}
}

func pullRequestIntent(c Context, p Policy) Intent {
	was := fmt.Sprintf("pull request %d was %s", c.PullRequest, pastOf(c.Event.Action))
	ours := p.Label != "" && strings.EqualFold(c.Event.Label, p.Label) // GitHub has no two labels that differ in case alone
	switch c.Event.Action {
	case "closed":
		return Intent{verb.Teardown, was}
	case "unlabeled":
		if ours {
			return Intent{verb.Teardown, fmt.Sprintf("the label %s was taken from pull request %d", c.Event.Label, c.PullRequest)}
		}
		return otherLabel(c, p)
	case "converted_to_draft":
		if !p.Drafts {
			return Intent{verb.Teardown, was + ", and drafts get no review app"}
		}
		return nothing("%s, which changes nothing to deploy", was)
	case "labeled":
		if ours {
			return wanted(c, p, fmt.Sprintf("pull request %d was given the label %s", c.PullRequest, c.Event.Label))
		}
		return otherLabel(c, p)
	case "opened", "reopened", "synchronize", "ready_for_review":
		return wanted(c, p, was)
	}
	return nothing("%s, which changes nothing to deploy", was)
}

// pastOf returns an action of a pull request as what was done to it.
func pastOf(action string) string {
	switch action {
	case "synchronize":
		return "updated"
	case "ready_for_review":
		return "made ready for review"
	case "converted_to_draft":
		return "made a draft"
	}
	return strings.ReplaceAll(action, "_", " ")
}

func otherLabel(c Context, p Policy) Intent {
	if p.Label == "" {
		return nothing("labels mean nothing without the input label")
	}
	return nothing("the label %s of pull request %d is not %s, the input label", c.Event.Label, c.PullRequest, p.Label)
}

// wanted returns a deploy, for a reason, unless the policy wants none of what the event
// is about. A label may be given to a pull request that was closed long ago.
func wanted(c Context, p Policy, reason string) Intent {
	labelled := slices.ContainsFunc(c.Pull.Labels, func(has string) bool { return strings.EqualFold(has, p.Label) })
	switch {
	case c.Pull.Closed:
		return nothing("%s, and is closed", reason)
	case p.Label != "" && c.PullRequest == 0:
		return nothing("%s, and only pull and merge requests with the label %s get a review app", reason, p.Label)
	case p.Label != "" && !labelled:
		return nothing("%s, and does not carry the label %s", reason, p.Label)
	case c.Pull.Draft && !p.Drafts:
		return nothing("%s, and is a draft, which gets no review app", reason)
	}
	return Intent{verb.Deploy, reason}
}

func nothing(format string, args ...any) Intent {
	return Intent{Nothing, fmt.Sprintf(format, args...)}
}
