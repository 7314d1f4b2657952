package ci

import (
	"bytes"
	"testing"
)

// What an event speaks of, whichever branch its ref is.
func TestMention(t *testing.T) {
	for name, c := range map[string]struct {
		event, payload string
		want           Mention
	}{
		"a branch was deleted": {"delete", `{"ref": "login", "ref_type": "branch", ` + repository + `}`,
			Mention{Branch: "login", HeadRepository: "acme/shop"}},
		"a tag was deleted": {"delete", `{"ref": "login", "ref_type": "tag", ` + repository + `}`, Mention{Tag: "login"}},
		"a push that deleted": {"push", `{"ref": "refs/heads/login", "deleted": true, ` + repository + `}`,
			Mention{Branch: "login", HeadRepository: "acme/shop"}},
		"a workflow": {"workflow_run", `{"workflow_run": {"head_branch": "login", "head_repository": {"full_name": "octo/shop"}}, ` +
			repository + `}`, Mention{Branch: "login", HeadRepository: "octo/shop"}},
		"a workflow of a fork that is gone": {"workflow_run", `{"workflow_run": {"head_branch": "login", "head_repository": null}, ` +
			repository + `}`, Mention{Branch: "login", HeadUnknown: true}},
		"checks": {"check_suite", `{"check_suite": {"head_branch": "login"}, ` + repository + `}`,
			Mention{Branch: "login", HeadRepository: "acme/shop"}},
		"checks of a fork": {"check_suite", `{"check_suite": {"head_branch": null}, ` + repository + `}`, Mention{HeadRepository: "acme/shop"}},
		"a check": {"check_run", `{"check_run": {"check_suite": {"head_branch": "login"}}, ` + repository + `}`,
			Mention{Branch: "login", HeadRepository: "acme/shop"}},
		"a status of two branches": {"status", `{"branches": [{"name": "login"}, {"name": "main"}], ` + repository + `}`, Mention{}},
		"a comment on a pull request": {"issue_comment", `{"issue": {"number": 7, "pull_request": {}}, ` + repository + `}`,
			Mention{PullRequest: 7}},
		"a comment on an issue": {"issue_comment", `{"issue": {"number": 7}, ` + repository + `}`, Mention{}},
		"a comment, cut":        {"issue_comment", `{"issue": `, Mention{Unread: true}},
		"a schedule":            {"schedule", `{` + repository + `}`, Mention{}},
		"a schedule, cut":       {"schedule", `{`, Mention{}},
	} {
		e := github(c.event, "refs/heads/main").withPayload(t, c.payload)
		got, _ := Detect(e.get, &bytes.Buffer{}, nil).Context()
		if got.Mention.Instead = ""; got.Mention != c.want || got.RefBranch != "main" {
			t.Errorf("%s: got %+v of %q, want %+v", name, got.Mention, got.RefBranch, c.want)
		}
	}
}
