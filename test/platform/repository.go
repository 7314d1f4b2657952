package platform

import (
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Repository is one repository with its branches and pull requests on a GitHub or GitLab on
// loopback, as far as a sweep asks about it.
type Repository struct {
	GitLab bool
	Server *httptest.Server

	mu       sync.Mutex
	name     string
	main     string
	branches []string
	pulls    map[int]Pull
	requests []string
	instead  func(w http.ResponseWriter, r *http.Request) bool
}

// Pull is a pull request, or merge request.
type Pull struct {
	State  string // open, closed, merged; locked on GitLab
	Branch string
	From   string // owner/name that the branch lives in; empty: that fork is deleted
	Labels []string
}

// JobToken is a GitLab job's own token, which may ask for little.
const JobToken = "hunter2-job-token"

// project is the id of the project on GitLab.
const project = 7

// NewRepository returns acme/shop, with a branch main and nothing else.
func NewRepository(t testing.TB, onGitLab bool) *Repository {
	p := &Repository{GitLab: onGitLab, name: "acme/shop", main: "main", branches: []string{"main"}, pulls: map[int]Pull{}}
	p.Server = httptest.NewUnstartedServer(p)
	p.Server.Config.ErrorLog = log.New(io.Discard, "", 0) // who hangs up is no failure
	p.Server.StartTLS()
	t.Cleanup(p.Server.Close)
	return p
}

// Env is the environment of a run of the platform in the repository, as it was called when the
// run began.
func (p *Repository) Env() map[string]string {
	if p.GitLab {
		return map[string]string{"GITLAB_CI": "true", "CI_API_V4_URL": p.Server.URL + "/api/v4", "CI_SERVER_HOST": "gitlab.example.com",
			"CI_PROJECT_ID": strconv.Itoa(project), "CI_PROJECT_PATH": "acme/shop", "CI_DEFAULT_BRANCH": "main", "CI_JOB_ID": "41",
			"CI_PROJECT_URL": "https://gitlab.example.com/acme/shop"}
	}
	return map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_API_URL": p.Server.URL + "/api/v3", "GITHUB_REPOSITORY": "acme/shop",
		"GITHUB_SERVER_URL": "https://ghe.example.com"}
}

// Host is where the environment says that the platform is.
func (p *Repository) Host() string {
	if p.GitLab {
		return "gitlab.example.com"
	}
	return "ghe.example.com"
}

// Rename renames or transfers the repository.
func (p *Repository) Rename(name string) { p.with(func() { p.name = name }) }

// Push adds branches.
func (p *Repository) Push(branches ...string) {
	p.with(func() { p.branches = append(p.branches, branches...) })
}

// Delete deletes a branch.
func (p *Repository) Delete(branch string) {
	p.with(func() { p.branches = slices.DeleteFunc(p.branches, func(b string) bool { return b == branch }) })
}

// Set says how a pull request is.
func (p *Repository) Set(number int, is Pull) { p.with(func() { p.pulls[number] = is }) }

// Instead has requests answered by another, which returns false where the platform is to answer.
func (p *Repository) Instead(answer func(w http.ResponseWriter, r *http.Request) bool) {
	p.with(func() { p.instead = answer })
}

// Requests are those that were sent, and forgets them.
func (p *Repository) Requests() (all []string) {
	p.with(func() { all, p.requests = p.requests, nil })
	return all
}

func (p *Repository) with(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

func (p *Repository) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var instead func(w http.ResponseWriter, r *http.Request) bool
	p.with(func() {
		p.requests = append(p.requests, r.Method+" "+r.URL.RequestURI())
		instead = p.instead
	})
	if instead != nil && instead(w, r) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	job := p.GitLab && r.Header.Get("Job-Token") == JobToken
	switch {
	case r.Method != http.MethodGet:
		answer(w, http.StatusMethodNotAllowed, message("only read"))
	case !job && strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") != Token && r.Header.Get("Private-Token") != Token:
		answer(w, http.StatusUnauthorized, message("Bad credentials"))
	case p.GitLab:
		p.onGitLab(w, r, job)
	default:
		p.onGitHub(w, r)
	}
}

func message(s string) any { return map[string]string{"message": s} }

func (p *Repository) onGitHub(w http.ResponseWriter, r *http.Request) {
	below, ours := strings.CutPrefix(r.URL.Path, "/api/v3/repos/"+p.name)
	query := r.URL.Query()
	number, _ := strconv.Atoi(strings.TrimPrefix(below, "/pulls/"))
	prefix, isRefs := strings.CutPrefix(below, "/git/matching-refs/heads/")
	switch {
	case !ours && strings.HasPrefix(r.URL.Path, "/api/v3/repos/acme/shop"):
		http.Redirect(w, r, p.Server.URL+"/api/v3/repositories/1", http.StatusMovedPermanently)
	case !ours:
		answer(w, http.StatusNotFound, message("Not Found"))
	case below == "":
		answer(w, http.StatusOK, map[string]any{"full_name": p.name, "default_branch": p.main})
	case below == "/pulls":
		page(w, r, p.list(func(is Pull) bool {
			owner, _, _ := strings.Cut(is.From, "/")
			return is.State == "open" && (query.Get("head") == "" || query.Get("head") == owner+":"+is.Branch)
		}))
	case number > 0 && p.pulls[number].Branch != "":
		answer(w, http.StatusOK, p.gitHubPull(number))
	case below == "/branches":
		page(w, r, named("name", p.branches, func(string) bool { return true }))
	case isRefs:
		refs := make([]string, len(p.branches))
		for i, b := range p.branches {
			refs[i] = "refs/heads/" + b
		}
		page(w, r, named("ref", refs, func(ref string) bool { return strings.HasPrefix(ref, "refs/heads/"+prefix) }))
	default:
		answer(w, http.StatusNotFound, message("Not Found"))
	}
}

