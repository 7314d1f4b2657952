package census

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/test/platform"
)

// asks is a Platform of a platform on loopback.
func asks(p *platform.Repository, change ...func(*Options, map[string]string)) *Platform {
	env := p.Env()
	o := Options{Getenv: func(name string) string { return env[name] }, Transport: p.Server.Client().Transport,
		GitHubToken: platform.Token, GitLabToken: platform.Token, Host: p.Host(), Repository: "acme/shop"}
	for _, c := range change {
		c(&o, env)
	}
	return New(o)
}

// withJobToken has a GitLab job ask with its own token.
func withJobToken(o *Options, env map[string]string) {
	o.GitLabToken, env["CI_JOB_TOKEN"] = "", platform.JobToken
}

func app(p *platform.Repository, branch string, number int, from ...string) fleet.App {
	origin := facts.Origin{Repository: "Acme/shop", HeadRepository: "acme/Shop", Branch: branch, PullRequest: number}
	if len(from) > 0 {
		origin.HeadRepository = from[0]
	}
	return fleet.App{Name: "shop", Namespace: "review-shop", Marked: true, Release: "shop", Host: p.Host(), Identity: "id", Repository: "acme",
		Origin: origin, Revision: 1, Status: facts.StatusDeployed, Changed: deployed, Deployed: deployed}
}

// all are the answers of a census.
func all(answers []fleet.Answer, _ string) []fleet.Answer { return answers }

var (
	noon     = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	deployed = noon.Add(-24 * time.Hour)
	began    = time.Now()
)

func policy(p *platform.Repository) fleet.Policy {
	return fleet.Policy{Host: p.Host(), Repository: "acme/shop", RepositoryHash: "acme", Since: began}
}

// both runs a test on each platform, and on GitLab with a job's own token as well.
func both(t *testing.T, test func(t *testing.T, p *platform.Repository, c *Platform)) {
	t.Run("GitHub", func(t *testing.T) {
		p := platform.NewRepository(t, false)
		test(t, p, asks(p))
	})
	t.Run("GitLab", func(t *testing.T) {
		p := platform.NewRepository(t, true)
		test(t, p, asks(p))
	})
	t.Run("GitLab, a job's own token", func(t *testing.T) {
		p := platform.NewRepository(t, true)
		test(t, p, asks(p, withJobToken))
	})
	t.Run("GitLab, by its path", func(t *testing.T) {
		p := platform.NewRepository(t, true)
		test(t, p, asks(p, func(_ *Options, env map[string]string) { env["CI_PROJECT_ID"] = "" }))
	})
}

// filled makes a repository with everything that matters.
func filled(p *platform.Repository) {
	p.Push("open", "lives", "lives-too", "a/b", "Closed-no-more", "again", "odd#50%")
	for number, is := range map[int]platform.Pull{
		1:  {State: "open", Branch: "open", From: "acme/shop"},
		2:  {State: "closed", Branch: "closed", From: "acme/shop"},
		3:  {State: "merged", Branch: "merged", From: "acme/shop"},
		4:  {State: "open", Branch: "kept", From: "acme/shop", Labels: []string{"bug", "Keep"}},
		5:  {State: "closed", Branch: "kept-closed", From: "acme/shop", Labels: []string{"keep"}},
		6:  {State: "open", Branch: "patch-1", From: "octo/shop"},
		7:  {State: "closed", Branch: "patch-2", From: "octo/shop"},
		8:  {State: "closed", Branch: "patch-3"}, // its fork is deleted
		9:  {State: "open", Branch: "patch-4"},
		10: {State: "closed", Branch: "again", From: "acme/shop"},
		11: {State: "open", Branch: "again", From: "acme/shop"},
		12: {State: "closed", Branch: "patch-5", From: "octo/shop"},
		13: {State: "open", Branch: "patch-5", From: "acme/shop"}, // of the same name, and not of the fork
	} {
		p.Set(number, is)
	}
}

