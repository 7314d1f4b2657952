package pullrequest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/result"
)

// environments are those of a GitLab project on loopback.
type environments struct {
	*httptest.Server
	list    []map[string]any
	tokens  []string // that may ask
	stopped []string
	asked   int
	fail    int // status of each answer; 0: none
}

func newEnvironments(t *testing.T, list ...map[string]any) *environments {
	e := &environments{list: list, tokens: []string{"api", "job"}}
	e.Server = httptest.NewTLSServer(e)
	t.Cleanup(e.Close)
	return e
}

func (e *environments) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.asked++
	below, ours := strings.CutPrefix(r.URL.Path, "/api/v4/projects/7/environments")
	id, isStop := strings.CutSuffix(strings.TrimPrefix(below, "/"), "/stop")
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	var sent struct{ Force bool }
	switch {
	case e.fail != 0:
		w.WriteHeader(e.fail)
	case !ours, !slices.Contains(e.tokens, r.Header.Get("Private-Token")+r.Header.Get("Job-Token")):
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodGet && r.URL.Query().Get("states") == "available":
		_ = json.NewEncoder(w).Encode(e.list[min((page-1)*100, len(e.list)):min(page*100, len(e.list))])
	case r.Method == http.MethodPost && isStop && json.NewDecoder(r.Body).Decode(&sent) == nil && sent.Force:
		e.stopped = append(e.stopped, id)
		_, _ = w.Write([]byte("{}"))
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
}

// sweeps tells of a sweep that has taken down the app of a branch.
func (e *environments) sweeps(stage result.Stage, change ...func(*Options, map[string]string)) []error {
	env := map[string]string{"GITLAB_CI": "true", "CI_API_V4_URL": e.URL + "/api/v4", "CI_PROJECT_ID": "7", "CI_JOB_TOKEN": "job"}
	o := Options{Getenv: func(name string) string { return env[name] }, GitLabToken: "api", Transport: e.Client().Transport, Own: true,
		Repository: "acme/shop", HeadRepository: "acme/shop", Branch: "feature/Login", Down: true, StopURL: "https://login.example.com"}
	for _, c := range change {
		c(&o, env)
	}
	return New(o).End(context.Background(), Update{Stage: stage})
}

func environment(id int, name string, change ...map[string]any) map[string]any {
	e := map[string]any{"id": id, "name": name, "external_url": "https://login.example.com/", "state": "available", "tier": "development"}
	for _, c := range change {
		maps.Copy(e, c)
	}
	return e
}

func TestAnEnvironmentIsStopped(t *testing.T) {
	list := []map[string]any{
		environment(1, "review/feature/Login"),
		environment(2, "review/feature/Login", map[string]any{"external_url": "https://other.example.com"}),
		environment(3, "review/feature/Login", map[string]any{"external_url": nil}),
		environment(4, "production/feature/Login", map[string]any{"tier": "production"}),
		environment(5, "production"),
		environment(6, "review/feature/Login-2"),
		environment(7, "review/{feature-login 12}"),
		environment(8, "feature/Login"),
		environment(9, "review/feature/Login", map[string]any{"tier": nil}),
		environment(12, "review/feature-login"),
		environment(13, "review/feature/login"),
		environment(14, "review/{fix-4-ä 9}"),
		environment(15, "review/{fix-4 9}"),
		environment(16, "review/{fix-4}"),
		environment(10, "review/feature/Login", map[string]any{"state": "stopping"}),
	}
	for i := range 100 {
		list = append(list, environment(1000+i, fmt.Sprintf("review/x%d", i)))
	}
	list = append(list, environment(11, "preview/feature/Login"))
	e := newEnvironments(t, list...)
	if errs := e.sweeps(result.StageGone); len(errs) > 0 || !slices.Equal(e.stopped, []string{"1", "11"}) {
		t.Errorf("stopped %v: %v", e.stopped, errs)
	}
	e.stopped = nil
	fork := func(o *Options, _ map[string]string) { o.HeadRepository = "octo/shop" }
	if errs := e.sweeps(result.StageGone, fork); len(errs) > 0 || !slices.Equal(e.stopped, []string{"7"}) {
		t.Errorf("a fork's: stopped %v: %v", e.stopped, errs)
	}
	e.stopped = nil
	odd := func(o *Options, _ map[string]string) { o.Branch = "fix#4" }
	if errs := e.sweeps(result.StageGone, odd); len(errs) > 0 || !slices.Equal(e.stopped, []string{"15", "16"}) {
		t.Errorf("of a name that no environment can have: stopped %v: %v", e.stopped, errs)
	}
}

