package census

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/platformapi"
)

// gitLab is GitLab's API of one project.
type gitLab struct {
	*client
	repository string // path of the project
	project    string // its id, or its path where the environment does not tell that
	id         atomic.Int64
	// job is where the token is that of a job, which may not ask about the project itself.
	job *gitLabJob
}

// gitLabJob is the job that this is, as its environment tells.
type gitLabJob struct {
	id            string
	projectURL    string
	defaultBranch string
}

func newGitLab(base, token, repository, project string, job *gitLabJob, transport http.RoundTripper) api {
	g := &gitLab{
		client: &client{
			name: "GitLab", base: base, http: platformapi.NewClient(base, transport, limits),
			head: http.Header{"Private-Token": {token}, "User-Agent": {"berth"}},
			hint: "gitlab-token a token with the scope read_api, of a member who may see the project and its branches",
		},
		repository: repository, project: project, job: job,
	}
	if id, err := strconv.ParseInt(project, 10, 64); err == nil {
		g.id.Store(id)
	}
	if job != nil {
		g.head = http.Header{"Job-Token": {token}, "User-Agent": {"berth"}}
	}
	return g
}

func (g *gitLab) path() string { return "projects/" + url.PathEscape(g.project) }

// identify is api's. The id of a project stays when it is renamed or transferred, and its
// path does not.
// https://docs.gitlab.com/api/projects/#retrieve-a-project
func (g *gitLab) identify(ctx context.Context) (defaultBranch string, err error) {
	if g.job != nil {
		return g.job.defaultBranch, g.identifyJob(ctx)
	}
	what := "about the project " + g.repository
	var answer struct {
		ID            int64  `json:"id"`
		Path          string `json:"path_with_namespace"`
		DefaultBranch string `json:"default_branch"`
	}
	if _, err := g.get(ctx, what, g.path(), nil, &answer); err != nil {
		return "", err
	}
	switch known := g.id.Load(); {
	case answer.ID < 1 || answer.DefaultBranch == "":
		return "", g.odd(what, "it names no project with a default branch")
	case !strings.EqualFold(answer.Path, g.repository):
		return "", g.odd(what, fmt.Sprintf("it is about %.200q: was the project renamed or transferred?", answer.Path))
	case known != 0 && known != answer.ID:
		return "", g.odd(what, "it is about another project")
	}
	g.id.Store(answer.ID)
	return answer.DefaultBranch, nil
}

// identifyJob asks for the job whose token this is. Its address contains the project's path.
// https://docs.gitlab.com/api/jobs/#get-job-tokens-job
func (g *gitLab) identifyJob(ctx context.Context) error {
	what := "about this job"
	var answer struct {
		ID  int64  `json:"id"`
		URL string `json:"web_url"`
	}
	if _, err := g.get(ctx, what, "job", nil, &answer); err != nil {
		return err
	}
	at := strings.TrimSuffix(g.job.projectURL, "/") + "/-/jobs/" + g.job.id
	if strconv.FormatInt(answer.ID, 10) != g.job.id || !strings.EqualFold(answer.URL, at) {
		return g.odd(what, "it is about another one: was the project renamed or transferred?")
	}
	return nil
}

// gitLabPull is what is read of a merge request.
type gitLabPull struct {
	IID    int       `json:"iid"`
	State  string    `json:"state"` // opened, locked, closed or merged
	Branch string    `json:"source_branch"`
	Source *int64    `json:"source_project_id"` // null once the fork is deleted
	Target int64     `json:"target_project_id"`
	Labels *[]string `json:"labels"`
}

// read returns what an answer says, or why it is not understood. A merge request that is
// locked is being merged.
func (g *gitLab) read(p *gitLabPull) (pull, error) {
	is := pull{number: p.IID, branch: p.Branch}
	switch {
	case p.IID < 1 || p.Branch == "" || p.Target < 1:
		return is, errors.New("it names no source branch of a numbered merge request")
	case p.Target != g.id.Load():
		return is, errors.New("it is about a merge request of another project")
	case p.Labels == nil:
		return is, errors.New("it tells no labels")
	}
	switch p.State {
	case "opened", "locked":
		is.state = fleet.PullOpen
	case "closed":
		is.state = fleet.PullClosed
	case "merged":
		is.state = fleet.PullMerged
	default:
		return is, errors.New("it tells neither that it is open nor that it is closed")
	}
	for _, l := range *p.Labels {
		is.keep = is.keep || strings.EqualFold(l, keepLabel)
	}
	if p.Source != nil && *p.Source == p.Target {
		is.repository = g.repository
	}
	return is, nil
}

// open is api's.
// https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests
func (g *gitLab) open(ctx context.Context, of *fleet.App) ([]pull, error) {
	query := url.Values{"state": {"opened"}, "order_by": {"created_at"}, "sort": {"asc"}}
	what := "for the open merge requests of " + g.repository
	if of != nil {
		query.Set("source_branch", of.Origin.Branch)
		what = "for the open merge requests of the branch in " + g.repository
	}
	var found pulls
	err := list(ctx, g.client, what, g.path()+"/merge_requests", query, func(p gitLabPull) (bool, error) {
		is, err := g.read(&p)
		if err == nil && is.state != fleet.PullOpen {
			err = errors.New("not all of them are open")
		}
		return err == nil && found.add(is), err
	}, never)
	return found.all, err
}

// pull is api's.
// https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request
func (g *gitLab) pull(ctx context.Context, number int) (pull, error) {
	what := fmt.Sprintf("about merge request %d of %s", number, g.repository)
	var answer gitLabPull
	if _, err := g.get(ctx, what, g.path()+"/merge_requests/"+strconv.Itoa(number), nil, &answer); err != nil {
		return pull{}, err
	}
	is, err := g.read(&answer)
	switch {
	case err != nil:
		return pull{}, g.odd(what, err.Error())
	case is.number != number:
		return pull{}, g.odd(what, "it is about another one")
	}
	return is, nil
}

// branches is api's.
// https://docs.gitlab.com/api/branches/#list-repository-branches
func (g *gitLab) branches(ctx context.Context, seen func(string) bool) error {
	return listBranches(ctx, g.client, "for the branches of "+g.repository, g.path()+"/repository/branches", seen)
}

// hasBranch is api's. It asks for the branches that begin with the name, in whichever
// case, for the reason that gitHub's does. GitLab takes a search for one that begins with ^
// and ends in $ for that of a prefix that ends in $, so that it finds nothing.
func (g *gitLab) hasBranch(ctx context.Context, name string) (there bool, err error) {
	what := "for a branch of " + g.repository
	if strings.HasSuffix(name, "$") {
		return false, fmt.Errorf("ask GitLab %s: it cannot be asked for a name that ends in $", what)
	}
	type branch struct {
		Name string `json:"name"`
	}
	seen := map[string]bool{}
	query := url.Values{"search": {"^" + name}}
	err = list(ctx, g.client, what, g.path()+"/repository/branches", query, func(b branch) (bool, error) {
		if !strings.HasPrefix(strings.ToLower(b.Name), strings.ToLower(name)) {
			return false, errors.New("it has a branch that was not asked for")
		}
		there = there || b.Name == name
		isNew := !seen[b.Name]
		seen[b.Name] = true
		return isNew, nil
	}, func() bool { return there })
	return there && err == nil, err
}
