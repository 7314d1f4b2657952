package ci

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// pullsOn makes the Pulls of a platform whose API a test answers for, by path. What it
// is asked is kept.
func pullsOn(t *testing.T, p platform, change env, answers map[string]string) (pulls Pulls, asked *[]*http.Request) {
	t.Helper()
	asked = new([]*http.Request)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r)
		answer, ok := answers[r.URL.Path]
		switch {
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		case strings.HasPrefix(answer, "https://"):
			http.Redirect(w, r, answer, http.StatusMovedPermanently)
		default:
			_, _ = w.Write([]byte(answer))
		}
	}))
	t.Cleanup(server.Close)
	e := p.env(server.URL)
	maps.Copy(e, change)
	if e["GITLAB_CI"] == "true" {
		return gitLabPulls(e.get, secretToken, server.Client().Transport), asked
	}
	return gitHubPulls(e.get, secretToken, server.Client().Transport), asked
}

const (
	hubPull  = "/api/v3/repos/acme/shop/pulls/8"
	labMerge = "/api/v4/projects/7/merge_requests/8"
)

func TestPulls(t *testing.T) {
	lab := env{"CI_PROJECT_PATH": "acme/sub/shop"}
	for name, c := range map[string]struct {
		platform platform
		env      env
		answers  map[string]string
		want     Head
	}{
		"GitHub": {onGitHubAPI, nil, map[string]string{hubPull: `{"number": 8, "state": "open", "head": {"ref": "login", "sha": "abc",
			"label": "acme:login", "repo": {"full_name": "acme/shop"}}}`}, Head{Repository: "acme/shop", Branch: "login", SHA: "abc"}},
		"GitHub, a fork": {onGitHubAPI, nil, map[string]string{hubPull: `{"number": 8, "head": {"ref": "login", "sha": "abc",
			"label": "octo:login", "repo": {"full_name": "octo/shop"}}}`}, Head{Repository: "octo/shop", Branch: "login", SHA: "abc"}},
		"GitHub, a fork that is gone": {onGitHubAPI, nil, map[string]string{hubPull: `{"number": 8, "head": {"ref": "login",
			"label": "octo:login", "repo": null}}`}, Head{LostFork: "octo/shop", Branch: "login"}},
		"GitLab": {onGitLabAPI, lab, map[string]string{labMerge: `{"iid": 8, "source_branch": "login", "source_project_id": 7,
			"target_project_id": 7, "sha": "abc"}`}, Head{Repository: "acme/sub/shop", Branch: "login", SHA: "abc"}},
		"GitLab, a fork": {onGitLabAPI, lab, map[string]string{labMerge: `{"iid": 8, "source_branch": "login", "source_project_id": 9,
			"target_project_id": 7, "sha": "abc"}`, "/api/v4/projects/9": `{"id": 9, "path_with_namespace": "octo/shop"}`},
			Head{Repository: "octo/shop", Branch: "login", SHA: "abc"}},
		"GitLab, a fork that is gone": {onGitLabAPI, lab, map[string]string{labMerge: `{"iid": 8, "source_branch": "login",
			"source_project_id": null, "target_project_id": 7}`}, Head{Branch: "login"}},
		"GitLab, asked from a fork": {onGitLabAPI, env{"CI_PROJECT_PATH": "octo/shop", "CI_PROJECT_ID": "9", "CI_MERGE_REQUEST_PROJECT_ID": "7",
			"CI_MERGE_REQUEST_PROJECT_PATH": "acme/sub/shop"}, map[string]string{labMerge: `{"iid": 8, "source_branch": "login",
			"source_project_id": 7, "target_project_id": 7}`}, Head{Repository: "acme/sub/shop", Branch: "login"}},
	} {
		pulls, asked := pullsOn(t, c.platform, c.env, c.answers)
		got, err := pulls.Head(t.Context(), 8)
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		for _, r := range *asked {
			token := r.Header.Get("Authorization") + r.Header.Get("PRIVATE-TOKEN")
			if !strings.Contains(token, secretToken) || r.Method != http.MethodGet {
				t.Errorf("%s: asked %s with the token %q", name, r.Method, token)
			}
		}
	}
}

