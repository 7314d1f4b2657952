package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v89/github"

	"github.com/berth-dev/berth/internal/platformapi"
)

const (
	perPage = 100
	// maxPages ends the search for a comment: no pull request that people read has more.
	maxPages = 50
)

// gitHub is a pull request's comments on GitHub, which are those of the issue of its number.
// https://docs.github.com/en/rest/issues/comments
type gitHub struct {
	client      *github.Client
	graphQL     string // URL
	owner, repo string
	number      int
}

// marked is thread's.
func (g *gitHub) marked(ctx context.Context, key string) (found []comment, err error) {
	page := github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: perPage}}
	for range maxPages {
		comments, response, err := g.client.Issues.ListComments(ctx, g.owner, g.repo, g.number, &page)
		if err != nil {
			return nil, g.failed("list the comments", err)
		}
		for _, c := range comments {
			if m, ok := parseMark(c.GetBody()); ok && m.key == key && c.GetID() > 0 {
				found = append(found, comment{id: c.GetID(), author: gitHubAuthor(c.GetUser()), mark: m})
			}
		}
		if page.Page = response.NextPage; page.Page == 0 {
			return found, nil
		}
	}
	return nil, fmt.Errorf("list the comments of pull request %d: there are more than %d", g.number, maxPages*perPage)
}

func gitHubAuthor(u *github.User) author {
	return author{id: u.GetID(), login: u.GetLogin(), bot: u.GetType() == "Bot"}
}

// create is thread's.
func (g *gitHub) create(ctx context.Context, body string) (author, error) {
	c, _, err := g.client.Issues.CreateComment(ctx, g.owner, g.repo, g.number, &github.IssueComment{Body: &body})
	if err != nil {
		return author{}, g.failed("comment", err)
	}
	return gitHubAuthor(c.GetUser()), nil
}

// edit is thread's.
func (g *gitHub) edit(ctx context.Context, id int64, body string) error {
	if _, _, err := g.client.Issues.EditComment(ctx, g.owner, g.repo, id, &github.IssueComment{Body: &body}); err != nil {
		return g.failed("edit the comment", err)
	}
	return nil
}

// remove is thread's.
func (g *gitHub) remove(ctx context.Context, id int64) error {
	if _, err := g.client.Issues.DeleteComment(ctx, g.owner, g.repo, id); err != nil {
		return g.failed("delete a comment", err)
	}
	return nil
}

// self is thread's. A person's token says whom it belongs to. An app's may not ask
// that, the job's own among them; the other API says it of these, too.
func (g *gitHub) self(ctx context.Context) (author, error) {
	user, _, err := g.client.Users.Get(ctx, "")
	if err == nil && user.GetID() > 0 {
		return gitHubAuthor(user), nil
	}
	var refused *platformapi.Refusal
	if err = platformapi.GitHubError(err); !errors.As(err, &refused) || refused.Status != http.StatusForbidden || refused.Limited {
		return author{}, g.failed("find out whom the token belongs to, to edit the comment", err)
	}
	return g.viewer(ctx)
}

// actionsBot is whom a job's own token belongs to.
const actionsBot = "github-actions[bot]"

// viewer returns whom an app's token belongs to.
// https://docs.github.com/en/graphql/reference/queries#viewer
func (g *gitHub) viewer(ctx context.Context) (author, error) {
	query := map[string]string{"query": "query { viewer { login } }"}
	request, err := g.client.NewRequest(ctx, http.MethodPost, g.graphQL, query)
	if err != nil {
		return author{}, err
	}
	var answer struct {
		Data struct {
			Viewer struct {
				Login string `json:"login"`
			} `json:"viewer"`
		} `json:"data"`
	}
	_, err = g.client.Do(request, &answer)
	var refused *platformapi.Refusal
	if err = platformapi.GitHubError(err); err != nil && (!errors.As(err, &refused) || !refused.Denied()) {
		return author{}, g.failed("find out whom the token belongs to, to edit the comment", err)
	}
	if login := answer.Data.Viewer.Login; strings.HasSuffix(login, "[bot]") {
		return author{login: login, bot: true}, nil
	}
	return author{login: actionsBot, bot: true, assumed: true}, nil
}

// failed returns an error that says what was asked for. What permission lacks is said
// where that can be the reason.
func (g *gitHub) failed(what string, err error) error {
	return gitHubFailed(fmt.Sprintf("%s of pull request %d", what, g.number), "pull-requests: write", err)
}

// gitHubFailed returns an error about a request to GitHub, in words of its own.
func gitHubFailed(what, permission string, err error) error {
	if err = platformapi.GitHubError(err); err == nil {
		err = errors.New("its answer is not understood")
	}
	hint := ""
	var refused *platformapi.Refusal
	if errors.As(err, &refused) && refused.Denied() {
		hint = "; give github-token a token with the permission " + permission
	}
	return fmt.Errorf("ask GitHub to %s: %w%s", what, err, hint)
}

// thread returns its comments.
func (g *gitHub) thread() *thread { return &thread{g.marked, g.self, g.create, g.edit, g.remove} }
