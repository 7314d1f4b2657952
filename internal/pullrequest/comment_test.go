package pullrequest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/test/platform"
)

func update(stage result.Stage) Update { return Update{Stage: stage, Body: string(stage)} }

// begin waits until the begin is told.
func begins(t *testing.T, teller *Teller, stage result.Stage) {
	t.Helper()
	teller.Begin(t.Context(), update(stage))
	teller.begun.Wait()
}

func ends(t *testing.T, teller *Teller, stage result.Stage) {
	t.Helper()
	if errs := teller.End(t.Context(), update(stage)); len(errs) > 0 {
		t.Errorf("%s: %v", stage, errs)
	}
}

// onBoth runs a test on a GitHub and on a GitLab.
func onBoth(t *testing.T, test func(t *testing.T, f fake)) {
	for _, gitLab := range []bool{false, true} {
		t.Run(map[bool]string{false: "GitHub", true: "GitLab"}[gitLab], func(t *testing.T) { test(t, newFake(t, gitLab)) })
	}
}

func TestOneCommentIsEditedThroughAllStages(t *testing.T) {
	onBoth(t, func(t *testing.T, f fake) {
		f.Says(platform.Person, "Looks good.")
		for i, stage := range []result.Stage{result.StageReady, result.StageFailed, result.StageReady, result.StageCancelled} {
			run := f.run(i + 1)
			begins(t, run, result.StageDeploying)
			f.is(t, "Looks good.", "deploying")
			ends(t, run, stage)
			f.is(t, "Looks good.", string(stage))
		}
		away := f.run(9, down)
		begins(t, away, result.StageLeaving)
		f.is(t, "Looks good.", "leaving")
		ends(t, away, result.StageGone)
		ends(t, f.run(10, down), result.StageGone) // twice
		f.is(t, "Looks good.", "gone")
		again := f.run(11)
		begins(t, again, result.StageDeploying)
		ends(t, again, result.StageReady)
		f.is(t, "Looks good.", "ready")
	})
}

func TestAnAppThatNobodyWasToldOfIsGoneWithoutAWord(t *testing.T) {
	onBoth(t, func(t *testing.T, f fake) {
		for _, stage := range []result.Stage{result.StageGone, result.StageFailed, result.StageCancelled} {
			run := f.run(1, down)
			begins(t, run, result.StageLeaving)
			ends(t, run, stage)
		}
		f.is(t)
	})
}

func TestEachAppHasItsOwnComment(t *testing.T) {
	onBoth(t, func(t *testing.T, f fake) {
		for run, key := range []string{Key("identity", "shop"), Key("identity", "api"), Key("other", "shop")} {
			teller := f.run(run+1, func(o *Options) { o.Key = key })
			begins(t, teller, result.StageDeploying)
			ends(t, teller, result.StageReady)
		}
		f.is(t, "ready", "ready", "ready")
	})
}

// Whoever may comment may copy a mark.
func TestNobodyElsesCommentIsTouched(t *testing.T) {
	copied := mark{key: Key("identity", "shop"), turn: 99, run: Run{Number: 1 << 40, Attempt: 1, Token: "X"}, stage: result.StageReady}
	forged := copied.String() + "\nforged"
	for _, own := range []platform.User{platform.Actions, platform.Person, {ID: 7007, Login: "berth[bot]", Type: "Bot", App: true}} {
		f := newFake(t, false)
		f.Users[platform.Token] = own
		f.Says(platform.Attacker, forged)
		f.Says(platform.OtherApp, forged)
		f.Says(platform.User{ID: 4004, Login: own.Login, Type: "User"}, forged) // an id of its own
		for run := range 2 {
			teller := f.run(run + 1)
			begins(t, teller, result.StageDeploying)
			ends(t, teller, result.StageReady)
		}
		f.Says(platform.Attacker, forged)
		away := f.run(3, down)
		ends(t, away, result.StageGone)
		f.is(t, "forged", "forged", "forged", "gone", "forged")
	}
	f := newFake(t, true)
	f.Says(platform.Attacker, forged)
	for run := range 2 {
		ends(t, f.run(run+1), result.StageReady)
	}
	f.is(t, "forged", "ready")
}

