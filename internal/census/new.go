package census

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/berth-dev/berth/internal/fleet"
)

// Options are whom to ask, and about what.
type Options struct {
	Getenv      func(string) string // the CI's environment, which names the API
	GitHubToken string
	GitLabToken string
	Transport   http.RoundTripper

	// Host and Repository are of the repository that is asked about, as the environment or a
	// person names them. They are never taken from what stands on an object of the cluster:
	// a token goes to that host.
	Host       string
	Repository string
}

// New returns a Platform that has asked nothing yet. It asks nobody where there is no token to
// ask with.
func New(o Options) *Platform {
	p := &Platform{host: o.Host, repository: o.Repository}
	var err error
	p.api, err = o.api()
	if err == nil {
		return p
	}
	p.api, p.why = nil, err.Error()
	var untold unasked
	if errors.As(err, &untold) {
		p.access = fleet.NotAsked
	}
	return p
}

// unasked is why nobody is asked: there is no token for that. Any other error is one about a
// token that was given.
type unasked string

func (u unasked) Error() string { return string(u) }

const (
	giveGitHub = "give github-token a token with the permissions pull-requests: read and contents: read"
	giveGitLab = "give gitlab-token a token with the scope read_api"
)

func (o Options) api() (api, error) {
	switch {
	case o.Host == "" || o.Repository == "":
		return nil, unasked("it is not known which repository this is about")
	case o.Getenv("GITHUB_ACTIONS") == "true":
		return o.onGitHub()
	case o.Getenv("GITLAB_CI") == "true":
		return o.onGitLab()
	}
	return o.byHand()
}

// onGitHub asks the API that GitHub Actions names.
func (o Options) onGitHub() (api, error) {
	server, err := url.Parse(cmp.Or(o.Getenv("GITHUB_SERVER_URL"), "https://github.com"))
	switch {
	case err != nil || !strings.EqualFold(server.Host, o.Host):
		return nil, unasked("this run is not on " + o.Host + ", and its token goes to its own platform only")
	case o.GitHubToken == "":
		return nil, unasked("no token was given; " + giveGitHub)
	}
	base, err := apiAt(o.Getenv("GITHUB_API_URL"))
	if err != nil {
		return nil, err
	}
	return newGitHub(base, o.GitHubToken, o.Repository, o.Transport)
}

// onGitLab asks the API that GitLab CI names, with the job's own token where no other is given.
// That one may ask for branches and merge requests of its own project.
// https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access
func (o Options) onGitLab() (api, error) {
	env := o.Getenv
	own := strings.EqualFold(env("CI_PROJECT_PATH"), o.Repository)
	token, job := o.GitLabToken, (*gitLabJob)(nil)
	if token == "" && own && env("CI_JOB_TOKEN") != "" {
		token = env("CI_JOB_TOKEN")
		job = &gitLabJob{id: env("CI_JOB_ID"), projectURL: env("CI_PROJECT_URL"), defaultBranch: env("CI_DEFAULT_BRANCH")}
	}
	switch {
	case !strings.EqualFold(env("CI_SERVER_HOST"), o.Host):
		return nil, unasked("this run is not on " + o.Host + ", and its token goes to its own platform only")
	case token == "":
		return nil, unasked("no token was given; " + giveGitLab)
	case job != nil && (job.defaultBranch == "" || job.projectURL == "" || job.id == "" || env("CI_PROJECT_ID") == ""):
		return nil, errors.New("the environment does not say which project and job this is")
	}
	base, err := apiAt(env("CI_API_V4_URL"))
	if err != nil {
		return nil, err
	}
	project := o.Repository
	if own && env("CI_PROJECT_ID") != "" {
		project = env("CI_PROJECT_ID")
	}
	return newGitLab(base, token, o.Repository, project, job, o.Transport), nil
}

// byHand asks the API of the host that a person named, outside CI.
func (o Options) byHand() (api, error) {
	host := strings.ToLower(o.Host)
	if u, err := url.Parse("https://" + host); err != nil || u.Host != host || u.Hostname() == "" {
		return nil, errors.New("the host is not the name of one")
	}
	switch {
	case host == "github.com" && o.GitHubToken != "":
		return newGitHub("https://api.github.com/", o.GitHubToken, o.Repository, o.Transport)
	case strings.HasSuffix(host, ".ghe.com") && o.GitHubToken != "":
		return newGitHub("https://api."+host+"/", o.GitHubToken, o.Repository, o.Transport)
	case host == "github.com", strings.HasSuffix(host, ".ghe.com"):
		return nil, unasked("no token was given; " + giveGitHub)
	case host == "gitlab.com" && o.GitLabToken == "":
		return nil, unasked("no token was given; " + giveGitLab)
	case o.GitHubToken != "" && o.GitLabToken != "" && host != "gitlab.com":
		return nil, errors.New("both github-token and gitlab-token are given, and " + o.Host + " may be either; give the one that is its own")
	case o.GitHubToken != "" && host != "gitlab.com":
		return newGitHub("https://"+host+"/api/v3/", o.GitHubToken, o.Repository, o.Transport)
	case o.GitLabToken != "":
		return newGitLab("https://"+host+"/api/v4/", o.GitLabToken, o.Repository, o.Repository, nil, o.Transport), nil
	}
	return nil, unasked("no token was given; " + giveGitHub + ", or " + giveGitLab)
}

// apiAt returns the address of an API that a token may be sent to, with a slash at its end.
func apiAt(address string) (string, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return "", errors.New("the environment does not say where the API answers")
	case u.Scheme != "https":
		return "", errors.New("the API's address is not one of HTTPS, and a token is not sent in the clear")
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return strings.TrimSuffix(u.String(), "/") + "/", nil
}
