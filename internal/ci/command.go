package ci

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// commandAPI is GitHub's API as far as the command of a comment goes.
type commandAPI struct {
	who   api // asked about people
	pulls *gitHubPullAPI
	repo  string // URL of the repository; empty when the environment does not tell it
}

// AskAboutCommand returns the context of a comment that commands something, completed by what
// the platform says: whether the comment's author may write to the repository, and then of the
// pull request what an event about it would. Whatever keeps it from saying that the author may
// counts as no. The error says why nothing is known of the pull request of somebody who may.
func AskAboutCommand(ctx context.Context, getenv func(string) string, t Tokens, c Context) (Context, error) {
	return newCommandAPI(getenv, t.GitHub, http.DefaultTransport).ask(ctx, c)
}

func newCommandAPI(getenv func(string) string, token string, transport http.RoundTripper) *commandAPI {
	base := getenv("GITHUB_API_URL")
	return &commandAPI{
		who:   gitHubAPI(base, token, "metadata: read, as the job's own has it", transport),
		pulls: gitHubPulls(getenv, token, transport),
		repo:  joinURL(base, "repos", getenv("GITHUB_REPOSITORY")),
	}
}

func (a *commandAPI) ask(ctx context.Context, c Context) (Context, error) {
	number := c.Mention.PullRequest
	c.Comment.Asked, c.PullRequest = true, number
	if why := a.refusal(ctx, c.Comment); why != "" {
		c.Comment.Refused = why
		return c, nil
	}
	is, err := a.pulls.pull(ctx, number)
	if err != nil {
		return c, err
	}
	about := c
	about.HeadRepository, about.HeadUnknown = "", true
	if err := about.setPullRequest(is); err != nil {
		return c, err
	}
	about.SHA = strings.ToLower(about.SHA)
	if !fullHash.MatchString(about.SHA) || is.State != "open" && is.State != "closed" {
		return c, fmt.Errorf("ask GitHub about pull request %d: its answer does not say of which commit it is, or whether it is open", number)
	}
	about.Mention = Mention{Branch: about.Branch, HeadRepository: about.HeadRepository, HeadUnknown: about.HeadUnknown,
		Instead: "nothing, and leave it out"}
	return about, nil
}

// refusal returns why the author of a comment may not command, as a clause, or "" where GitHub
// says that this very account may write to the repository.
// https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
func (a *commandAPI) refusal(ctx context.Context, m Comment) string {
	if err := a.who.mayAsk(a.repo); err != nil {
		return fmt.Sprintf("GitHub is not asked whether %s may write to the repository: %v", m.Login, err)
	}
	var answer struct {
		Permission string `json:"permission"` // of the roles, maintain is write here, and triage read
		User       user   `json:"user"`
	}
	err := a.who.get(ctx, a.repo+"collaborators/"+url.PathEscape(m.Login)+"/permission", &answer)
	if err == nil && (!strings.EqualFold(answer.User.Login, m.Login) || answer.User.ID != m.UserID) {
		err = errors.New("it answered about somebody else")
	}
	if err != nil {
		return fmt.Sprintf("ask GitHub whether %s may write to the repository: %v", m.Login, err)
	}
	switch answer.Permission {
	case "admin", "write":
		return ""
	}
	return m.Login + " may not write to the repository"
}