// Of an app's token nobody may tell whose it is. Then no second comment is made.
func TestATokenOfNobodyKnown(t *testing.T) {
	mute := func(u platform.User) fake {
		f := newFake(t, false)
		u.Mute = true
		f.Users[platform.Token] = u
		ends(t, f.run(1), result.StageFailed)
		return f
	}
	f := mute(platform.Actions)
	ends(t, f.run(2), result.StageReady)
	f.is(t, "ready")

	f = mute(platform.OtherApp)
	if errs := f.run(2).End(t.Context(), update(result.StageReady)); len(errs) != 1 || !strings.Contains(errs[0].Error(), "github-token") {
		t.Errorf("it is not said: %v", errs)
	}
	f.is(t, "failed")
}

func TestACommentOnAnyPageIsFound(t *testing.T) {
	onBoth(t, func(t *testing.T, f fake) {
		for i := range 2*perPage + 1 {
			f.Says(platform.Person, fmt.Sprint("comment ", i))
		}
		ends(t, f.run(1), result.StageFailed)
		for i := range perPage {
			f.Says(platform.Person, fmt.Sprint("later ", i))
		}
		ends(t, f.run(2), result.StageReady)
		if bodies := f.Bodies(); len(bodies) != 3*perPage+2 || bodies[2*perPage+1] != "ready" {
			t.Errorf("%d comments, %q", len(bodies), bodies[2*perPage+1])
		}
	})
}

func TestRunsAtTheSameTime(t *testing.T) {
	onBoth(t, func(t *testing.T, f fake) {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				run := f.run(i + 1)
				run.Begin(t.Context(), update(result.StageDeploying))
				run.End(t.Context(), update(result.StageFailed))
			})
		}
		all.Wait()
		last := f.run(9)
		begins(t, last, result.StageDeploying)
		f.is(t, "deploying")
		ends(t, last, result.StageReady)
		f.is(t, "ready")
	})
}

// The order is the one in which runs were at work, and else that of their events.
func TestTheLaterRunHasTheLastWord(t *testing.T) {
	onBoth(t, func(t *testing.T, f fake) {
		first, second := f.run(1), f.run(2)
		begins(t, first, result.StageDeploying)
		begins(t, second, result.StageDeploying)
		ends(t, first, result.StageFailed)
		f.is(t, "deploying")
		ends(t, second, result.StageReady)
		f.is(t, "ready")

		ends(t, f.run(1), result.StageCancelled) // it never was at work
		f.is(t, "ready")
		again := f.run(1) // an earlier run, started anew
		begins(t, again, result.StageDeploying)
		ends(t, f.run(3), result.StageFailed) // a later one that never was at work
		ends(t, again, result.StageReady)
		f.is(t, "failed")

		late := f.run(1, down) // a job that was made before the deploys
		ends(t, late, result.StageGone)
		f.is(t, "gone")
		begins(t, f.run(4), result.StageDeploying)
		ends(t, f.run(9, down), result.StageGone) // it has found nothing, and one is on its way
		f.is(t, "deploying")
	})
}

