package ci

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-dev/berth/internal/verb"
)

const (
	hubAlice = "/api/v3/repos/acme/shop/collaborators/alice/permission"
	hubSeven = "/api/v3/repos/acme/shop/pulls/7"
	hash     = "0123456789abcdef0123456789abcdef01234567"
)

// alice may, and pull request 7 is this.
func mayDo(permission string) string {
	return `{"permission": "` + permission + `", "role_name": "x", "user": {"login": "alice", "id": 1001}}`
}

func seven(change ...string) string {
	return strings.NewReplacer(change...).Replace(`{"number": 7, "state": "open", "draft": true, "labels": [{"name": "preview"}],
		"user": {"login": "octo", "id": 5, "type": "User"}, "author_association": "MEMBER",
		"head": {"ref": "login", "sha": "` + hash + `", "label": "octo:login", "repo": {"full_name": "octo/shop"}}}`)
}

// askAbout asks an API that answers so about alice's command on pull request 7.
func askAbout(t *testing.T, token string, answer http.HandlerFunc) (c Context, asked []string, err error) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		answer(w, r)
	}))
	defer server.Close()
	e := github("issue_comment", "refs/heads/main").withPayload(t, commented("/deploy"))
	e["GITHUB_API_URL"] = server.URL + "/api/v3"
	if c, err = Detect(e.get, &bytes.Buffer{}, nil).Context(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if !strings.Contains(t.Name(), "Slow") {
		ctx = t.Context()
	}
	c, err = newCommandAPI(e.get, token, server.Client().Transport).ask(ctx, c)
	return c, asked, err
}

// byPath answers by path, and 404 for whatever else it is asked.
func byPath(answers map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path]
		if !ok || r.Header.Get("Authorization") != "Bearer "+secretToken {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(answer))
	}
}

func TestAskAboutCommand(t *testing.T) {
	for _, permission := range []string{"admin", "write"} {
		got, asked, err := askAbout(t, secretToken, byPath(map[string]string{hubAlice: mayDo(permission), hubSeven: seven()}))
		if err != nil || len(asked) != 2 {
			t.Fatal(err, asked)
		}
		want := Context{
			Host: "github.com", Repository: "acme/shop", HeadRepository: "octo/shop", Branch: "login", SHA: hash, PullRequest: 7,
			DefaultBranch: "main", RefBranch: "main", Attempt: 3, Pages: gitHubPages,
			RunURL:  "https://github.com/acme/shop/actions/runs/42/attempts/3",
			Event:   Event{Name: "issue_comment", Action: "created"},
			Pull:    Pull{Draft: true, Labels: []string{"preview"}, Member: true},
			Mention: Mention{Branch: "login", HeadRepository: "octo/shop", Instead: "nothing, and leave it out"},
			Comment: Comment{ID: 99, Command: verb.Deploy, Login: "alice", UserID: 1001, Person: true, Asked: true},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	gone, _, err := askAbout(t, secretToken, byPath(map[string]string{hubAlice: mayDo("write"),
		hubSeven: seven(`{"full_name": "octo/shop"}`, "null")}))
	if err != nil || !gone.HeadUnknown || gone.HeadRepository != "" || gone.LostFork != "octo/shop" || gone.Pull.Member || !gone.Fork() {
		t.Errorf("the fork is gone: %+v, %v", gone, err)
	}
}

// Whatever does not say that this very account may write is no, and nothing else is asked.
func TestWhoMayNotCommand(t *testing.T) {
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = w.Write([]byte(mayDo("admin")))
		}
	}
	says := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"read":        {says(mayDo("read")), "alice may not write to the repository"},
		"none":        {says(mayDo("none")), "alice may not write"},
		"triage":      {says(mayDo("triage")), "alice may not write"},
		"nothing":     {says(mayDo("")), "alice may not write"},
		"in capitals": {says(mayDo("ADMIN")), "alice may not write"},
		"padded":      {says(mayDo("write ")), "alice may not write"},
		"403":         {status(http.StatusForbidden), "answered 403; give github-token a token with the permission metadata: read"},
		"404":         {status(http.StatusNotFound), "answered 404; give github-token"},
		"401":         {status(http.StatusUnauthorized), "answered 401; give github-token"},
		"204":         {status(http.StatusNoContent), "204"},
		"302":         {status(http.StatusFound, "Location", hubAlice+"x"), "302"},
		"500":         {status(http.StatusInternalServerError), "answered 500"},
		"limited": {status(http.StatusForbidden, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "4102444800"),
			"used up until 2100-01-01"},
		"limited, again":  {status(http.StatusTooManyRequests, "Retry-After", "60"), "rate limit is used up"},
		"another account": {says(strings.Replace(mayDo("admin"), "1001", "1002", 1)), "somebody else"},
		"another login":   {says(strings.Replace(mayDo("admin"), "alice", "bob", 1)), "somebody else"},
		"no account":      {says(`{"permission": "admin", "user": null}`), "somebody else"},
		"a list":          {says(`[` + mayDo("admin") + `]`), "read its answer"},
		"truncated":       {says(mayDo("admin")[:40]), "read its answer"},
		"empty":           {says(""), "read its answer"},
		"a page":          {says(`<html>::error::`), "read its answer"},
		"too long":        {says(`{"x": "` + strings.Repeat("x", maxAnswer) + `", ` + mayDo("admin")[1:]), "read its answer"},
	} {
		got, asked, err := askAbout(t, secretToken, c.answer)
		why := got.Comment.Refused
		if err != nil || !strings.Contains(why, c.says) || strings.Contains(why, secretToken) || strings.Contains(why, "::") {
			t.Errorf("%s: %q, %v", name, why, err)
		}
		if len(asked) != 1 || got.Branch != "" {
			t.Errorf("%s: it asked %q, about %+v", name, asked, got)
		}
	}
	got, asked, err := askAbout(t, "", says(mayDo("admin")))
	if err != nil || len(asked) > 0 || !strings.Contains(got.Comment.Refused, "no token was given; give github-token") {
		t.Errorf("without a token it asked %q: %q, %v", asked, got.Comment.Refused, err)
	}
}

func TestSlowAnswerIsNo(t *testing.T) {
	got, _, err := askAbout(t, secretToken, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	if err != nil || got.Comment.Refused == "" || got.Branch != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

// A pull request of which too little is known is an error: somebody who may command waits for it.
func TestCommandAboutNothingKnown(t *testing.T) {
	for name, c := range map[string]struct{ answer, says string }{
		"404":            {"", "404; give github-token a token with the permission pull-requests: read"},
		"another number": {seven(`"number": 7`, `"number": 8`), "names no head branch"},
		"no branch":      {seven(`"ref": "login"`, `"ref": ""`), "names no head branch"},
		"no commit":      {seven(hash, ""), "of which commit"},
		"half a commit":  {seven(hash, "0123456"), "of which commit"},
		"commands":       {seven(hash, `\n::error::x`), "of which commit"},
		"no state":       {seven(`"open"`, `"merged"`), "whether it is open"},
		"truncated":      {seven()[:100], "read its answer"},
	} {
		answers := map[string]string{hubAlice: mayDo("write")}
		if c.answer != "" {
			answers[hubSeven] = c.answer
		}
		got, _, err := askAbout(t, secretToken, byPath(answers))
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "::") || got.Branch != "" || got.SHA != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
