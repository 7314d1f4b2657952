package ci

import (
	"fmt"

	"github.com/berth-dev/berth/internal/verb"
)

// Intent is what an event asks for.
type Intent struct {
	Verb   verb.Verb // verb.Deploy, verb.Teardown, or Nothing
	Reason string    // a clause; may quote a branch name, which is untrusted text
}

// Nothing is the verb of an Intent that asks for none: the run ends with a
// notice and exit code 0.
const Nothing verb.Verb = ""

// Auto returns what the event behind a run asks for. credentials says whether the
// run was given any for a cluster.
//
// Events that do not plainly start or end the life of a review app ask for
// Nothing: a missing deploy is noticed at once, a wrong teardown destroys data.
// A fork's pull request gets no secrets, so without credentials it asks for
// Nothing too, and does not fail.
func Auto(c Context, credentials bool) Intent {
	intent := intentOf(c)
	if intent.Verb == Nothing {
		return intent
	}
	switch {
	case c.Branch == "":
		return nothing("the %s event names no branch", c.Event.Name)
	case c.HeadUnknown && !credentials:
		return nothing("the pull request comes from a fork that is gone, and there are no credentials")
	case c.Fork() && !credentials:
		return nothing("the pull request comes from the fork %s, which gets no credentials", c.HeadRepository)
	case c.Fork():
		return intent // a fork's branch may have the default branch's name
	case c.DefaultBranch == "":
		return nothing("the default branch is not known, so %s could be it", c.Branch)
	case c.Branch == c.DefaultBranch:
		return nothing("%s is the default branch; review apps are for the others", c.Branch)
	}
	return intent
}

// intentOf reads the event and ignores whose branch it is about.
func intentOf(c Context) Intent {
	e := c.Event
	switch {
	case e.Name == "":
		return nothing("no event is known here; run deploy or teardown by name")
	case e.Tag:
		return nothing("the %s event is about a tag", e.Name)
	}
	switch e.Name {
	case "schedule":
		return nothing("scheduled clean-up is not part of this version")
	case "environment":
		return environmentIntent(e.Action)
	case "pull_request", "pull_request_target":
		return pullRequestIntent(c)
	case "push":
		if e.Deleted {
			return Intent{verb.Teardown, fmt.Sprintf("branch %s was deleted", c.Branch)}
		}
		return Intent{verb.Deploy, fmt.Sprintf("branch %s was pushed", c.Branch)}
	case "delete":
		return Intent{verb.Teardown, fmt.Sprintf("branch %s was deleted", c.Branch)}
	}
	return nothing("the %s event does not say what to do with a review app; run deploy or teardown by name", e.Name)
}

func environmentIntent(action string) Intent {
	switch action {
	case "start":
		return Intent{verb.Deploy, "the environment is being started"}
	case "stop":
		return Intent{verb.Teardown, "the environment is being stopped"}
	}
	return nothing("the environment's action is %s, which changes nothing to deploy", action)
}

func pullRequestIntent(c Context) Intent {
	switch c.Event.Action {
	case "opened", "reopened", "labeled":
		return Intent{verb.Deploy, fmt.Sprintf("pull request %d was %s", c.PullRequest, c.Event.Action)}
	case "synchronize":
		return Intent{verb.Deploy, fmt.Sprintf("pull request %d was updated", c.PullRequest)}
	case "closed":
		return Intent{verb.Teardown, fmt.Sprintf("pull request %d was closed", c.PullRequest)}
	}
	return nothing("pull request %d was %s, which changes nothing to deploy", c.PullRequest, c.Event.Action)
}

func nothing(format string, args ...any) Intent {
	return Intent{Nothing, fmt.Sprintf(format, args...)}
}