func TestEnd(t *testing.T) {
	was := func(turn, run int64, stage result.Stage) []comment {
		return []comment{{id: 5, mark: mark{turn: turn, run: Run{Number: run, Attempt: 1, Token: "other"}, stage: stage}}}
	}
	me := Run{Number: 10, Attempt: 1, Token: "me"}
	for _, c := range []struct {
		name  string
		own   []comment
		down  bool
		had   claim
		leave bool
		turn  int64
	}{
		{"the first", nil, false, claim{}, false, 0},
		{"a later turn", was(3, 9, result.StageDeploying), false, claim{2, true}, true, 2},
		{"an earlier turn, written late", was(1, 11, result.StageReady), false, claim{2, true}, false, 2},
		{"the same turn, of a later event", was(2, 11, result.StageDeploying), false, claim{2, true}, true, 2},
		{"the same turn, of an earlier event", was(2, 9, result.StageDeploying), false, claim{2, true}, false, 2},
		{"no turn, a later event", was(2, 11, result.StageReady), false, claim{}, true, 2},
		{"no turn, an earlier event", was(2, 9, result.StageReady), false, claim{}, false, 2},
		{"nothing to take down", was(2, 11, result.StageReady), true, claim{}, false, 2},
		{"nothing to take down yet", was(2, 9, result.StageDeploying), true, claim{}, true, 2},
	} {
		got := end(c.own, me, "key", result.StageReady, c.down, c.had)
		if got.leave != c.leave || got.mark.turn != c.turn {
			t.Errorf("%s: leave %t, turn %d", c.name, got.leave, got.mark.turn)
		}
	}
}

func TestDuplicatesGo(t *testing.T) {
	onBoth(t, func(t *testing.T, f fake) {
		m := mark{key: Key("identity", "shop"), turn: 1, run: Run{Number: 1, Attempt: 1, Token: "X"}, stage: result.StageReady}.String()
		f.Says(f.Self(), m+"\nfirst")
		f.Says(platform.Person, "between")
		f.Says(f.Self(), m+"\nsecond")
		f.Says(f.Self(), "of another action")
		ends(t, f.run(2), result.StageReady)
		f.is(t, "between", "ready", "of another action")
	})
}

func TestACommentThatWasDeletedOrChanged(t *testing.T) {
	onBoth(t, func(t *testing.T, f fake) {
		run := f.run(1)
		begins(t, run, result.StageDeploying)
		f.Change(func(string) string { return "" })
		ends(t, run, result.StageReady)
		f.is(t, "ready")
		f.Change(func(body string) string { return strings.ReplaceAll(body, "\n", "\r\n") }) // as an editor leaves it
		ends(t, f.run(2), result.StageFailed)
		f.is(t, "failed")
	})
}

func TestThePullRequestOfABranchIsLookedUp(t *testing.T) {
	search := func(o *Options) { o.Number = 0 }
	const (
		hub = `[{"number": 9, "head": {"ref": "feature/login", "repo": {"full_name": "mallory/shop"}}},
			{"number": 8, "head": {"ref": "feature/other", "repo": {"full_name": "acme/shop"}}}, {"number": 10, "head": null},
			{"number": 7, "head": {"ref": "feature/login", "repo": {"full_name": "acme/shop"}}},
			{"number": 3, "head": {"ref": "feature/login", "repo": {"full_name": "acme/shop"}}}]`
		lab = `[{"iid": 9, "source_branch": "feature/login", "source_project_id": 6}, {"iid": 8, "source_branch": "x", "source_project_id": 5},
			{"iid": 7, "source_branch": "feature/login", "source_project_id": 5},
			{"iid": 10, "source_branch": "feature/login", "source_project_id": null}]`
	)
	onBoth(t, func(t *testing.T, f fake) {
		errs := f.run(1, search).End(t.Context(), update(result.StageReady))
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), "pull-request") {
			t.Errorf("no pull request: %v", errs)
		}
		ends(t, f.run(2, search, down), result.StageGone)
		if f.Pulls = hub; f.GitLab {
			f.Pulls = lab
		}
		ends(t, f.run(3, search), result.StageReady)
		f.is(t, "ready")
	})
}

