//go:build ci

package ci

import (
	"strings"

	"github.com/berth-dev/berth/test/platform"
)

// event is what GitHub tells a workflow.
type event struct {
	name   string
	action string
	commit int      // the head of the pull request
	labels []string // that the pull request has
	label  string   // that it was given, or that was taken away
	body   string   // of a comment
	by     platform.User
}

var (
	opened = event{name: "pull_request", action: "opened", commit: 1}
	closed = event{name: "pull_request", action: "closed", commit: 2}
)

// pushed is a push to the branch of a pull request.
func pushed(commit int) event {
	return event{name: "pull_request", action: "synchronize", commit: commit}
}

// said is a comment on the pull request whose head is that commit.
func said(body string, by platform.User, commit int) event {
	return event{name: "issue_comment", action: "created", commit: commit, body: body, by: by}
}

func (e event) String() string { return strings.TrimSpace(e.name + " " + e.action) }

func (e event) payload(branch, sha string) map[string]any {
	repository := map[string]any{"full_name": "acme/shop", "default_branch": "main"}
	switch e.name {
	case "delete":
		return map[string]any{"ref": branch, "ref_type": "branch", "repository": repository}
	case "schedule":
		return map[string]any{"schedule": "17 3 * * *", "repository": repository}
	}
	if e.name == "issue_comment" {
		return map[string]any{"action": e.action, "repository": repository,
			"issue": map[string]any{"number": 7, "pull_request": map[string]any{"url": "https://api.github.com/repos/acme/shop/pulls/7"}},
			"comment": map[string]any{"id": 99, "body": e.body, "author_association": "MEMBER",
				"user": map[string]any{"login": e.by.Login, "id": e.by.ID, "type": e.by.Type}},
		}
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
			"head": map[string]any{"ref": branch, "sha": sha, "label": "acme:" + branch, "repo": repository},
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