func (p *Repository) onGitLab(w http.ResponseWriter, r *http.Request, job bool) {
	if r.URL.Path == "/api/v4/job" && job {
		answer(w, http.StatusOK, map[string]any{"id": 41, "web_url": "https://gitlab.example.com/" + p.name + "/-/jobs/41"})
		return
	}
	path, query := r.URL.EscapedPath(), r.URL.Query()
	below, ours := strings.CutPrefix(path, fmt.Sprintf("/api/v4/projects/%d", project))
	if !ours {
		below, ours = strings.CutPrefix(path, "/api/v4/projects/"+url.PathEscape(p.name))
	}
	number, _ := strconv.Atoi(strings.TrimPrefix(below, "/merge_requests/"))
	switch {
	case !ours && strings.HasPrefix(path, "/api/v4/projects/acme%2Fshop"):
		http.Redirect(w, r, fmt.Sprintf("%s/api/v4/projects/%d", p.Server.URL, project), http.StatusMovedPermanently)
	case !ours, below == "" && job:
		answer(w, http.StatusNotFound, message("404 Project Not Found"))
	case below == "":
		answer(w, http.StatusOK, map[string]any{"id": project, "path_with_namespace": p.name, "default_branch": p.main})
	case below == "/merge_requests":
		page(w, r, p.list(func(is Pull) bool {
			return is.State == "open" && (query.Get("source_branch") == "" || query.Get("source_branch") == is.Branch)
		}))
	case number > 0 && p.pulls[number].Branch != "":
		answer(w, http.StatusOK, p.gitLabPull(number))
	case below == "/repository/branches":
		page(w, r, named("name", p.branches, found(query.Get("search"))))
	default:
		answer(w, http.StatusNotFound, message("404 Not Found"))
	}
}

// found is what GitLab finds for a search, in whichever case.
func found(search string) func(string) bool {
	search = strings.ToLower(search)
	return func(name string) bool {
		name = strings.ToLower(name)
		if prefix, ok := strings.CutPrefix(search, "^"); ok {
			return strings.HasPrefix(name, prefix)
		}
		if suffix, ok := strings.CutSuffix(search, "$"); ok {
			return strings.HasSuffix(name, suffix)
		}
		return strings.Contains(name, search)
	}
}

func (p *Repository) list(wanted func(Pull) bool) (all []any) {
	for _, number := range slices.Sorted(maps.Keys(p.pulls)) {
		if !wanted(p.pulls[number]) {
			continue
		}
		if p.GitLab {
			all = append(all, p.gitLabPull(number))
		} else {
			all = append(all, p.gitHubPull(number))
		}
	}
	return all
}

func (p *Repository) gitHubPull(number int) any {
	is := p.pulls[number]
	labels := []any{}
	for _, l := range is.Labels {
		labels = append(labels, map[string]string{"name": l})
	}
	head := map[string]any{"ref": is.Branch, "repo": nil}
	if is.From != "" {
		head["repo"] = map[string]string{"full_name": is.From}
	}
	one := map[string]any{"number": number, "state": is.State, "merged_at": nil, "labels": labels, "head": head,
		"base": map[string]any{"ref": p.main, "repo": map[string]string{"full_name": p.name}}}
	if is.State == "merged" {
		one["state"], one["merged_at"] = "closed", "2026-11-30T12:00:00Z"
	}
	return one
}

func (p *Repository) gitLabPull(number int) any {
	is := p.pulls[number]
	one := map[string]any{"iid": number, "state": is.State, "source_branch": is.Branch, "target_branch": p.main,
		"source_project_id": nil, "target_project_id": project, "labels": append([]string{}, is.Labels...)}
	switch is.From {
	case "":
	case p.name:
		one["source_project_id"] = project
	default:
		one["source_project_id"] = 1000
	}
	if is.State == "open" {
		one["state"] = "opened"
	}
	return one
}

// named are objects that hold a text each, of those that are wanted.
func named(key string, names []string, wanted func(string) bool) (all []any) {
	for _, name := range slices.Sorted(slices.Values(names)) {
		if wanted(name) {
			all = append(all, map[string]string{key: name})
		}
	}
	return all
}

// page answers with one page of a list, and says whether another follows.
func page(w http.ResponseWriter, r *http.Request, all []any) {
	number, _ := strconv.Atoi(r.URL.Query().Get("page"))
	size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	number, size = max(number, 1), min(max(size, 1), 100)
	from, to := min((number-1)*size, len(all)), min(number*size, len(all))
	if to < len(all) {
		next := *r.URL
		query := next.Query()
		query.Set("page", strconv.Itoa(number+1))
		next.RawQuery = query.Encode()
		w.Header().Set("Link", fmt.Sprintf(`<https://%s%s>; rel="next"`, r.Host, next.RequestURI()))
		w.Header().Set("X-Next-Page", strconv.Itoa(number+1))
	}
	answer(w, http.StatusOK, append([]any{}, all[from:to]...))
}
