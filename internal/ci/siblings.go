package ci

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/platformapi"
	"github.com/berth-dev/berth/internal/verb"
)

// Sibling is another open pull request of the branch that the event's pull request has.
type Sibling struct {
	Number int
	Pull   Pull
}

// EndsPull reports whether an intent takes a review app down since its pull request has ended,
// which others of the same branch may still have: whoever may read a repository of their
// organization may open one of a branch that is somebody else's, and close it.
func EndsPull(c Context, i Intent) bool {
	return i.Verb == verb.Teardown && !c.HeadUnknown && slices.Contains(aboutPullRequests, c.Event.Name)
}

// AskAboutSiblings returns the context of an event that ends a pull request, completed by the
// open ones of the same branch. The error says why they are not known.
func AskAboutSiblings(ctx context.Context, getenv func(string) string, t Tokens, c Context) (Context, error) {
	found, err := gitHubPulls(getenv, t.GitHub, http.DefaultTransport).siblings(ctx, getenv("GITHUB_API_URL"), http.DefaultTransport, c)
	if err != nil {
		return c, fmt.Errorf("ask GitHub whether other pull requests of the branch are open: %w", err)
	}
	c.Siblings = found
	return c, nil
}

const (
	siblingsPage  = 30
	siblingsPages = 10
	// maxSiblings is the number of bytes read of one page: the text of each is up to 256 KiB.
	maxSiblings = 16 << 20
)

// siblings returns the open pull requests of the event's branch, but for the event's own.
// https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
func (a *gitHubPullAPI) siblings(ctx context.Context, base string, transport http.RoundTripper, c Context) (found []Sibling, err error) {
	if err := a.mayAsk(a.url); err != nil {
		return nil, err
	}
	listing := a.api
	listing.client = platformapi.NewClient(base, transport, platformapi.Limits{Time: requestTimeout, Bytes: maxSiblings})
	owner, _, _ := strings.Cut(c.HeadRepository, "/")
	query := url.Values{"state": {"open"}, "head": {owner + ":" + c.Branch}, "per_page": {fmt.Sprint(siblingsPage)}}
	for page := 1; page <= siblingsPages; page++ {
		query.Set("page", fmt.Sprint(page))
		var answer []pullRequest
		if err := listing.get(ctx, strings.TrimSuffix(a.url, "/")+"?"+query.Encode(), &answer); err != nil {
			return nil, err
		}
		for i := range answer {
			if p := &answer[i]; a.isSibling(p, c) {
				found = append(found, Sibling{p.Number, p.pull()})
			}
		}
		if len(answer) < siblingsPage {
			return found, nil
		}
	}
	return nil, errors.New("there are too many")
}

func (a *gitHubPullAPI) isSibling(p *pullRequest, c Context) bool {
	return p.Number > 0 && p.Number != c.PullRequest && p.State == "open" && a.isOurs(p) && p.Head.Ref == c.Branch &&
		p.Head.Repo != nil && strings.EqualFold(p.Head.Repo.FullName, c.HeadRepository)
}

// stillWanted returns the number of an open pull request of the same branch that has the review
// app by what the policy says, or 0.
func (c Context) stillWanted(p Policy) int {
	for _, s := range c.Siblings {
		as := c
		as.Siblings, as.PullRequest, as.Pull = nil, s.Number, s.Pull
		as.Event = Event{Name: c.Event.Name, Action: "synchronize"}
		if Auto(as, p).Verb == verb.Deploy {
			return s.Number
		}
	}
	return 0
}
