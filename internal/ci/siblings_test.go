package ci

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/verb"
)

const hubPulls = "/api/v3/repos/acme/shop/pulls"

// sibling is an open pull request of feature/login. The change is a pair of texts.
func sibling(number int, change ...string) string {
	return strings.NewReplacer(change...).Replace(fmt.Sprintf(`{"number": %d, "state": "open", "draft": false,
		"labels": [{"name": "preview"}], "user": {"login": "octo"}, "author_association": "MEMBER",
		"head": {"ref": "feature/login", "repo": {"full_name": "acme/shop"}}, "base": {"repo": {"full_name": "acme/shop"}}}`, number))
}

// A pull request that ends leaves the app to another open one of its branch that has it by the
// policy. What does not plainly say that there is one changes nothing.
func TestSiblings(t *testing.T) {
	label, ready := everybody, everybody
	label.Label, ready.Drafts = "Preview", false
	for name, c := range map[string]struct {
		action, answer string
		policy         Policy
		leaves         string // what the reason says; empty: the app is taken down
	}{
		"another":                {"closed", sibling(8), everybody, "pull request 7 was closed, and pull request 8 of the same branch is open"},
		"the second is another":  {"closed", sibling(7) + "," + sibling(9), everybody, "pull request 9"},
		"made a draft":           {"converted_to_draft", sibling(8), ready, "pull request 8"},
		"with the label":         {"closed", sibling(8), label, "pull request 8"},
		"without the label":      {"closed", sibling(8, "preview", "bug"), label, ""},
		"a draft":                {"closed", sibling(8, `"draft": false`, `"draft": true`), ready, ""},
		"itself, not closed yet": {"closed", sibling(7), everybody, ""},
		"closed":                 {"closed", sibling(8, `"open"`, `"closed"`), everybody, ""},
		"another branch":         {"closed", sibling(8, "feature/login", "feature/Login"), everybody, ""},
		"a fork's": {"closed", sibling(8, `"head": {"ref": "feature/login", "repo": {"full_name": "acme/shop"}}`,
			`"head": {"ref": "feature/login", "repo": {"full_name": "octo/shop"}}`), everybody, ""},
		"of a fork that is gone": {"closed", sibling(8, `"repo": {"full_name": "acme/shop"}}, "base"`, `"repo": null}, "base"`), everybody, ""},
		"another repository's": {"closed", sibling(8, `"base": {"repo": {"full_name": "acme/shop"}}`,
			`"base": {"repo": {"full_name": "acme/other"}}`), everybody, ""},
		"cut":     {"closed", sibling(8) + ",{", everybody, ""},
		"refused": {"closed", "", everybody, ""},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				of := r.URL.Query()
				if c.answer == "" || r.URL.Path != hubPulls || of.Get("state") != "open" || of.Get("head") != "acme:feature/login" {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				_, _ = w.Write([]byte("[" + c.answer + "]"))
			}))
			defer server.Close()
			e := github("pull_request", "refs/pull/7/merge").withPayload(t, pull(c.action, "feature/login", ours))
			e["GITHUB_API_URL"] = server.URL + "/api/v3"
			ctx, err := Detect(e.get, &bytes.Buffer{}, nil).Context()
			if err != nil {
				t.Fatal(err)
			}
			if first := Auto(ctx, c.policy); !EndsPull(ctx, first) {
				t.Fatalf("%+v ends nothing", first)
			}
			transport := server.Client().Transport
			ctx.Siblings, err = gitHubPulls(e.get, secretToken, transport).siblings(t.Context(), e["GITHUB_API_URL"], transport, ctx)
			if failed := name == "cut" || name == "refused"; (err != nil) != failed {
				t.Errorf("it ended with %v", err)
			}
			got := Auto(ctx, c.policy)
			if (got.Verb == verb.Teardown) != (c.leaves == "") || !strings.Contains(got.Reason, c.leaves) {
				t.Errorf("it is %+v", got)
			}
		})
	}
}

// Of what is about no pull request that ends, nobody is asked.
func TestEndsPull(t *testing.T) {
	for name, c := range map[string]Context{
		"a deletion":          {Event: Event{Name: "delete"}, Branch: "login"},
		"a command":           {Event: Event{Name: "issue_comment"}, Branch: "login", PullRequest: 7},
		"a job of GitLab":     {Event: Event{Name: "environment", Action: "stop"}, Branch: "login", PullRequest: 7},
		"a fork that is gone": {Event: Event{Name: "pull_request"}, Branch: "login", PullRequest: 7, HeadUnknown: true},
	} {
		if EndsPull(c, Intent{Verb: verb.Teardown}) {
			t.Errorf("%s ends a pull request", name)
		}
	}
}