// said is what matters of an answer.
type said struct {
	pull   fleet.Pull
	number int
	keep   bool
	branch fleet.Branch
}

func TestAnswers(t *testing.T) {
	both(t, func(t *testing.T, p *platform.Repository, c *Platform) {
		filled(p)
		cases := []struct {
			app        fleet.App
			list, sole said // what the list says, and what is said of it alone
			goes       fleet.Reason
		}{
			{app: app(p, "open", 1), list: said{pull: fleet.PullOpen, number: 1}},
			{app: app(p, "closed", 2), list: said{pull: fleet.PullClosed, number: 2}, goes: fleet.ReasonClosed},
			{app: app(p, "merged", 3), list: said{pull: fleet.PullClosed, number: 3}, sole: said{pull: fleet.PullMerged, number: 3},
				goes: fleet.ReasonMerged},
			{app: app(p, "kept", 4), list: said{pull: fleet.PullOpen, number: 4, keep: true}},
			{app: app(p, "kept", 0), list: said{pull: fleet.PullOpen, number: 4, keep: true}},
			{app: app(p, "kept-closed", 5), list: said{pull: fleet.PullClosed, number: 5},
				sole: said{pull: fleet.PullClosed, number: 5, keep: true}},
			{app: app(p, "patch-1", 6, "octo/shop"), list: said{pull: fleet.PullOpen, number: 6}},
			{app: app(p, "patch-1", 0, "octo/shop"), list: said{pull: fleet.PullOpen, number: 6}},
			{app: app(p, "patch-2", 7, "octo/shop"), list: said{pull: fleet.PullClosed, number: 7}, goes: fleet.ReasonClosed},
			{app: app(p, "patch-2", 0, "octo/shop"), list: said{pull: fleet.PullNone}},
			{app: app(p, "patch-3", 8, "octo/shop"), list: said{pull: fleet.PullClosed, number: 8}, goes: fleet.ReasonClosed},
			{app: app(p, "patch-4", 9, "octo/shop"), list: said{pull: fleet.PullOpen, number: 9}},
			{app: app(p, "again", 10), list: said{pull: fleet.PullOpen, number: 11}},
			{app: app(p, "again", 0), list: said{pull: fleet.PullOpen, number: 11}},
			{app: app(p, "patch-5", 12, "octo/shop"), list: said{pull: fleet.PullClosed, number: 12}, goes: fleet.ReasonClosed},
			{app: app(p, "lives", 0), list: said{pull: fleet.PullNone, branch: fleet.BranchThere}},
			{app: app(p, "a/b", 0), list: said{pull: fleet.PullNone, branch: fleet.BranchThere}},
			{app: app(p, "odd#50%", 0), list: said{pull: fleet.PullNone, branch: fleet.BranchThere}},
			{app: app(p, "gone", 0), list: said{pull: fleet.PullNone, branch: fleet.BranchGone}, goes: fleet.ReasonBranch},
			{app: app(p, "live", 0), list: said{pull: fleet.PullNone, branch: fleet.BranchGone}, goes: fleet.ReasonBranch},
			{app: app(p, "a", 0), list: said{pull: fleet.PullNone, branch: fleet.BranchGone}, goes: fleet.ReasonBranch},
			{app: app(p, "Lives", 0), list: said{pull: fleet.PullNone, branch: fleet.BranchGone}, goes: fleet.ReasonBranch},
			{app: app(p, "bad\uFFFD", 0), list: said{pull: fleet.PullNone}},
			{app: app(p, "../../pulls", 0), list: said{pull: fleet.PullNone}},
		}
		var apps []fleet.App
		for _, one := range cases {
			apps = append(apps, one.app)
		}
		for i, answer := range all(c.Census(t.Context(), apps)) {
			one := cases[i]
			if one.sole == (said{}) {
				one.sole = one.list
			}
			if got := (said{answer.Pull, answer.Number, answer.Keep, answer.Branch}); got != one.list || answer.Alone {
				t.Errorf("the list says of %s: %+v, want %+v (%s%s)", one.app.Origin, got, one.list, answer.Why, answer.BranchWhy)
			}
			planned := fleet.Decide(one.app, answer, policy(p), noon)
			if planned.Goes() || one.goes != "" && !planned.Wanted() {
				t.Errorf("%s, by the list: %+v", one.app.Origin, planned)
			}
			answer = c.Confirm(t.Context(), one.app)
			if got := (said{answer.Pull, answer.Number, answer.Keep, answer.Branch}); got != one.sole || !answer.Alone {
				t.Errorf("it is said of %s alone: %+v, want %+v (%s%s)", one.app.Origin, got, one.sole, answer.Why, answer.BranchWhy)
			}
			d := fleet.Decide(one.app, answer, policy(p), noon)
			if d.Goes() != (one.goes != "") || d.Goes() && d.Reason != one.goes {
				t.Errorf("%s, confirmed: %+v, want %q", one.app.Origin, d, one.goes)
			}
		}
	})
}