// Whatever the platform answers, nothing else happens than that it is told, in bounds.
func TestAnswersThatAreNone(t *testing.T) {
	reset := time.Now().Add(20 * time.Minute).Truncate(time.Second)
	status := func(code int, header ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = w.Write([]byte(`{"message": "::error::hostile <b>\n@all"}`))
			return true
		}
	}
	raw := func(body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte(body)); return true }
	}
	elsewhere := newFake(t, false)
	unix := fmt.Sprint(reset.Unix())
	for name, c := range map[string]struct {
		instead func(http.ResponseWriter, *http.Request) bool
		says    string
	}{
		"401":          {status(401), "give git"},
		"403":          {status(403), "give git"},
		"404":          {status(404), "give git"},
		"403, limited": {status(403, "X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix), "403"},
		"429": {status(429, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix, "RateLimit-Reset", unix),
			reset.UTC().Format(time.RFC3339)},
		"429, bare":        {status(429), "rate limit"},
		"422":              {status(422), "422"},
		"410":              {status(410), "410"},
		"500":              {status(500), "500"},
		"502":              {status(502), "502"},
		"202":              {status(202), ""},
		"no JSON":          {raw("<html>please log in</html>"), "answer"},
		"nothing":          {raw(""), ""},
		"cut off":          {raw(`[{"id": 1, "body": "x`), "answer"},
		"an object":        {raw(`{"id": "x"}`), "answer"},
		"nulls":            {raw(`[null, null]`), ""},
		"hung up":          {func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, "ask Git"},
		"a redirect":       {status(301, "Location", elsewhere.Server.URL+"/api/v3/user"), "301"},
		"a redirect, kept": {status(307, "Location", elsewhere.Server.URL+"/api/v4/user"), "307"},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, f fake) {
				f.Says(platform.Person, "Looks good.")
				f.Instead(c.instead)
				run := f.run(1)
				begins(t, run, result.StageDeploying)
				for _, err := range run.End(t.Context(), update(result.StageReady)) {
					said := err.Error()
					if !strings.Contains(said, c.says) || strings.Contains(said, "hostile") || strings.Contains(said, platform.Token) || len(said) > 400 {
						t.Errorf("it says %q", said)
					}
				}
				f.is(t, "Looks good.")
			})
		})
	}
	if len(elsewhere.Requests()) > 0 {
		t.Errorf("a redirect was followed: %q", elsewhere.Requests())
	}
}

// Each request may be the one that fails. The next run finds all as it should be.
func TestEachRequestMayFail(t *testing.T) {
	onBoth(t, func(t *testing.T, f fake) {
		m := mark{key: Key("identity", "shop"), turn: 1, run: Run{Number: 1, Attempt: 1, Token: "X"}, stage: result.StageReady}.String()
		for failing := range 8 {
			f.Change(func(string) string { return "" })
			f.Says(f.Self(), m+"\nfirst")
			f.Says(f.Self(), m+"\nsecond")
			count := 0
			f.Instead(func(w http.ResponseWriter, _ *http.Request) bool {
				if count++; count-1 != failing {
					return false
				}
				w.WriteHeader(http.StatusBadGateway)
				return true
			})
			run := f.run(2)
			begins(t, run, result.StageDeploying)
			_ = run.End(t.Context(), update(result.StageReady))
			f.Instead(nil)
			next := f.run(3)
			begins(t, next, result.StageDeploying)
			ends(t, next, result.StageFailed)
			f.is(t, "failed")
		}
	})
}

