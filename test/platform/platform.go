// Package platform is a GitHub or a GitLab on loopback, as far as pull requests and
// deployments go, that answers as its documentation says. Tests have it answer otherwise.
package platform

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Fake keeps the comments of pull request 7 of acme/shop.
type Fake struct {
	GitLab bool
	Server *httptest.Server

	mu       sync.Mutex
	next     int64
	comments []comment
	deployed []*Deployment
	Pulls    string // answer to the search for pull requests
	Users    map[string]User
	// Pull is the answer about pull request 7, and Rights what an account may do to the
	// repository, by its name.
	Pull      string
	Rights    map[string]Right
	reactions []string
	requests  []string
	// instead answers in place of the platform where it returns true.
	instead func(w http.ResponseWriter, r *http.Request) bool
}

type comment struct {
	ID   int64
	Body string
	User User
}

type User struct {
	ID    int64
	Login string
	Type  string // Bot or User
	App   bool   // its token may not ask whose it is, on GitHub
	Mute  bool   // nor does the other API tell
}

var (
	Actions  = User{ID: 41898282, Login: "github-actions[bot]", Type: "Bot", App: true}
	Person   = User{ID: 1001, Login: "ada", Type: "User"}
	OtherApp = User{ID: 2002, Login: "other[bot]", Type: "Bot", App: true}
	Attacker = User{ID: 3003, Login: "mallory", Type: "User"}
)

// Token is the token that the platform knows.
const Token = "hunter2-platform-token"

func New(t testing.TB, onGitLab bool) *Fake {
	f := &Fake{GitLab: onGitLab, next: 100, Users: map[string]User{Token: Actions}, Pulls: "[]"}
	if onGitLab {
		f.Users[Token] = User{ID: 55, Login: "project_7_bot", Type: "User"}
	}
	f.Server = httptest.NewUnstartedServer(f)
	f.Server.Config.ErrorLog = log.New(io.Discard, "", 0) // who hangs up is no failure
	f.Server.StartTLS()
	t.Cleanup(f.Server.Close)
	return f
}

// Env is the environment of a run of the platform.
func (f *Fake) Env(run int) map[string]string {
	if f.GitLab {
		return map[string]string{"GITLAB_CI": "true", "CI_API_V4_URL": f.Server.URL + "/api/v4", "CI_PROJECT_ID": "5",
			"CI_JOB_ID": strconv.Itoa(run)}
	}
	return map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_API_URL": f.Server.URL + "/api/v3", "GITHUB_REPOSITORY": "acme/shop",
		"GITHUB_GRAPHQL_URL": f.Server.URL + "/api/graphql", "GITHUB_RUN_ID": strconv.Itoa(run), "GITHUB_RUN_ATTEMPT": "1"}
}

func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.requests = append(f.requests, r.Method+" "+r.URL.Path)
	instead := f.instead
	f.mu.Unlock()
	if instead != nil && instead(w, r) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if f.GitLab {
		token = r.Header.Get("Private-Token")
	}
	me, ok := f.Users[token]
	if !ok {
		answer(w, http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
		return
	}
	f.serve(w, r, me)
}

const (
	hubComments, hubComment = "/api/v3/repos/acme/shop/issues/7/comments", "/api/v3/repos/acme/shop/issues/comments/"
	labNotes                = "/api/v4/projects/5/merge_requests/7/notes"
)

