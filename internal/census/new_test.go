package census

import (
	"net/http"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/test/platform"
)

// addressed keeps where requests were sent, and with which token, and answers none.
type addressed struct{ to []string }

func (a *addressed) RoundTrip(r *http.Request) (*http.Response, error) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") + r.Header.Get("Private-Token") + r.Header.Get("Job-Token")
	a.to = append(a.to, r.URL.String()+" "+token)
	return nil, http.ErrHandlerTimeout
}

// A token is sent to the API of the platform that the run is on, or whose host a person
// named; and where there is none to be sent, nobody is asked.
func TestWhomToAsk(t *testing.T) {
	hub := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://ghe.example.com",
		"GITHUB_API_URL": "https://ghe.example.com/api/v3"}
	lab := map[string]string{"GITLAB_CI": "true", "CI_SERVER_HOST": "gitlab.example.com", "CI_API_V4_URL": "https://gitlab.example.com/api/v4",
		"CI_PROJECT_ID": "7", "CI_PROJECT_PATH": "acme/shop", "CI_JOB_ID": "41", "CI_PROJECT_URL": "https://gitlab.example.com/acme/shop",
		"CI_DEFAULT_BRANCH": "main", "CI_JOB_TOKEN": "job"}
	with := func(env map[string]string, key, value string) map[string]string {
		changed := map[string]string{key: value}
		for k, v := range env {
			if k != key {
				changed[k] = v
			}
		}
		return changed
	}
	for name, c := range map[string]struct {
		env      map[string]string
		host     string
		hub, lab string // tokens
		want     string // where it is sent to and which token; or else access and why
		access   fleet.Access
	}{
		"GitHub":               {hub, "GHE.example.com", "hub", "lab", "https://ghe.example.com/api/v3/repos/acme/shop hub", 0},
		"GitHub, no token":     {hub, "ghe.example.com", "", "lab", "give github-token", fleet.NotAsked},
		"GitHub, another host": {hub, "github.com", "hub", "", "not on github.com", fleet.NotAsked},
		"GitHub, a GitLab":     {hub, "gitlab.com", "hub", "lab", "not on gitlab.com", fleet.NotAsked},
		"GitHub, no API":       {with(hub, "GITHUB_API_URL", ""), "ghe.example.com", "hub", "", "where the API answers", 0},
		"GitHub, in the clear": {with(hub, "GITHUB_API_URL", "http://ghe.example.com"), "ghe.example.com", "hub", "", "in the clear", 0},
		"github.com": {with(hub, "GITHUB_SERVER_URL", ""), "github.com", "hub", "",
			"https://ghe.example.com/api/v3/repos/acme/shop hub", 0},
		"GitLab":                  {lab, "gitlab.example.com", "hub", "lab", "https://gitlab.example.com/api/v4/projects/7 lab", 0},
		"GitLab, the job's token": {lab, "gitlab.example.com", "hub", "", "https://gitlab.example.com/api/v4/job job", 0},
		"GitLab, no token":        {with(lab, "CI_JOB_TOKEN", ""), "gitlab.example.com", "hub", "", "give gitlab-token", fleet.NotAsked},
		"GitLab, another project": {with(lab, "CI_PROJECT_PATH", "acme/x"), "gitlab.example.com", "", "", "give gitlab-token", fleet.NotAsked},
		"GitLab, another, a token": {with(lab, "CI_PROJECT_PATH", "acme/x"), "gitlab.example.com", "", "lab",
			"https://gitlab.example.com/api/v4/projects/acme%2Fshop lab", 0},
		"GitLab, another host":       {lab, "gitlab.com", "", "lab", "not on gitlab.com", fleet.NotAsked},
		"GitLab, in the clear":       {with(lab, "CI_API_V4_URL", "http://x"), "gitlab.example.com", "", "lab", "in the clear", 0},
		"GitLab, no default branch":  {with(lab, "CI_DEFAULT_BRANCH", ""), "gitlab.example.com", "", "", "which project and job", 0},
		"by hand":                    {nil, "github.com", "hub", "lab", "https://api.github.com/repos/acme/shop hub", 0},
		"by hand, GitHub Enterprise": {nil, "ghe.example.com:8443", "hub", "", "https://ghe.example.com:8443/api/v3/repos/acme/shop hub", 0},
		"by hand, ghe.com":           {nil, "acme.ghe.com", "hub", "lab", "https://api.acme.ghe.com/repos/acme/shop hub", 0},
		"by hand, gitlab.com":        {nil, "gitlab.com", "hub", "lab", "https://gitlab.com/api/v4/projects/acme%2Fshop lab", 0},
		"by hand, GitLab":            {nil, "gitlab.example.com", "", "lab", "https://gitlab.example.com/api/v4/projects/acme%2Fshop lab", 0},
		"by hand, either":            {nil, "git.example.com", "hub", "lab", "may be either", 0},
		"by hand, none":              {nil, "git.example.com", "", "", "no token was given", fleet.NotAsked},
		"by hand, none of GitHub's":  {nil, "github.com", "", "lab", "give github-token", fleet.NotAsked},
		"by hand, none of ghe.com's": {nil, "acme.ghe.com", "", "lab", "give github-token", fleet.NotAsked},
		"by hand, none of GitLab's":  {nil, "gitlab.com", "hub", "", "give gitlab-token", fleet.NotAsked},
		"by hand, a path for a host": {nil, "github.com/x", "hub", "", "not the name of one", 0},
		"by hand, a user in a host":  {nil, "x@evil.example", "hub", "", "not the name of one", 0},
		"by hand, no host":           {nil, "", "hub", "", "which repository", fleet.NotAsked},
	} {
		seen := &addressed{}
		c2 := New(Options{Getenv: func(name string) string { return c.env[name] }, GitHubToken: c.hub, GitLabToken: c.lab, Transport: seen,
			Host: c.host, Repository: "acme/shop"})
		one := fleet.App{Host: c.host, Origin: facts.Origin{Repository: "acme/shop", Branch: "x", PullRequest: 7}}
		got := c2.Confirm(t.Context(), one)
		sent := len(seen.to)
		_, said := c2.Census(t.Context(), []fleet.App{one})
		switch {
		case strings.HasPrefix(c.want, "https://"):
			if sent != 1 || seen.to[0] != c.want {
				t.Errorf("%s: sent to %q, want %q", name, seen.to, c.want)
			}
		case len(seen.to) > 0 || got.Access != c.access || !strings.Contains(got.Why, c.want) || !strings.Contains(said, c.want):
			t.Errorf("%s: sent to %q: %+v", name, seen.to, got)
		}
	}
}