func TestNoEnvironmentIsStopped(t *testing.T) {
	e := newEnvironments(t, environment(1, "review/feature/Login"))
	for name, change := range map[string]func(*Options, map[string]string){
		"the app stays":       nil,
		"a job has it":        func(o *Options, _ map[string]string) { o.StopURL = "" },
		"it is deployed":      func(o *Options, _ map[string]string) { o.Down = false },
		"on GitHub":           func(_ *Options, env map[string]string) { env["GITLAB_CI"] = "" },
		"another repository":  func(o *Options, _ map[string]string) { o.Own = false },
		"no token":            func(o *Options, env map[string]string) { o.GitLabToken, env["CI_JOB_TOKEN"] = "", "" },
		"no project":          func(_ *Options, env map[string]string) { env["CI_PROJECT_ID"] = "acme/shop" },
		"in the clear":        func(_ *Options, env map[string]string) { env["CI_API_V4_URL"] = "http://gitlab.example.com" },
		"one that may not be": func(o *Options, env map[string]string) { o.GitLabToken, env["CI_JOB_TOKEN"] = "other", "another" },
	} {
		stage, changes := result.StageGone, []func(*Options, map[string]string){}
		if change == nil {
			stage = result.StageFailed
		} else {
			changes = append(changes, change)
		}
		errs := e.sweeps(stage, changes...)
		quiet := slices.Contains([]string{"the app stays", "a job has it", "it is deployed", "on GitHub"}, name)
		if len(e.stopped) > 0 || (len(errs) == 0) != quiet || len(errs) == 0 && e.asked > 0 {
			t.Errorf("%s: stopped %v, asked %d times: %v", name, e.stopped, e.asked, errs)
		}
		e.asked, e.stopped = 0, nil
	}
	for _, code := range []int{403, 404, 429, 500} {
		e.fail = code
		if errs := e.sweeps(result.StageGone); len(errs) != 1 || !strings.Contains(errs[0].Error(), strconv.Itoa(code)) {
			t.Errorf("%d: %v", code, errs)
		}
	}
}

// What one token may not, the job's own may.
func TestTheJobsTokenStopsAnEnvironment(t *testing.T) {
	for _, token := range []string{"", "read-only"} {
		e := newEnvironments(t, environment(1, "review/feature/Login"))
		if errs := e.sweeps(result.StageGone, func(o *Options, _ map[string]string) { o.GitLabToken = token }); len(errs) > 0 ||
			!slices.Equal(e.stopped, []string{"1"}) {
			t.Errorf("%q: stopped %v: %v", token, e.stopped, errs)
		}
	}
}

func TestNamesOfEnvironments(t *testing.T) {
	odd := strings.Repeat("a", 160)
	for branch, want := range map[string]string{
		"main": "review/main", "Feature/A_b.c": "review/Feature/A_b.c", "-x-": "review/-x-", "grün": "x/y/{gr-n}",
		odd: "review/{" + odd[:63] + " 4}", "功能": "review/{ 12}",
	} {
		if !environmentOf(branch, false).MatchString(want) {
			t.Errorf("%q has not the environment %q", branch, want)
		}
	}
	for branch, other := range map[string]string{
		"login": "review/feature/login", "a.c": "review/abc", "Login": "review/login", "功能": "review/{}x",
	} {
		if environmentOf(branch, false).MatchString(other) {
			t.Errorf("%q has the environment %q", branch, other)
		}
	}
}
