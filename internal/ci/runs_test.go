package ci

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
)

const secretToken = "hunter2-token"

// platform is a CI whose API a test answers for.
type platform struct {
	make func(func(string) string, string, http.RoundTripper) *runAPI
	env  func(api string) env
	run  string // the URL of a run that may be asked about
	path string // where the API answers about it
}

var (
	onGitHubAPI = platform{
		make: gitHubRuns,
		env: func(api string) env {
			return env{
				"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://ghe.example.com", "GITHUB_API_URL": api + "/api/v3",
				"GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "3",
			}
		},
		run: "https://ghe.example.com/acme/shop/actions/runs/41/attempts/2", path: "/api/v3/repos/acme/shop/actions/runs/41/attempts/2",
	}
	onGitLabAPI = platform{
		make: gitLabRuns,
		env: func(api string) env {
			return env{
				"GITLAB_CI": "true", "CI_PROJECT_URL": "https://gitlab.example.com/acme/sub/shop", "CI_PROJECT_ID": "7",
				"CI_API_V4_URL": api + "/api/v4", "CI_JOB_ID": "42",
			}
		},
		run: "https://gitlab.example.com/acme/sub/shop/-/jobs/41", path: "/api/v4/projects/7/jobs/41",
	}
)

func TestLater(t *testing.T) {
	runs := func(p platform, change env) *runAPI {
		e := p.env("https://api.example.com")
		maps.Copy(e, change)
		return p.make(e.get, "", nil)
	}
	const gitHub, gitLab = "https://ghe.example.com/acme/shop/actions/runs/", "https://gitlab.example.com/acme/sub/shop/-/jobs/"
	for url, want := range map[string]bool{
		gitHub + "43/attempts/1": true, gitHub + "100": true, gitHub + "43#pipeline=43&environment=old": false,
		gitHub + "42/attempts/4": false, gitHub + "41/attempts/9": false, gitHub + "5/attempts/1": false,
		gitHub + "43/evil": false, gitHub + "043": false, gitHub + "": false, "": false, "host, process 43, started": false,
		"https://ghe.example.com/acme/other/actions/runs/43": false, "https://evil.example/acme/shop/actions/runs/43": false,
	} {
		if got := runs(onGitHubAPI, nil).Later(url); got == facts.ForLaterEvent != want || !want && got != facts.NotLater {
			t.Errorf("%s is later: %d", url, got)
		}
	}
	if runs(onGitHubAPI, env{"GITHUB_RUN_ID": "x"}).Later(gitHub+"43")+runs(onGitHubAPI, env{"GITHUB_RUN_ID": ""}).Later(gitHub+"43")+
		runs(onGitLabAPI, nil).Later(gitLab+"43")+(noRuns{}).Later(gitHub+"43") != facts.NotLater {
		t.Error("a run is later where nothing tells")
	}
}

// An environment that is not deployed to any more is stopped by the job of an old pipeline.
func TestLaterEnvironment(t *testing.T) {
	const job = "https://gitlab.example.com/acme/sub/shop/-/jobs/"
	for name, c := range map[string]struct {
		change env
		url    string
		later  bool
	}{
		"to another environment since":        {nil, job + "43#pipeline=10&environment=new", true},
		"by a job of a lower number":          {nil, job + "41#pipeline=10&environment=new", true},
		"by one of more digits":               {nil, job + "43#pipeline=1000&environment=new", true},
		"to the same environment since":       {nil, job + "43#pipeline=10&environment=old", false},
		"to another environment before":       {nil, job + "43#pipeline=8&environment=new", false},
		"to another environment by the same":  {nil, job + "43#pipeline=9&environment=new", false},
		"to it is not known which":            {nil, job + "43#pipeline=10", false},
		"in it is not known which":            {nil, job + "43", false},
		"in another project":                  {nil, "https://gitlab.example.com/acme/other/-/jobs/43#pipeline=10&environment=new", false},
		"by what is no job":                   {nil, job + "x#pipeline=10&environment=new", false},
		"by what is no pipeline":              {nil, job + "43#pipeline=x&environment=new", false},
		"to what is no environment":           {nil, job + "43#pipeline=10&environment=New", false},
		"and the pipeline stops none":         {env{"CI_ENVIRONMENT_ACTION": "start"}, job + "43#pipeline=10&environment=new", false},
		"and the job has no environment":      {env{"CI_ENVIRONMENT_ACTION": ""}, job + "43#pipeline=10&environment=new", false},
		"and its environment is not known":    {env{"CI_ENVIRONMENT_SLUG": ""}, job + "43#pipeline=10&environment=new", false},
		"and its pipeline is not known":       {env{"CI_PIPELINE_ID": ""}, job + "43#pipeline=10&environment=new", false},
		"and another pipeline, made just now": {env{"CI_PIPELINE_ID": "11"}, job + "43#pipeline=10&environment=new", false},
	} {
		e := onGitLabAPI.env("https://api.example.com")
		maps.Copy(e, env{"CI_PIPELINE_ID": "9", "CI_ENVIRONMENT_ACTION": "stop", "CI_ENVIRONMENT_SLUG": "old"})
		maps.Copy(e, c.change)
		got, want := gitLabRuns(e.get, "", nil).Later(c.url), facts.NotLater
		if c.later {
			want = facts.InLaterEnvironment
		}
		if got != want {
			t.Errorf("deployed %s: %d", name, got)
		}
	}
}