// Whatever does not plainly tell the branch is an error, which tells no token.
func TestPullsThatAreNotKnown(t *testing.T) {
	for name, c := range map[string]struct {
		platform platform
		env      env
		answer   string
		say      string
	}{
		"no such": {onGitHubAPI, env{"GITHUB_REPOSITORY": "acme/other"}, "",
			"404; give github-token a token with the permission pull-requests: read"},
		"another number": {onGitHubAPI, nil, `{"number": 9, "head": {"ref": "x", "repo": {"full_name": "acme/shop"}}}`,
			"names no head branch"},
		"another repository's": {onGitHubAPI, nil, `{"number": 8, "head": {"ref": "x", "repo": {"full_name": "acme/shop"}},
			"base": {"repo": {"full_name": "acme/other"}}}`, "one of another repository"},
		"GitLab, another project's": {onGitLabAPI, nil, `{"iid": 8, "source_branch": "x", "source_project_id": 6, "target_project_id": 6}`,
			"one of another project"},
		"no head":                   {onGitHubAPI, nil, `{"number": 8}`, "names no head branch"},
		"a page":                    {onGitHubAPI, nil, `<html>log in</html>`, "read its answer"},
		"moved":                     {onGitHubAPI, nil, "https://evil.example/", "it answered 301"},
		"in the clear":              {onGitHubAPI, env{"GITHUB_API_URL": "http://api.example.com"}, "", "in the clear"},
		"in the clear, in capitals": {onGitHubAPI, env{"GITHUB_API_URL": "HTTP://api.example.com"}, "", "in the clear"},
		"no API":                    {onGitHubAPI, env{"GITHUB_API_URL": ""}, "", "where the API answers"},
		"no repository":             {onGitHubAPI, env{"GITHUB_REPOSITORY": ""}, "", "which repository this is"},
		"GitLab, no such":           {onGitLabAPI, env{"CI_PROJECT_ID": "6"}, "", "404; give gitlab-token a token with the scope read_api"},
		"GitLab, another number": {onGitLabAPI, nil, `{"iid": 9, "source_branch": "x", "source_project_id": 7, "target_project_id": 7}`,
			"names no source branch"},
		"GitLab, no branch": {onGitLabAPI, nil, `{"iid": 8, "source_project_id": 7, "target_project_id": 7}`, "names no source branch"},
		"GitLab, no target": {onGitLabAPI, nil, `{"iid": 8, "source_branch": "x"}`, "names no source branch"},
		"GitLab, a fork that may not be seen": {onGitLabAPI, nil,
			`{"iid": 8, "source_branch": "x", "source_project_id": 9, "target_project_id": 7}`,
			"source project of merge request 8: it answered 404"},
		"GitLab, no API": {onGitLabAPI, env{"CI_API_V4_URL": ""}, "", "where the API answers"},
	} {
		answers := map[string]string{}
		if c.answer != "" {
			answers[hubPull], answers[labMerge] = c.answer, c.answer
		}
		pulls, asked := pullsOn(t, c.platform, c.env, answers)
		got, err := pulls.Head(t.Context(), 8)
		if err == nil || got != (Head{}) || !strings.Contains(err.Error(), c.say) || strings.Contains(err.Error(), secretToken) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		if strings.Contains(c.say, "clear") && len(*asked) > 0 {
			t.Errorf("%s: asked", name)
		}
	}
	for name, e := range map[string]env{
		"outside CI":         {},
		"no token":           {"GITHUB_ACTIONS": "true", "GITHUB_API_URL": "https://api.example.com", "GITHUB_REPOSITORY": "acme/shop"},
		"no token on GitLab": {"GITLAB_CI": "true", "CI_API_V4_URL": "https://api.example.com", "CI_PROJECT_ID": "7"},
	} {
		if got, err := NewPulls(e.get, Tokens{}).Head(t.Context(), 8); err == nil || got != (Head{}) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}
