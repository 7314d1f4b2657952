package fleet

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The tables of docs/fleet.md have each reason and each hold in its order, in the same words.
func TestTheDocumentationIsWhole(t *testing.T) {
	data, err := os.ReadFile("../../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	reasons, holds := "| reason | when |\n|---|---|\n", "| hold | when |\n|---|---|\n"
	for _, r := range Reasons {
		reasons += fmt.Sprintf("| `%s` | %s |\n", r, docOfReason(r))
	}
	for _, h := range Holds {
		holds += fmt.Sprintf("| `%s` | %s |\n", h, docOfHold(h))
	}
	for _, table := range []string{reasons, holds} {
		if !strings.Contains(string(data), table+"\n") {
			t.Errorf("docs/fleet.md does not have this table:\n%s", table)
		}
	}
}

// docOfReason says when a reason is given.
func docOfReason(r Reason) string {
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
		return "Its `ttl` has passed, counted from its last deploy; for an app that was deployed without one, that of `sweep --ttl`."
	case ReasonFailed:
		return "Its last deploy failed, or ended before anything was stored, or its teardown was begun and has not ended, " +
			"and nothing has changed for as long as `failed` says."
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

// docOfHold says when a hold counts.
func docOfHold(h Hold) string {
	switch h {
	case HoldNone:
		return ""
	case HoldForeign:
		return "It is of another repository or another host, and `all-repositories` is not given."
	case HoldUnstamped:
		return "Repository, branch or release are not stamped on it, so that it is not known what would be deleted for whom."
	case HoldDoubt:
		return "It is not known whose it is, such as with records of two branches under one name."
	case HoldUnmarked:
		return "Berth neither made nor adopted its namespace, and `namespace` does not name it: whoever may write Secrets there may have " +
			"written its records."
	case HoldDefault:
		return "Its branch is the repository's default branch, as the platform, the CI or git says, or its last deploy, by " +
			"`berth.dev/default-branch`."
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