// serve starts an API and gives the Runs that ask it. What it is asked is kept.
func (p platform) serve(t *testing.T, change env, answer http.HandlerFunc) (runs *runAPI, asked *[]*http.Request) {
	t.Helper()
	asked = new([]*http.Request)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	e := p.env(server.URL)
	maps.Copy(e, change)
	return p.make(e.get, secretToken, server.Client().Transport), asked
}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

// notKnown sees that a run is unknown, that it is said why, and that the token
// is not.
func notKnown(t *testing.T, runs Runs, run string) string {
	t.Helper()
	state, err := runs.RunState(t.Context(), run)
	if state != facts.RunUnknown || err == nil {
		t.Fatalf("%q: got %s, %v", run, state, err)
	}
	if strings.Contains(err.Error(), secretToken) {
		t.Errorf("%q: it tells the token: %v", run, err)
	}
	return err.Error()
}

func TestRunStates(t *testing.T) {
	for _, c := range []struct {
		platform platform
		states   map[string]facts.RunState
	}{
		{onGitHubAPI, map[string]facts.RunState{
			"completed": facts.RunEnded, "queued": facts.RunRunning, "in_progress": facts.RunRunning,
			"waiting": facts.RunRunning, "requested": facts.RunRunning, "pending": facts.RunRunning,
			"success": facts.RunUnknown, "": facts.RunUnknown, "Completed": facts.RunUnknown,
		}},
		{onGitLabAPI, map[string]facts.RunState{
			"success": facts.RunEnded, "failed": facts.RunEnded, "canceled": facts.RunEnded, "skipped": facts.RunEnded,
			"created": facts.RunRunning, "pending": facts.RunRunning, "running": facts.RunRunning, "preparing": facts.RunRunning,
			"waiting_for_resource": facts.RunRunning, "scheduled": facts.RunRunning, "canceling": facts.RunRunning,
			"manual": facts.RunUnknown, "completed": facts.RunUnknown, "": facts.RunUnknown,
		}},
	} {
		for status, want := range c.states {
			runs, asked := c.platform.serve(t, nil, says(`{"id": 41, "status": "`+status+`", "name": "x"}`))
			got, err := runs.RunState(t.Context(), c.platform.run)
			if got != want || (err == nil) != (want != facts.RunUnknown) {
				t.Errorf("%s: %q is %s (%v), want %s", runs.platform, status, got, err, want)
			}
			if len(*asked) != 1 || (*asked)[0].URL.String() != c.platform.path {
				t.Fatalf("%s: asked %v", runs.platform, *asked)
			}
		}
	}
}

func TestRunsCarryTheToken(t *testing.T) {
	for _, c := range []struct {
		platform     platform
		header, want string
	}{
		{onGitHubAPI, "Authorization", "Bearer " + secretToken},
		{onGitLabAPI, "PRIVATE-TOKEN", secretToken},
	} {
		runs, asked := c.platform.serve(t, nil, says(`{"id": 41, "status": "pending"}`))
		if _, err := runs.RunState(t.Context(), c.platform.run); err != nil {
			t.Error(err)
		} else if got := (*asked)[0].Header.Get(c.header); got != c.want {
			t.Errorf("%s: %s is %q", runs.platform, c.header, got)
		}
	}
}

