package ci

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Head is the branch that a pull or merge request is about. All of it is untrusted
// text.
type Head struct {
	Repository string // owner/name that the branch lives in; empty when that fork is gone
	LostFork   string // owner/name that a fork which is gone most likely had, as in Context
	Branch     string
	SHA        string
	Closed     bool // the pull or merge request is closed, or merged
}

// Pulls asks the platform's API about pull or merge requests of the run's own
// repository.
type Pulls interface {
	// Head returns the branch of a pull or merge request. The error says, for people,
	// why it is not known.
	Head(ctx context.Context, number int) (Head, error)
}

// NewPulls returns the Pulls of the platform that Detect returns. Outside CI nobody
// can be asked.
func NewPulls(getenv func(string) string, t Tokens) Pulls {
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		return gitHubPulls(getenv, t.GitHub, http.DefaultTransport)
	case getenv("GITLAB_CI") == "true":
		return gitLabPulls(getenv, t.GitLab, http.DefaultTransport)
	default:
		return noPulls{}
	}
}

type noPulls struct{}

func (noPulls) Head(context.Context, int) (Head, error) {
	return Head{}, errors.New("outside CI there is nobody to ask about a pull request")
}

// gitHubPullAPI is GitHub's API of a repository's pull requests.
type gitHubPullAPI struct {
	api
	url        string // empty when the environment does not tell it
	repository string
}

func gitHubPulls(getenv func(string) string, token string, transport http.RoundTripper) *gitHubPullAPI {
	repository := getenv("GITHUB_REPOSITORY")
	return &gitHubPullAPI{
		api:        gitHubAPI(getenv("GITHUB_API_URL"), token, "pull-requests: read", transport),
		url:        joinURL(getenv("GITHUB_API_URL"), "repos", repository, "pulls"),
		repository: repository,
	}
}

// Head implements Pulls.
func (a *gitHubPullAPI) Head(ctx context.Context, number int) (Head, error) {
	is, err := a.pull(ctx, number)
	if err != nil {
		return Head{}, err
	}
	about := Context{Repository: a.repository, HeadUnknown: true}
	if err := about.setPullRequest(is); err != nil {
		return Head{}, err
	}
	return Head{Repository: about.HeadRepository, LostFork: about.LostFork, Branch: about.Branch, SHA: about.SHA,
		Closed: about.Pull.Closed}, nil
}

// isOurs reports whether a pull request is one of the repository that is asked about, whatever
// answered.
func (a *gitHubPullAPI) isOurs(p *pullRequest) bool {
	base := p.Base.Repo.FullName
	return base == "" || strings.EqualFold(base, a.repository)
}

// pull returns a pull request.
// https://docs.github.com/en/rest/pulls/pulls
func (a *gitHubPullAPI) pull(ctx context.Context, number int) (*pullRequest, error) {
	if err := a.mayAsk(a.url); err != nil {
		return nil, fmt.Errorf("GitHub is not asked about pull request %d: %w", number, err)
	}
	var answer pullRequest
	if err := a.get(ctx, a.url+strconv.Itoa(number), &answer); err != nil {
		return nil, fmt.Errorf("ask GitHub about pull request %d: %w", number, err)
	}
	if answer.Number != number || number < 1 || answer.Head.Ref == "" {
		return nil, fmt.Errorf("ask GitHub about pull request %d: its answer names no head branch of it", number)
	}
	if !a.isOurs(&answer) {
		return nil, fmt.Errorf("ask GitHub about pull request %d: it answered about one of another repository", number)
	}
	return &answer, nil
}

// gitLabPullAPI is GitLab's API of a project's merge requests.
type gitLabPullAPI struct {
	api
	projects   string // URL; empty when the environment does not tell it
	project    string // id of the one that the merge requests go to
	repository string // its path
}

func gitLabPulls(getenv func(string) string, token string, transport http.RoundTripper) *gitLabPullAPI {
	a := &gitLabPullAPI{
		api:      gitLabAPI(getenv("CI_API_V4_URL"), token, transport),
		projects: joinURL(getenv("CI_API_V4_URL"), "projects"),
		project:  getenv("CI_PROJECT_ID"), repository: getenv("CI_PROJECT_PATH"),
	}
	if target := getenv("CI_MERGE_REQUEST_PROJECT_ID"); target != "" {
		a.project, a.repository = target, getenv("CI_MERGE_REQUEST_PROJECT_PATH")
	}
	return a
}

// Head implements Pulls.
// https://docs.gitlab.com/api/merge_requests/
func (a *gitLabPullAPI) Head(ctx context.Context, number int) (Head, error) {
	url := joinURL(a.projects, a.project, "merge_requests")
	if err := a.mayAsk(url); err != nil {
		return Head{}, fmt.Errorf("GitLab is not asked about merge request %d: %w", number, err)
	}
	var answer struct {
		IID           int    `json:"iid"`
		SourceBranch  string `json:"source_branch"`
		SourceProject *int64 `json:"source_project_id"` // null once the fork is deleted
		TargetProject int64  `json:"target_project_id"`
		SHA           string `json:"sha"`
		State         string `json:"state"` // opened, locked, closed or merged
	}
	if err := a.get(ctx, url+strconv.Itoa(number), &answer); err != nil {
		return Head{}, fmt.Errorf("ask GitLab about merge request %d: %w", number, err)
	}
	if answer.IID != number || answer.SourceBranch == "" || answer.TargetProject == 0 {
		return Head{}, fmt.Errorf("ask GitLab about merge request %d: its answer names no source branch of it", number)
	}
	if strconv.FormatInt(answer.TargetProject, 10) != a.project {
		return Head{}, fmt.Errorf("ask GitLab about merge request %d: it answered about one of another project", number)
	}
	head := Head{Branch: answer.SourceBranch, SHA: answer.SHA, Closed: answer.State == "closed" || answer.State == "merged"}
	switch source := answer.SourceProject; {
	case source == nil:
	case *source == answer.TargetProject:
		head.Repository = a.repository
	default:
		var err error
		if head.Repository, err = a.path(ctx, *source); err != nil {
			return Head{}, fmt.Errorf("ask GitLab about the source project of merge request %d: %w", number, err)
		}
	}
	return head, nil
}

// path returns the path of a project. One that may not be seen is an error: it may
// be there.
func (a *gitLabPullAPI) path(ctx context.Context, project int64) (string, error) {
	var answer struct {
		ID   int64  `json:"id"`
		Path string `json:"path_with_namespace"`
	}
	if err := a.get(ctx, a.projects+strconv.FormatInt(project, 10), &answer); err != nil {
		return "", err
	}
	if answer.ID != project || answer.Path == "" {
		return "", errors.New("its answer names no path")
	}
	return answer.Path, nil
}