func TestRepositoriesThatAreNone(t *testing.T) {
	for _, name := range []string{"", "shop", "acme/", "/shop", "acme/shop/x", "acme/..", "acme/.", "../shop",
		"acme/sh?op", "acme/shop#x", "acme/sh%2fop"} {
		if gitHubName.MatchString(name) {
			t.Errorf("%q is taken for a repository", name)
		}
	}
	for _, name := range []string{"acme/shop", "a-c_m.e/.github", "0/1", "acme/a.b-c_d"} {
		if !gitHubName.MatchString(name) {
			t.Errorf("%q is not taken for a repository", name)
		}
	}
}

// Nobody is asked about an app of another repository, whatever the token may see.
func TestOtherRepositories(t *testing.T) {
	p := platform.NewRepository(t, false)
	c := asks(p)
	for _, change := range []func(*fleet.App){
		func(a *fleet.App) { a.Host = "github.com" }, func(a *fleet.App) { a.Origin.Repository = "other/shop" },
		func(a *fleet.App) { a.Host = "" }, func(a *fleet.App) { a.Origin.Repository = "" },
	} {
		one := app(p, "x", 2)
		change(&one)
		for _, got := range append(all(c.Census(t.Context(), []fleet.App{one})), c.Confirm(t.Context(), one)) {
			if got.Access != fleet.NotAsked || got.Why == "" {
				t.Errorf("%+v", got)
			}
		}
	}
	if n := len(p.Requests()); n > 0 {
		t.Errorf("asked %d times", n)
	}
}

func TestBranchNames(t *testing.T) {
	for _, name := range []string{"main", "a/b", "feature/ünï", "a#b", "50%", "x$", "-x", "a.b", "a@b", `"quoted"`, "<b>"} {
		if !isBranchName(name) {
			t.Errorf("%q is none", name)
		}
	}
	for _, name := range []string{"", "@", "a b", "a\nb", "a..b", "../x", "/x", "x/", "a//b", ".x", "a/.x", "x.lock", "x.lock/y", "x.", "a@{b",
		"a~", "a^", "a:b", "a?", "a*", "a[", `a\b`, "gr\uFFFDn", "\x7f", strings.Repeat("x", 2000)} {
		if isBranchName(name) {
			t.Errorf("%q is one", name)
		}
	}
}