// The URL comes from a record that anybody may have written.
func TestRunsAskAboutTheirOwnRepositoryOnly(t *testing.T) {
	const hub, lab = "https://ghe.example.com/acme/shop/actions/runs/", "https://gitlab.example.com/acme/sub/shop/-/jobs/"
	for _, c := range []struct {
		platform platform
		urls     []string
	}{
		{onGitHubAPI, []string{
			"", "laptop, process 7, started 2026-01-02T03:04:05Z", hub, hub + "0", hub + "-1", hub + "041", hub + "x", hub + "41/",
			hub + "41/attempts/", hub + "41/attempts/0", hub + "41/attempts/2/logs", hub + "41/jobs/1", hub + "41?x=1", hub + "41#x",
			hub + "41\n", hub + " 41", hub + "٤١", hub + "%34%31", hub + "../../../secrets", hub + "41/../../../../repos/evil/x",
			hub + strings.Repeat("9", 19), hub + strings.Repeat("1", 1<<20),
			"http://ghe.example.com/acme/shop/actions/runs/41", "https://ghe.example.com:444/acme/shop/actions/runs/41",
			"https://github.com/acme/shop/actions/runs/41", "https://ghe.example.com/acme/other/actions/runs/41",
			"https://ghe.example.com.evil.example/acme/shop/actions/runs/41", "https://ghe.example.com@evil.example/acme/shop/actions/runs/41",
			"https://evil.example/https://ghe.example.com/acme/shop/actions/runs/41", lab + "41",
			hub + "42", hub + "42/attempts/3", // this very run
		}},
		{onGitLabAPI, []string{
			"", lab, lab + "0", lab + "41/", lab + "41/trace", lab + "41?x", lab + "../../../../user", lab + "x", lab + "41\r\n",
			"https://gitlab.example.com/acme/shop/-/jobs/41", "https://gitlab.example.com/acme/sub/shop/jobs/41",
			"https://evil.example/acme/sub/shop/-/jobs/41", "http://gitlab.example.com/acme/sub/shop/-/jobs/41", hub + "41",
			lab + "42", // this very job
		}},
	} {
		runs, asked := c.platform.serve(t, nil, says(`{"id": 41, "status": "completed"}`))
		for _, url := range c.urls {
			if why := notKnown(t, runs, url); len(why) > 1000 || strings.ContainsAny(why, "\r\n") {
				t.Errorf("%.100q: it says %.2000q", url, why)
			}
		}
		if len(*asked) > 0 {
			t.Errorf("%s: asked %v", runs.platform, (*asked)[0].URL)
		}
	}
}

func TestAnEarlierAttemptOfThisRunIsAskedAbout(t *testing.T) {
	runs, _ := onGitHubAPI.serve(t, nil, says(`{"id": 42, "status": "completed"}`))
	got, err := runs.RunState(t.Context(), "https://ghe.example.com/acme/shop/actions/runs/42/attempts/2")
	if got != facts.RunEnded || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestUnexpectedAnswersAreUnknown(t *testing.T) {
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	answers := map[string]http.HandlerFunc{
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusMovedPermanently)
		},
		"no JSON":        says("<html>please log in</html>"),
		"nothing":        says(""),
		"null":           says("null"),
		"a list":         says(`[{"id": 41, "status": "completed"}]`),
		"other types":    says(`{"id": "41", "status": "completed"}`),
		"another run":    says(`{"id": 40, "status": "completed"}`),
		"no id":          says(`{"status": "completed"}`),
		"cut off":        says(`{"id": 41, "status": "completed"`),
		"far too much":   says(`{"x": "` + strings.Repeat("x", maxAnswer) + `", "id": 41, "status": "completed"}`),
		"a hostile word": says(`{"id": 41, "status": "completed\n::error::` + strings.Repeat("x", 1000) + `"}`),
		"hung up":        func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	denials := map[string]bool{}
	for code, denied := range map[int]bool{
		201: false, 204: false, 304: false, 400: false, 401: true, 403: true, 404: true, 410: false, 429: false, 500: false, 502: false,
		503: false,
	} {
		name := http.StatusText(code)
		denials[name] = denied
		answers[name] = func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = w.Write([]byte(`{"id": 41, "status": "completed"}`))
		}
	}
	for _, p := range []platform{onGitHubAPI, onGitLabAPI} {
		for name, answer := range answers {
			t.Run(name, func(t *testing.T) {
				runs, asked := p.serve(t, nil, answer)
				why := notKnown(t, runs, p.run)
				if len(*asked) == 0 || strings.Contains(why, "\n") || len(why) > 500 {
					t.Errorf("asked %d times; it says %q", len(*asked), why)
				}
				if hinted := strings.Contains(why, runs.tokenHint); hinted != denials[name] {
					t.Errorf("it names the token that is needed: %t, want %t: %s", hinted, denials[name], why)
				}
			})
		}
	}
}