func (f *Fake) serve(w http.ResponseWriter, r *http.Request, me User) {
	path, one := r.URL.Path, int64(0)
	for _, prefix := range []string{hubComment, labNotes + "/"} {
		if id, ok := strings.CutPrefix(path, prefix); ok && !strings.Contains(id, "/") {
			one, _ = strconv.ParseInt(id, 10, 64)
		}
	}
	switch {
	case path == "/api/v3/user" && me.App:
		answer(w, http.StatusForbidden, map[string]string{"message": "Resource not accessible by integration"})
	case path == "/api/v3/user", path == "/api/v4/user":
		answer(w, http.StatusOK, f.userJSON(me))
	case path == "/api/graphql" && me.Mute:
		answer(w, http.StatusOK, map[string]any{"data": nil, "errors": []any{map[string]string{"type": "FORBIDDEN"}}})
	case path == "/api/graphql":
		answer(w, http.StatusOK, map[string]any{"data": map[string]any{"viewer": map[string]string{"login": me.Login}}})
	case path == "/api/v3/repos/acme/shop/pulls", path == "/api/v4/projects/5/merge_requests":
		_, _ = io.WriteString(w, f.Pulls)
	case path == hubComments, path == labNotes:
		if r.Method == http.MethodPost {
			f.next++
			f.comments = append(f.comments, comment{f.next, bodyOf(r), me})
			answer(w, http.StatusCreated, f.commentJSON(f.comments[len(f.comments)-1]))
			return
		}
		f.list(w, r)
	case one != 0:
		f.one(w, r, one)
	case strings.HasPrefix(path, hubRights), path == hubPull, path == hubReactions:
		f.commands(w, r)
	case strings.HasPrefix(path, hubDeployments):
		f.deployments(w, r, strings.Trim(strings.TrimPrefix(path, hubDeployments), "/"))
	default:
		answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
	}
}

func bodyOf(r *http.Request) string {
	var sent struct{ Body string }
	_ = json.NewDecoder(r.Body).Decode(&sent)
	return sent.Body
}

// one edits or deletes a comment, whoever has written it: who may write to the repository
// may.
func (f *Fake) one(w http.ResponseWriter, r *http.Request, id int64) {
	i := slices.IndexFunc(f.comments, func(c comment) bool { return c.ID == id })
	switch {
	case i < 0:
		answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
	case r.Method == http.MethodDelete:
		f.comments = slices.Delete(f.comments, i, i+1)
		w.WriteHeader(http.StatusNoContent)
	default:
		f.comments[i].Body = bodyOf(r)
		answer(w, http.StatusOK, f.commentJSON(f.comments[i]))
	}
}

// list answers a page, oldest first.
func (f *Fake) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	page, _ := strconv.Atoi(query.Get("page"))
	size, _ := strconv.Atoi(query.Get("per_page"))
	page = max(page, 1)
	from := min((page-1)*size, len(f.comments))
	to := min(from+size, len(f.comments))
	if to < len(f.comments) {
		w.Header().Set("X-Next-Page", strconv.Itoa(page+1))
		query.Set("page", strconv.Itoa(page+1))
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?%s>; rel="next"`, f.Server.URL, r.URL.Path, query.Encode()))
	}
	all := []any{}
	for _, c := range f.comments[from:to] {
		all = append(all, f.commentJSON(c))
	}
	answer(w, http.StatusOK, all)
}

func (f *Fake) commentJSON(c comment) any {
	return map[string]any{"id": c.ID, "body": c.Body, "user": f.userJSON(c.User), "author": f.userJSON(c.User), "system": false}
}

func (f *Fake) userJSON(u User) any {
	return map[string]any{"id": u.ID, "login": u.Login, "username": u.Login, "type": u.Type}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// Bodies are the texts of the comments, without their marks.
func (f *Fake) Bodies() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.comments {
		body := c.Body
		if strings.HasPrefix(body, "<!--") {
			_, body, _ = strings.Cut(body, "\n")
		}
		all = append(all, body)
	}
	return all
}

// Comments are the texts of the comments, as they are stored.
func (f *Fake) Comments() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.comments {
		all = append(all, c.Body)
	}
	return all
}

// Requests are the method and path of each request so far.
func (f *Fake) Requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

// Says adds a comment, as somebody writes it.
func (f *Fake) Says(by User, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	f.comments = append(f.comments, comment{f.next, body, by})
}

// Change changes each comment. Those of which nothing is left are deleted.
func (f *Fake) Change(change func(body string) string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.comments {
		f.comments[i].Body = change(f.comments[i].Body)
	}
	f.comments = slices.DeleteFunc(f.comments, func(c comment) bool { return c.Body == "" })
}

// Self is whom the token belongs to.
func (f *Fake) Self() User { return f.Users[Token] }

// Instead has others answer in the platform's place, where they return true.
func (f *Fake) Instead(answer func(w http.ResponseWriter, r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.instead = answer
}