// Each fault is one of an answer that may otherwise be understood.
var faults = map[string]http.HandlerFunc{
	"401": status(401, nil), "403": status(403, nil), "404": status(404, nil), "409": status(409, nil), "500": status(500, nil),
	"429":                  status(429, map[string]string{"Retry-After": "60"}),
	"403, limited":         status(403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1780000000"}),
	"202":                  status(202, nil),
	"203":                  status(203, nil),
	"301":                  status(301, map[string]string{"Location": "/api/v3/repositories/1"}),
	"302 to another host":  status(302, map[string]string{"Location": "https://evil.example/"}),
	"304":                  status(304, nil),
	"nothing":              body(""),
	"null":                 body("null"),
	"an empty object":      body("{}"),
	"a list of nothing":    body("[null]"),
	"a list of objects":    body("[{}]"),
	"truncated":            body(`[{"number": 2, "iid": 2, "state": "clo`),
	"a page":               body("<html>log in</html>"),
	"a text":               body(`"closed"`),
	"another repository's": body(`{"full_name": "acme/other", "path_with_namespace": "acme/other", "id": 7, "default_branch": "main"}`),
	"another project's":    body(`{"path_with_namespace": "acme/shop", "id": 8, "default_branch": "main"}`),
	"another's pull request": body(`{"number": 2, "iid": 2, "state": "closed", "labels": [], "head": {"ref": "closed", "repo": {"full_name": "acme/shop"}},
		"base": {"repo": {"full_name": "acme/other"}}, "source_branch": "closed", "source_project_id": 8, "target_project_id": 8}`),
	"another number": body(`{"number": 3, "iid": 3, "state": "closed", "labels": [], "head": {"ref": "closed", "repo": {"full_name": "acme/shop"}},
		"base": {"repo": {"full_name": "acme/shop"}}, "source_branch": "closed", "source_project_id": 7, "target_project_id": 7}`),
	"another branch's": body(`{"number": 2, "iid": 2, "state": "closed", "labels": [], "head": {"ref": "x", "repo": {"full_name": "acme/shop"}},
		"base": {"repo": {"full_name": "acme/shop"}}, "source_branch": "x", "source_project_id": 7, "target_project_id": 7}`),
	"another fork's": body(`{"number": 2, "iid": 2, "state": "closed", "labels": [], "head": {"ref": "closed", "repo": {"full_name": "octo/shop"}},
		"base": {"repo": {"full_name": "acme/shop"}}, "source_branch": "closed", "source_project_id": 9, "target_project_id": 7}`),
	"no labels": body(`{"number": 2, "iid": 2, "state": "closed", "head": {"ref": "closed", "repo": {"full_name": "acme/shop"}},
		"base": {"repo": {"full_name": "acme/shop"}}, "source_branch": "closed", "source_project_id": 7, "target_project_id": 7}`),
	"another state": body(`{"number": 2, "iid": 2, "state": "odd", "labels": [], "head": {"ref": "closed", "repo": {"full_name": "acme/shop"}},
		"base": {"repo": {"full_name": "acme/shop"}}, "source_branch": "closed", "source_project_id": 7, "target_project_id": 7}`),
	"other refs": body(`[{"ref": "refs/heads/other", "name": "other"}]`),
	"hangs up late": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("["))
	},
}

