package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// event is the environment of a run on GitHub that an event started.
func event(t *testing.T, name, payload string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(path, []byte(payload), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=" + name, "GITHUB_EVENT_PATH=" + path, "GITHUB_REPOSITORY=acme/shop",
		"GITHUB_REF=refs/heads/main", "GITHUB_HEAD_REF=login", "GITHUB_SHA=0123456789abcdef",
		"GITHUB_API_URL=https://api.invalid", "HOME=" + filepath.Dir(path)}
}

const (
	base      = `"repository": {"full_name": "acme/shop", "default_branch": "main"}`
	lostForks = `{"action": "closed", "pull_request": {"number": 8, "head": {"ref": "login", "sha": "0123456789abcdef", ` +
		`"label": "mallory:login", "repo": null}}, ` + base + `}`
	cutPayload   = `{"action":"closed","pull_request":{"number":7`
	noHead       = `{"action": "closed", "pull_request": {"number": 8}, ` + base + `}`
	aboutAnIssue = `{"action": "created", "issue": {"number": 8}, ` + base + `}`
)

// Where it is not known whose branch it is, nothing is asked of the API server, and
// the run does not end as if all were well.
func TestNoBranchIsGuessed(t *testing.T) {
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	for name, tt := range map[string]struct {
		environ []string
		args    []string
		says    string
	}{
		"auto, cut":          {event(t, "pull_request", cutPayload), []string{"auto"}, "unexpected end of JSON"},
		"auto, cut, branch":  {event(t, "pull_request", cutPayload), []string{"auto", "--branch=login"}, "unexpected end of JSON"},
		"auto, no head":      {event(t, "pull_request", noHead), []string{"auto"}, "names no head branch"},
		"auto, no payload":   {append(event(t, "pull_request", ""), "GITHUB_EVENT_PATH="), []string{"auto"}, "GITHUB_EVENT_PATH is not set"},
		"auto, no such file": {append(event(t, "push", ""), "GITHUB_EVENT_PATH=/nowhere"), []string{"auto"}, "/nowhere"},
		"auto, no event":     {append(event(t, "", "{}"), "GITHUB_EVENT_NAME="), []string{"auto"}, "GITHUB_EVENT_NAME is not set"},
		"auto, no ref":       {event(t, "push", "{"+base+"}"), []string{"auto"}, "names no ref"},
		"auto, no default":   {event(t, "push", `{"ref": "refs/heads/x"}`), []string{"auto"}, "names no default branch"},
		"teardown, cut":      {event(t, "pull_request", cutPayload), []string{"teardown"}, "branch: teardown needs it"},
		"teardown, branch": {event(t, "pull_request", cutPayload), []string{"teardown", "--branch=login"},
			"head-repository: the event could not be read"},
		"deploy, no head":      {event(t, "pull_request_target", noHead), []string{"deploy", "--chart=.", "--branch=login"}, "head-repository"},
		"repair, a comment":    {event(t, "issue_comment", aboutAnIssue), []string{"repair"}, "the issue_comment event is about no branch"},
		"teardown, a comment":  {event(t, "issue_comment", aboutAnIssue), []string{"teardown", "--pull-request=8"}, "no token was given"},
		"teardown, a workflow": {event(t, "workflow_run", "{"+base+"}"), []string{"teardown"}, "the workflow_run event is about no branch"},
		"check, a schedule":    {event(t, "schedule", "{"+base+"}"), []string{"check"}, "the schedule event is about no branch"},
		"teardown, by hand":    {event(t, "workflow_dispatch", "{"+base+"}"), []string{"teardown"}, "started on the default branch"},
		"teardown, another repository": {append(event(t, "issue_comment", aboutAnIssue), "BERTH_GITHUB_TOKEN=hunter2-token"),
			[]string{"teardown", "--pull-request=8", "--repository=acme/two"}, "own repository only"},
		"GitLab, started by another pipeline": {[]string{"GITLAB_CI=true", "CI_PROJECT_PATH=acme/shop", "CI_SERVER_HOST=gitlab.com",
			"CI_COMMIT_BRANCH=main", "CI_DEFAULT_BRANCH=main", "CI_PIPELINE_SOURCE=trigger"}, []string{"teardown"}, "started on the default branch"},
		"GitLab, no source branch": {[]string{"GITLAB_CI=true", "CI_PROJECT_PATH=acme/shop", "CI_MERGE_REQUEST_IID=7",
			"CI_COMMIT_REF_NAME=login"}, []string{"teardown", "--branch=login"}, "head-repository"},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			args := slices.Concat(tt.args, []string{"--kube-apiserver", server.URL})
			if code := Main(t.Context(), Process{Args: args, Environ: tt.environ, Stdout: &said, Stderr: &said}); code != exitWrongInput {
				t.Errorf("exit code %d:\n%s", code, &said)
			}
			if !strings.Contains(said.String(), tt.says) || asked {
				t.Errorf("the API server was asked: %v; it does not say %q:\n%s", asked, tt.says, &said)
			}
		})
	}
}

// What is recorded of the pull request decides, and where that may not be read, all is
// kept.
func TestAForkThatIsGone(t *testing.T) {
	const forbidden = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,` +
		`"message":"namespaces is forbidden: User \"u\" cannot list resource \"namespaces\" in API group \"\" at the cluster scope"}`
	for name, tt := range map[string]struct {
		verb   string
		listed bool // namespaces may be listed
		code   int
		says   string
	}{
		"nothing is recorded":                {"teardown", true, exitOK, "nothing is recorded"},
		"nothing is recorded, auto":          {"auto", true, exitOK, "nothing is recorded"},
		"nothing is recorded, to be checked": {"check", true, exitWrongInput, "head-repository"},
		"it may not be looked for":           {"teardown", false, exitWrongInput, "head-repository"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.Method+" "+r.URL.Path)
				w.Header().Set("Content-Type", "application/json")
				if tt.listed && r.URL.Path == "/api/v1/namespaces" {
					fmt.Fprint(w, `{"kind":"NamespaceList","apiVersion":"v1","items":[]}`)
					return
				}
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, forbidden)
			}))
			defer server.Close()
			var said bytes.Buffer
			code := Main(t.Context(), Process{Args: []string{tt.verb, "--kube-apiserver", server.URL}, Environ: event(t, "pull_request", lostForks),
				Stdout: &said, Stderr: &said})
			if code != tt.code || !strings.Contains(said.String(), tt.says) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, tt.code, tt.says, &said)
			}
			for _, request := range asked {
				if !strings.HasPrefix(request, "GET ") {
					t.Errorf("it asked %v", asked)
				}
			}
		})
	}
}