func TestASlowPlatformIsNotWaitedFor(t *testing.T) {
	onBoth(t, func(t *testing.T, f fake) {
		f.Instead(func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // as the run is that was cancelled
		run, from := f.run(1), time.Now()
		run.Begin(ctx, update(result.StageDeploying))
		if took := time.Since(from); took > 100*time.Millisecond {
			t.Errorf("the run waits for it: %s", took)
		}
		if errs := run.End(ctx, update(result.StageCancelled)); len(errs) != 1 {
			t.Errorf("it is not said: %v", errs)
		}
		if took := time.Since(from); took > cancelTime+lastMoments+2*time.Second {
			t.Errorf("the end takes %s", took)
		}
	})
}

// After a cancel of the run there still is a moment.
func TestACancelledRunIsTold(t *testing.T) {
	onBoth(t, func(t *testing.T, f fake) {
		ctx, cancel := context.WithCancel(t.Context())
		run := f.run(1)
		run.Begin(ctx, update(result.StageDeploying))
		cancel()
		if errs := run.End(ctx, update(result.StageCancelled)); len(errs) > 0 {
			t.Error(errs)
		}
		f.is(t, "cancelled")
	})
}

func TestWhatCannotBeTold(t *testing.T) {
	onBoth(t, func(t *testing.T, f fake) {
		for name, c := range map[string]struct {
			change func(*Options)
			says   string
		}{
			"no token":           {func(o *Options) { o.GitHubToken, o.GitLabToken = "", "" }, "no token"},
			"another repository": {func(o *Options) { o.Own = false }, "own repository"},
			"by hand":            {func(o *Options) { o.Getenv = func(string) string { return "" } }, "outside"},
			"in the clear": {func(o *Options) {
				env := o.Getenv
				o.Getenv = func(name string) string { return strings.Replace(env(name), "https://", "HTTP://", 1) }
			}, "in the clear"},
			"no API": {func(o *Options) {
				env := o.Getenv
				o.Getenv = func(name string) string {
					if strings.Contains(name, "API") {
						return ""
					}
					return env(name)
				}
			}, "where the API answers"},
			"no repository": {func(o *Options) {
				env := o.Getenv
				o.Getenv = func(name string) string {
					if name == "GITHUB_REPOSITORY" || name == "CI_PROJECT_ID" {
						return "../../x"
					}
					return env(name)
				}
			}, "does not say which"},
		} {
			run := f.run(1, c.change)
			begins(t, run, result.StageDeploying)
			if errs := run.End(t.Context(), update(result.StageReady)); len(errs) != 1 || !strings.Contains(errs[0].Error(), c.says) {
				t.Errorf("%s: %v", name, errs)
			}
		}
		if len(f.Requests()) > 0 {
			t.Errorf("it was asked %q", f.Requests())
		}
	})
	(*Teller)(nil).Begin(t.Context(), update(result.StageReady))
	if errs := (*Teller)(nil).End(t.Context(), update(result.StageReady)); errs != nil {
		t.Error(errs)
	}
}

func TestNothingIsToldOfWhatChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, f fake) {
		run := f.run(1)
		begins(t, run, result.StageNone)
		ends(t, run, result.StageNone)
		if len(f.Requests()) > 0 {
			t.Errorf("it was asked %q", f.Requests())
		}
	})
}

func TestMark(t *testing.T) {
	m := mark{key: Key("identity\x00", "shop"), turn: 3, run: Run{Number: 41, Attempt: 2, Token: "ABC"}, stage: result.StageReady}
	if got, ok := parseMark(m.String() + "\nbody"); !ok || got != m {
		t.Errorf("got %+v, %t", got, ok)
	}
	if Key("a", "b") == Key("a", "c") || Key("a", "b") == Key("c", "b") || len(Key("", "")) != 32 {
		t.Error("the key does not tell apps apart")
	}
	whole := m.String()
	for _, body := range []string{
		"", "x", " " + whole + "\n", "> " + whole + "\n", whole, strings.Replace(whole, "turn=3", "turn=-3", 1) + "\n",
		strings.Replace(whole, "run=41", "run="+strings.Repeat("9", 19), 1) + "\n", strings.Replace(whole, "by=ABC", "by=A B", 1) + "\n",
		strings.Replace(whole, "stage=ready", "stage=", 1) + "\n", strings.ToUpper(whole) + "\n", strings.Repeat("x", 1<<20),
	} {
		if got, ok := parseMark(body); ok {
			t.Errorf("%.100q is %+v", body, got)
		}
	}
}