func TestASilentAPIIsNotWaitedFor(t *testing.T) {
	for _, p := range []platform{onGitHubAPI, onGitLabAPI} {
		silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		runs, _ := p.serve(t, nil, silent)
		if runs.client.Timeout != requestTimeout {
			t.Errorf("%s: it waits for %s", runs.platform, runs.client.Timeout)
		}
		runs.client.Timeout = 10 * time.Millisecond
		notKnown(t, runs, p.run)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if state, err := runs.RunState(ctx, p.run); state != facts.RunUnknown || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %s, %v", runs.platform, state, err)
		}
	}
}

func TestRunsThatCannotBeAskedAbout(t *testing.T) {
	for name, c := range map[string]struct {
		platform platform
		change   env
		say      string
	}{
		"GitHub in the clear":      {onGitHubAPI, env{"GITHUB_API_URL": "http://127.0.0.1:1/api/v3"}, "in the clear"},
		"GitHub, no API":           {onGitHubAPI, env{"GITHUB_API_URL": ""}, "environment"},
		"GitHub, no repository":    {onGitHubAPI, env{"GITHUB_REPOSITORY": ""}, "environment"},
		"GitHub, certificate":      {onGitHubAPI, nil, "certificate"},
		"GitLab in the clear":      {onGitLabAPI, env{"CI_API_V4_URL": "http://127.0.0.1:1/api/v4"}, "in the clear"},
		"GitLab, no API":           {onGitLabAPI, env{"CI_API_V4_URL": ""}, "environment"},
		"GitLab, no project":       {onGitLabAPI, env{"CI_PROJECT_URL": ""}, "environment"},
		"GitLab, project's number": {onGitLabAPI, env{"CI_PROJECT_ID": ""}, "environment"},
		"GitLab, certificate":      {onGitLabAPI, nil, "certificate"},
	} {
		runs, asked := c.platform.serve(t, c.change, says(`{"id": 41, "status": "completed"}`))
		if c.change == nil {
			runs.client.Transport = &http.Transport{} // which does not know the server's CA
		}
		if why := notKnown(t, runs, c.platform.run); !strings.Contains(why, c.say) {
			t.Errorf("%s: it says %s", name, why)
		}
		if len(*asked) > 0 {
			t.Errorf("%s: it was asked", name)
		}
	}
}

func TestNewRuns(t *testing.T) {
	hub, lab := onGitHubAPI.env("https://127.0.0.1:1"), onGitLabAPI.env("https://127.0.0.1:1")
	for name, c := range map[string]struct {
		env    env
		tokens Tokens
		run    string
		say    string
	}{
		"local":                {env{}, Tokens{secretToken, secretToken}, onGitHubAPI.run, "outside CI"},
		"GitHub without token": {hub, Tokens{GitLab: secretToken}, onGitHubAPI.run, "actions: read"},
		"GitLab without token": {lab, Tokens{GitHub: secretToken}, onGitLabAPI.run, "read_api"},
		"nobody answers":       {hub, Tokens{GitHub: secretToken}, onGitHubAPI.run, "ask GitHub about run 41/attempts/2"},
	} {
		if why := notKnown(t, NewRuns(c.env.get, c.tokens), c.run); !strings.Contains(why, c.say) {
			t.Errorf("%s: it says %s", name, why)
		}
	}
}

// What Context writes down is what RunState asks about.
func TestTheRunsOwnURL(t *testing.T) {
	for want, e := range map[string]env{
		"https://github.com/acme/shop/actions/runs/42/attempts/3": github("push", "refs/heads/x"),
		"https://github.com/acme/shop/actions/runs/42": func() env {
			e := github("push", "refs/heads/x")
			delete(e, "GITHUB_RUN_ATTEMPT")
			return e
		}(),
		"https://gitlab.com/acme/shop/-/jobs/9": gitlab(env{"CI_PROJECT_URL": "https://gitlab.com/acme/shop",
			"CI_JOB_ID": "9"}),
		"": func() env {
			e := github("push", "refs/heads/x")
			delete(e, "GITHUB_RUN_ID")
			return e
		}(),
	} {
		c, _ := Detect(e.get, &strings.Builder{}, nil).Context() // without a payload, which does not matter here
		if c.RunURL != want {
			t.Errorf("got %q, want %q", c.RunURL, want)
		}
		if want == "" {
			continue
		}
		e["GITHUB_API_URL"], e["CI_API_V4_URL"], e["CI_PROJECT_ID"] = "https://127.0.0.1:1", "https://127.0.0.1:1", "7"
		if why := notKnown(t, NewRuns(e.get, Tokens{secretToken, secretToken}), c.RunURL); !strings.Contains(why, "this very run") {
			t.Errorf("%s: it says %s", want, why)
		}
	}
}

// inPipeline is the run of onGitLabAPI as it is written down.
var inPipeline = onGitLabAPI.run + "#pipeline=9"

