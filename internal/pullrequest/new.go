package pullrequest

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/platformapi"
)

// limits are those of every request. A page of comments may be long.
var limits = platformapi.Limits{Time: 8 * time.Second, Bytes: 32 << 20}

// Options are what is to be told, where, and of which review app.
type Options struct {
	Comment    bool
	Deployment bool

	Getenv      func(string) string // the CI's environment, which names the API
	GitHubToken string
	GitLabToken string
	Transport   http.RoundTripper

	Own            bool   // the app belongs to the repository that the run is of
	Repository     string // that the app belongs to
	HeadRepository string // that the branch lives in
	Branch         string // untrusted text
	Number         int    // of the pull request; 0: it is looked up
	SHA            string // commit of the deployment; empty: the branch
	Environment    string // name of the deployment's
	Key            string // as of Key
	Down           bool   // the run takes the app down
	// StopURL is where an app that goes has answered, for its environment on GitLab to be
	// stopped. It is empty where a job has that environment, which stops it.
	StopURL string
}

// New returns a Teller that has sent nothing yet. What keeps it from telling is told at the
// end.
func New(o Options) *Teller {
	t := &Teller{}
	add := func(wanted bool, make func(Options) (part, error)) {
		if !wanted {
			return
		}
		p, err := make(o)
		if err != nil {
			p = unable(err)
		}
		t.parts = append(t.parts, p)
	}
	add(o.Comment, newCommenting)
	add(o.Deployment, newDeploying)
	add(o.StopURL != "" && o.Down && o.onGitLab(), newStopping)
	return t
}

// unable returns a part that cannot tell.
func unable(why error) part {
	return part{
		begin: func(context.Context, Update) error { return nil },
		end:   func(context.Context, Update) error { return why },
	}
}

func newCommenting(o Options) (part, error) {
	c := &commenting{key: o.Key, run: o.run(), down: o.Down}
	var err error
	switch {
	case !o.onGitHub() && !o.onGitLab():
		return part{}, errors.New("outside GitHub and GitLab there is no pull request to comment on; leave the input comment out here")
	case !o.Own:
		return part{}, errors.New("a comment is written in the run's own repository only; leave the input comment out here")
	case o.onGitHub():
		c.open, err = o.gitHubThread()
	default:
		c.open, err = o.gitLabThread()
	}
	if err != nil {
		return part{}, err
	}
	return part{c.begin, c.end}, nil
}

func (o *Options) onGitHub() bool { return o.Getenv("GITHUB_ACTIONS") == "true" }
func (o *Options) onGitLab() bool { return o.Getenv("GITLAB_CI") == "true" }

// run returns the run of the CI that this is.
func (o *Options) run() Run {
	id, attempt := o.Getenv("CI_JOB_ID"), ""
	if o.onGitHub() {
		id, attempt = o.Getenv("GITHUB_RUN_ID"), o.Getenv("GITHUB_RUN_ATTEMPT")
	}
	return Run{Number: positive(id), Attempt: positive(attempt), Token: rand.Text()}
}

// positive returns a number of at most 18 digits, and 0 for anything else.
func positive(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || len(s) > 18 {
		return 0
	}
	return n
}

// apiAt returns the address of an API that a token may be sent to.
func apiAt(address, token, hint string) (string, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return "", errors.New("the environment does not say where the API answers")
	case u.Scheme != "https":
		return "", errors.New("the API's address is not one of HTTPS, and a token is not sent in the clear")
	case token == "":
		return "", errors.New("no token was given; give " + hint)
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return strings.TrimSuffix(u.String(), "/") + "/", nil
}

// gitHubRepository is a repository on GitHub, and a client for its API.
func (o *Options) gitHubRepository(permission string) (*gitHub, error) {
	base, err := apiAt(o.Getenv("GITHUB_API_URL"), o.GitHubToken, "github-token a token with the permission "+permission)
	if err != nil {
		return nil, err
	}
	owner, repo, ok := strings.Cut(o.Getenv("GITHUB_REPOSITORY"), "/")
	if !ok || owner == "" || repo == "" || strings.ContainsAny(repo, "/?#%") || strings.ContainsAny(owner, "?#%") {
		return nil, errors.New("the environment does not say which repository this is")
	}
	client, err := platformapi.NewGitHub(base, o.GitHubToken, o.Transport, limits)
	if err != nil {
		return nil, err
	}
	graphQL := o.Getenv("GITHUB_GRAPHQL_URL")
	if graphQL == "" {
		graphQL = base + "graphql"
	}
	return &gitHub{client: client, graphQL: graphQL, owner: owner, repo: repo, number: o.Number}, nil
}

func (o *Options) gitHubThread() (opener, error) {
	g, err := o.gitHubRepository("pull-requests: write")
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (*thread, error) {
		if g.number == 0 {
			n, err := g.find(ctx, o.HeadRepository, o.Branch, o.Down)
			if err != nil || n == 0 {
				return nil, err
			}
			g.number = n
		}
		return g.thread(), nil
	}, nil
}

func (o *Options) gitLabThread() (opener, error) {
	base, err := apiAt(o.Getenv("CI_API_V4_URL"), o.GitLabToken, "gitlab-token a token with the scope api")
	if err != nil {
		return nil, err
	}
	project := o.Getenv("CI_MERGE_REQUEST_PROJECT_ID") // of a fork's pipeline, the one that it asks to be merged into
	if project == "" {
		project = o.Getenv("CI_PROJECT_ID")
	}
	if positive(project) == 0 {
		return nil, errors.New("the environment does not say which project this is")
	}
	g := &gitLab{
		client: platformapi.NewClient(base, o.Transport, limits),
		header: http.Header{"Private-Token": {o.GitLabToken}, "User-Agent": {"berth"}},
		api:    base, project: project, number: o.Number,
	}
	return func(ctx context.Context) (*thread, error) {
		// A fork's merge request is known by its number alone.
		if g.number == 0 && strings.EqualFold(o.HeadRepository, o.Repository) {
			n, err := g.find(ctx, o.Branch, o.Down)
			if err != nil {
				return nil, err
			}
			g.number = n
		}
		if g.number == 0 {
			return nil, nil
		}
		return g.thread(), nil
	}, nil
}