func status(code int, header map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for key, value := range header {
			w.Header().Set(key, value)
		}
		w.WriteHeader(code)
		if code != http.StatusNotModified {
			_, _ = w.Write([]byte("[]")) // what would say that something is gone
		}
	}
}

func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

// Whatever one request is answered with instead, no app goes by it, whether its pull request
// has ended, its branch is gone or its time is over.
func TestNothingGoesByAnAnswerThatIsNotUnderstood(t *testing.T) {
	both(t, func(t *testing.T, p *platform.Repository, c *Platform) {
		filled(p)
		expired := app(p, "closed", 2)
		expired.Expires = noon.Add(-time.Hour)
		for name, one := range map[string]fleet.App{
			"closed": app(p, "closed", 2), "gone": app(p, "gone", 0), "expired": expired,
		} {
			p.Instead(nil)
			p.Requests()
			again := *c
			again.api = fresh(c)
			if d := fleet.Decide(one, again.Confirm(t.Context(), one), policy(p), noon); !d.Goes() {
				t.Fatalf("%s: it does not go without a fault: %+v", name, d)
			}
			requests := len(p.Requests())
			for fault, answer := range faults {
				if fault == "another project's" && asksByPath(c) { // it has the path that was asked for
					continue
				}
				for at := range requests {
					count := 0
					p.Instead(func(w http.ResponseWriter, r *http.Request) bool {
						if count++; count-1 != at {
							return false
						}
						answer(w, r)
						return true
					})
					again.api = fresh(c)
					got := again.Confirm(t.Context(), one)
					d := fleet.Decide(one, got, policy(p), noon)
					if d.Goes() || d.Held == "" || strings.Contains(got.Why+got.BranchWhy+d.Held, "hunter2") {
						t.Errorf("%s, %s instead of answer %d of %d: %+v, %+v", name, fault, at+1, requests, got, d)
					}
				}
			}
		}
	})
}

// asksByPath reports whether the id of the project is not known beforehand.
func asksByPath(c *Platform) bool {
	g, ok := c.api.(*gitLab)
	return ok && g.project != "7"
}

// fresh is a platform that was asked nothing yet.
func fresh(c *Platform) api {
	switch p := c.api.(type) {
	case *gitHub:
		g := *p
		g.client = again(p.client)
		return &g
	case *gitLab:
		g := &gitLab{client: again(p.client), repository: p.repository, project: p.project, job: p.job}
		if !asksByPath(c) {
			g.id.Store(7)
		}
		return g
	}
	return nil
}

func again(c *client) *client {
	return &client{name: c.name, http: c.http, head: c.head, base: c.base, hint: c.hint}
}

// The same holds for the list: nothing is planned by what is not understood.
func TestNothingIsPlannedByAListThatIsNotUnderstood(t *testing.T) {
	both(t, func(t *testing.T, p *platform.Repository, c *Platform) {
		filled(p)
		apps := []fleet.App{app(p, "closed", 2)}
		for i := range fewBranches + 5 {
			apps = append(apps, app(p, fmt.Sprintf("gone-%d", i), 0))
		}
		for fault, answer := range faults {
			if fault == "another branch's" || fault == "another number" { // neither is about a list
				continue
			}
			for at := range 3 {
				count := 0
				p.Instead(func(w http.ResponseWriter, r *http.Request) bool {
					if count++; count-1 != at {
						return false
					}
					answer(w, r)
					return true
				})
				again := *c
				again.api = fresh(c)
				for i, got := range all(again.Census(t.Context(), apps)) {
					ended := got.Pull == fleet.PullClosed && at < 2 || got.Branch == fleet.BranchGone
					if d := fleet.Decide(apps[i], got, policy(p), noon); ended || at < 2 && d.Wanted() {
						t.Fatalf("%s instead of answer %d: %+v, %+v", fault, at+1, got, d)
					}
				}
			}
		}
	})
}

