package census

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/platformapi"
)

// gitHub is GitHub's API of one repository.
type gitHub struct {
	*client
	repository string // owner/name
	path       string // of its resource, without a slash at its end
}

// gitHubName matches the name of a repository and its owner.
var gitHubName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*/[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$`)

func newGitHub(base, token, repository string, transport http.RoundTripper) (api, error) {
	if !gitHubName.MatchString(repository) {
		return nil, fmt.Errorf("%q is not the name of a repository on GitHub", repository)
	}
	return &gitHub{
		client: &client{
			name: "GitHub", base: base, http: platformapi.NewClient(base, transport, limits),
			head: http.Header{
				"Accept": {"application/vnd.github+json"}, "Authorization": {"Bearer " + token}, "User-Agent": {"berth"},
				"X-Github-Api-Version": {"2022-11-28"},
			},
			hint: "github-token a token that may see the repository, with the permissions pull-requests: read and contents: read",
		},
		repository: repository, path: "repos/" + repository,
	}, nil
}

// identify is api's. A repository that was renamed or transferred is answered with a
// redirect, which is not followed.
// https://docs.github.com/en/rest/repos/repos#get-a-repository
func (g *gitHub) identify(ctx context.Context) (defaultBranch string, err error) {
	what := "about the repository " + g.repository
	var answer struct {
		Name          string `json:"full_name"`
		DefaultBranch string `json:"default_branch"`
	}
	if _, err := g.get(ctx, what, g.path, nil, &answer); err != nil {
		return "", err
	}
	switch {
	case answer.Name == "" || answer.DefaultBranch == "":
		return "", g.odd(what, "it names no repository with a default branch")
	case !strings.EqualFold(answer.Name, g.repository):
		return "", g.odd(what, fmt.Sprintf("it is about %.200q: was the repository renamed or transferred?", answer.Name))
	}
	return answer.DefaultBranch, nil
}

// gitHubPull is what is read of a pull request.
type gitHubPull struct {
	Number   int     `json:"number"`
	State    string  `json:"state"` // open or closed
	MergedAt *string `json:"merged_at"`
	Labels   *[]struct {
		Name string `json:"name"`
	} `json:"labels"`
	Head struct {
		Ref  string `json:"ref"`
		Repo *struct {
			Name string `json:"full_name"`
		} `json:"repo"` // null once the fork is deleted
	} `json:"head"`
	Base struct {
		Repo struct {
			Name string `json:"full_name"`
		} `json:"repo"`
	} `json:"base"`
}

// read returns what an answer says, or why it is not understood.
func (g *gitHub) read(p *gitHubPull) (pull, error) {
	is := pull{number: p.Number, branch: p.Head.Ref}
	switch {
	case p.Number < 1 || p.Head.Ref == "":
		return is, errors.New("it names no head branch of a numbered pull request")
	case !strings.EqualFold(p.Base.Repo.Name, g.repository):
		return is, errors.New("it is about a pull request of another repository")
	case p.Labels == nil:
		return is, errors.New("it tells no labels")
	case p.State == "open":
		is.state = fleet.PullOpen
	case p.State != "closed":
		return is, errors.New("it tells neither that it is open nor that it is closed")
	case p.MergedAt != nil:
		is.state = fleet.PullMerged
	default:
		is.state = fleet.PullClosed
	}
	for _, l := range *p.Labels {
		is.keep = is.keep || strings.EqualFold(l.Name, keepLabel)
	}
	if p.Head.Repo != nil {
		is.repository = p.Head.Repo.Name
	}
	return is, nil
}

// open is api's. The order makes those that are opened meanwhile come last.
// https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
func (g *gitHub) open(ctx context.Context, of *fleet.App) ([]pull, error) {
	query := url.Values{"state": {"open"}, "sort": {"created"}, "direction": {"asc"}}
	what := "for the open pull requests of " + g.repository
	if of != nil {
		owner, _, _ := strings.Cut(headOf(of), "/")
		query.Set("head", owner+":"+of.Origin.Branch)
		what = "for the open pull requests of the branch in " + g.repository
	}
	var found pulls
	err := list(ctx, g.client, what, g.path+"/pulls", query, func(p gitHubPull) (bool, error) {
		is, err := g.read(&p)
		if err == nil && is.state != fleet.PullOpen {
			err = errors.New("not all of them are open")
		}
		return err == nil && found.add(is), err
	}, never)
	return found.all, err
}

// pull is api's.
// https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
func (g *gitHub) pull(ctx context.Context, number int) (pull, error) {
	what := fmt.Sprintf("about pull request %d of %s", number, g.repository)
	var answer gitHubPull
	if _, err := g.get(ctx, what, g.path+"/pulls/"+strconv.Itoa(number), nil, &answer); err != nil {
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
// https://docs.github.com/en/rest/branches/branches#list-branches
func (g *gitHub) branches(ctx context.Context, seen func(string) bool) error {
	return listBranches(ctx, g.client, "for the branches of "+g.repository, g.path+"/branches", seen)
}

// listBranches lists branches as both platforms do.
func listBranches(ctx context.Context, c *client, what, path string, seen func(string) bool) error {
	names, done := map[string]bool{}, false
	type branch struct {
		Name string `json:"name"`
	}
	return list(ctx, c, what, path, url.Values{}, func(b branch) (bool, error) {
		if b.Name == "" {
			return false, errors.New("it has a branch without a name")
		}
		isNew := !names[b.Name]
		names[b.Name] = true
		if isNew && !seen(b.Name) {
			done = true
		}
		return isNew, nil
	}, func() bool { return done })
}

// hasBranch is api's. It asks for the refs that begin with the branch's name: a list
// without the branch says that it is not there, which the 404 for one ref does not.
// https://docs.github.com/en/rest/git/refs#list-matching-references
func (g *gitHub) hasBranch(ctx context.Context, name string) (there bool, err error) {
	what := "for a branch of " + g.repository
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	type ref struct {
		Ref string `json:"ref"`
	}
	seen := map[string]bool{}
	err = list(ctx, g.client, what, g.path+"/git/matching-refs/heads/"+strings.Join(parts, "/"), url.Values{}, func(r ref) (bool, error) {
		if !strings.HasPrefix(r.Ref, "refs/heads/"+name) {
			return false, errors.New("it has a ref that was not asked for")
		}
		there = there || r.Ref == "refs/heads/"+name
		isNew := !seen[r.Ref]
		seen[r.Ref] = true
		return isNew, nil
	}, func() bool { return there })
	return there && err == nil, err
}