// A job's own token may ask for the jobs of a pipeline alone.
func TestAJobsOwnTokenAsksByThePipeline(t *testing.T) {
	const path = "/api/v4/projects/7/pipelines/9/jobs"
	full := "[" + strings.TrimSuffix(strings.Repeat(`{"id": 1, "status": "running"},`, jobsPerPage), ",") + "]"
	serve := func(answer http.HandlerFunc) (*runAPI, *[]*http.Request) {
		p := onGitLabAPI
		p.make = func(getenv func(string) string, _ string, transport http.RoundTripper) *runAPI {
			return gitLabRuns(getenv, "", transport)
		}
		return p.serve(t, env{"CI_JOB_TOKEN": secretToken}, answer)
	}
	for answer, want := range map[string]facts.RunState{
		`[{"id": 40, "status": "running"}, {"id": 41, "status": "failed"}]`: facts.RunEnded,
		`[{"id": 41, "status": "running"}]`:                                 facts.RunRunning,
		`[{"id": 41, "status": "manual"}]`:                                  facts.RunUnknown,
		`[{"id": 40, "status": "failed"}]`:                                  facts.RunUnknown,
		`[]`:                                                                facts.RunUnknown,
		`{"id": 41, "status": "failed"}`:                                    facts.RunUnknown,
		`null`:                                                              facts.RunUnknown,
	} {
		runs, asked := serve(says(answer))
		got, err := runs.RunState(t.Context(), inPipeline)
		if got != want || (err == nil) != (want != facts.RunUnknown) || len(*asked) != 1 {
			t.Errorf("%s: %s (%v), asked %d times", answer, got, err, len(*asked))
		}
		if r := (*asked)[0]; r.URL.Path != path || r.Header.Get("Job-Token") != secretToken || r.Header.Get("Private-Token") != "" {
			t.Errorf("asked %s with %v", r.URL, r.Header)
		}
	}
	runs, asked := serve(says(`[{"id": 41, "status": "failed"}]`))
	if got, err := runs.RunState(t.Context(), inPipeline+"&environment=login"); got != facts.RunEnded || (*asked)[0].URL.Path != path {
		t.Errorf("with its environment: %s (%v), asked %s", got, err, (*asked)[0].URL)
	}
	runs, asked = serve(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "3" {
			full = `[{"id": 41, "status": "canceled"}]`
		}
		_, _ = w.Write([]byte(full))
	})
	if got, err := runs.RunState(t.Context(), inPipeline); got != facts.RunEnded || len(*asked) != 3 {
		t.Errorf("on the third page: %s (%v), asked %d times", got, err, len(*asked))
	}
	runs, _ = serve(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	if why := notKnown(t, runs, inPipeline); !strings.Contains(why, "read_api") {
		t.Errorf("it says %s", why)
	}
	runs, asked = serve(says(`[]`))
	for _, run := range []string{
		onGitLabAPI.run, onGitLabAPI.run + "#pipeline=", onGitLabAPI.run + "#pipeline=9/../..", onGitLabAPI.run + "#pipeline=9#x",
		onGitLabAPI.run + "#x", "https://gitlab.example.com/acme/sub/shop/-/jobs/42#pipeline=9",
	} {
		notKnown(t, runs, run)
	}
	if len(*asked) > 0 {
		t.Errorf("asked %v", (*asked)[0].URL)
	}
}

// A user's token asks for the job itself, whatever is written behind it.
func TestTheMarkOfAPipelineIsNoPartOfTheAddress(t *testing.T) {
	runs, asked := onGitLabAPI.serve(t, env{"CI_JOB_TOKEN": "another"}, says(`{"id": 41, "status": "success"}`))
	got, err := runs.RunState(t.Context(), inPipeline)
	if got != facts.RunEnded || err != nil || (*asked)[0].URL.String() != onGitLabAPI.path {
		t.Errorf("%s (%v), asked %v", got, err, *asked)
	}
	if got, err = runs.RunState(t.Context(), inPipeline+"&environment=login"); got != facts.RunEnded || err != nil {
		t.Errorf("with its environment: %s (%v)", got, err)
	}
	for id, want := range map[string]string{"9": "#pipeline=9", "": "", "x": "", "-1": "", "9\n": "", "1 2": ""} {
		for slug, mark := range map[string]string{"review-login-1x2y3z": "&environment=review-login-1x2y3z", "": "", "a/b": "", "a\n": ""} {
			if want == "" {
				mark = ""
			}
			if got := gitLabRunMark(id, slug); got != want+mark {
				t.Errorf("pipeline %q, environment %q: written as %q", id, slug, got)
			}
		}
	}
}
