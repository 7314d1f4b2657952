//go:build ci

package ci

import (
	"strings"
)

// event is what GitHub tells a workflow.
type event struct {
	name   string
	action string
	commit int      // the head of the pull request
	labels []string // that the pull request has
	label  string   // that it was given, or that was taken away
}

var (
	opened = event{name: "pull_request", action: "opened", commit: 1}
	closed = event{name: "pull_request", action: "closed", commit: 2}
)

// pushed is a push to the branch of a pull request.
func pushed(commit int) event {
	return event{name: "pull_request", action: "synchronize", commit: commit}
}

func (e event) String() string { return strings.TrimSpace(e.name + " " + e.action) }

func (e event) payload(c githubCase) map[string]any {
	repository := map[string]any{"full_name": "acme/shop", "default_branch": "main"}
	switch e.name {
	case "delete":
		return map[string]any{"ref": c.branch(), "ref_type": "branch", "repository": repository}
	case "schedule":
		return map[string]any{"schedule": "17 3 * * *", "repository": repository}
	}
	labels := []map[string]any{}
	for _, name := range e.labels {
		labels = append(labels, map[string]any{"name": name})
	}
	state := map[bool]string{false: "open", true: "closed"}[e.action == "closed"]
	return map[string]any{
		"action": e.action, "number": 7, "repository": repository, "label": map[string]any{"name": e.label},
		"pull_request": map[string]any{
			"number": 7, "state": state, "labels": labels, "user": map[string]any{"login": "alice"}, "author_association": "MEMBER",
			"base": map[string]any{"ref": "main"},
			"head": map[string]any{"ref": c.branch(), "sha": c.sha(e.commit), "label": "acme:" + c.branch(), "repo": repository},
		},
	}
}

// ref is the ref that the run is started on.
func (e event) ref() string {
	if e.name == "pull_request" {
		return "refs/pull/7/merge"
	}
	return "refs/heads/main"
}