func TestRenamedTransferredAndGone(t *testing.T) {
	both(t, func(t *testing.T, p *platform.Repository, c *Platform) {
		filled(p)
		p.Rename("acme/store")
		for _, one := range []fleet.App{app(p, "closed", 2), app(p, "gone", 0)} {
			for _, got := range append(all(c.Census(t.Context(), []fleet.App{one})), c.Confirm(t.Context(), one)) {
				d := fleet.Decide(one, got, policy(p), noon)
				if d.Wanted() || d.Hold != fleet.HoldUnknown || !strings.Contains(d.Held, "renamed or transferred") {
					t.Errorf("%s: %+v", one.Origin, d)
				}
			}
		}
	})
}

func TestALimitEndsTheAsking(t *testing.T) {
	both(t, func(t *testing.T, p *platform.Repository, c *Platform) {
		filled(p)
		p.Instead(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("X-RateLimit-Remaining", "0")
			w.Header().Set("X-RateLimit-Reset", "1780000000")
			w.WriteHeader(http.StatusForbidden)
			return true
		})
		_, said := c.Census(t.Context(), []fleet.App{app(p, "closed", 2)})
		for range 5 {
			if got := c.Confirm(t.Context(), app(p, "closed", 2)); got.Access != fleet.Unanswered || !strings.Contains(got.Why, "rate limit") {
				t.Errorf("%+v", got)
			}
		}
		if n := len(p.Requests()); n != 1 {
			t.Errorf("asked %d times", n)
		}
		if !strings.Contains(said, "2026-05-28T20:26:40Z") || !strings.Contains(said, "not asked any more") {
			t.Errorf("it says %q", said)
		}
	})
}

func TestManyPages(t *testing.T) {
	both(t, func(t *testing.T, p *platform.Repository, c *Platform) {
		var apps []fleet.App
		for i := range 250 {
			p.Push(fmt.Sprintf("b-%03d", i))
			p.Set(i+1, platform.Pull{State: "open", Branch: fmt.Sprintf("p-%03d", i), From: "acme/shop"})
			apps = append(apps, app(p, fmt.Sprintf("b-%03d", i), 0), app(p, fmt.Sprintf("p-%03d", i), i+1))
		}
		apps = append(apps, app(p, "b-", 0), app(p, "p-", 300))
		for i, got := range all(c.Census(t.Context(), apps)) {
			want := [2]any{fleet.PullNone, fleet.BranchThere}
			switch {
			case i == 500:
				want = [2]any{fleet.PullNone, fleet.BranchGone}
			case i == 501:
				want = [2]any{fleet.PullClosed, fleet.BranchUnknown}
			case i%2 == 1:
				want = [2]any{fleet.PullOpen, fleet.BranchUnknown}
			}
			if ([2]any{got.Pull, got.Branch}) != want {
				t.Fatalf("%s: %+v", apps[i].Origin, got)
			}
		}
		if n := len(p.Requests()); n > 8 {
			t.Errorf("asked %d times", n)
		}
		if got := c.Confirm(t.Context(), app(p, "b-", 0)); got.Branch != fleet.BranchGone {
			t.Errorf("a name that 250 begin with: %+v", got)
		}
	})
}

// An answer that says for ever that another page follows ends.
func TestPagesThatDoNotEnd(t *testing.T) {
	both(t, func(t *testing.T, p *platform.Repository, c *Platform) {
		for name, answer := range map[string]func(r *http.Request) string{
			"the same": func(*http.Request) string { return pullsFrom(1) },
			"always more": func(r *http.Request) string {
				return pullsFrom(len(r.URL.Query().Get("page")) + 100*atoi(r.URL.Query().Get("page")))
			},
			"empty": func(*http.Request) string { return "[]" },
		} {
			p.Requests()
			p.Instead(func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/pulls") && !strings.HasSuffix(r.URL.Path, "/merge_requests") {
					return false
				}
				w.Header().Set("Link", `<https://evil.example/?page=2>; rel="next"`)
				text := answer(r)
				if p.GitLab {
					text = strings.ReplaceAll(text, `"open"`, `"opened"`)
				}
				_, _ = w.Write([]byte(text))
				return true
			})
			again := *c
			again.api = fresh(c)
			got := all(again.Census(t.Context(), []fleet.App{app(p, "closed", 2)}))[0]
			if got.Access != fleet.Unanswered || !strings.Contains(got.Why, "pages") {
				t.Errorf("%s: %+v", name, got)
			}
			if n := len(p.Requests()); n > maxPages+1 || name != "always more" && n > 3 {
				t.Errorf("%s: asked %d times", name, n)
			}
		}
	})
}

func atoi(s string) (n int) {
	_, _ = fmt.Sscan(s, &n)
	return n
}

func pullsFrom(number int) string {
	return fmt.Sprintf(`[{"number": %[1]d, "iid": %[1]d, "state": "open", "labels": [], "head": {"ref": "x", "repo": null},
		"base": {"repo": {"full_name": "acme/shop"}}, "source_branch": "x", "target_project_id": 7}]`, number)
}

func TestAPlatformThatDoesNotAnswer(t *testing.T) {
	both(t, func(t *testing.T, p *platform.Repository, c *Platform) {
		p.Instead(func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) })
		one := app(p, "closed", 2)
		for _, got := range append(all(c.Census(t.Context(), []fleet.App{one})), c.Confirm(t.Context(), one)) {
			if got.Access != fleet.Unanswered || !strings.Contains(got.Why, "EOF") {
				t.Errorf("%+v", got)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got := c.Confirm(ctx, one); got.Access != fleet.Unanswered {
			t.Errorf("in a run that was ended: %+v", got)
		}
	})
}

// A list of branches without the default branch is not one of this repository's.
func TestAListWithoutTheDefaultBranchIsNotBelieved(t *testing.T) {
	both(t, func(t *testing.T, p *platform.Repository, c *Platform) {
		p.Delete("main")
		var many []fleet.App
		for i := range fewBranches + 1 {
			many = append(many, app(p, fmt.Sprintf("gone-%d", i), 0))
		}
		answers := slices.Concat(all(c.Census(t.Context(), many)), all(c.Census(t.Context(), many[:1])))
		for _, got := range append(answers, c.Confirm(t.Context(), many[0])) {
			if got.Branch != fleet.BranchUnknown || !strings.Contains(got.BranchWhy, `default branch "main"`) {
				t.Errorf("%+v", got)
			}
		}
	})
}

func TestManyAreConfirmedAtTheSameTime(t *testing.T) {
	both(t, func(t *testing.T, p *platform.Repository, c *Platform) {
		filled(p)
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				closed, gone := c.Confirm(t.Context(), app(p, "closed", 2)), c.Confirm(t.Context(), app(p, "gone", 0))
				if closed.Pull != fleet.PullClosed || gone.Branch != fleet.BranchGone {
					t.Errorf("%+v, %+v", closed, gone)
				}
			})
		}
		all.Wait()
	})
}

func TestWhileItIsMerged(t *testing.T) {
	p := platform.NewRepository(t, true)
	p.Set(2, platform.Pull{State: "locked", Branch: "x", From: "acme/shop"})
	if got := asks(p).Confirm(t.Context(), app(p, "x", 2)); got.Pull != fleet.PullOpen {
		t.Errorf("%+v", got)
	}
}
