package pullrequest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/go-github/v89/github"
)

// fewest is how many of the newest pull requests of one branch are looked at.
const fewest = 20

// find returns the number of the newest open pull request of a branch, or 0. Where the
// app goes, it is the newest that there was.
// https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
func (g *gitHub) find(ctx context.Context, headRepository, branch string, down bool) (number int, err error) {
	owner, _, _ := strings.Cut(headRepository, "/")
	options := &github.PullRequestListOptions{State: "open", Head: owner + ":" + branch, Sort: "created", Direction: "desc",
		ListOptions: github.ListOptions{PerPage: fewest}}
	if down {
		options.State = "all"
	}
	pulls, _, err := g.client.PullRequests.List(ctx, g.owner, g.repo, options)
	if err != nil {
		return 0, gitHubFailed("find the pull request of the branch", "pull-requests: write", err)
	}
	for _, p := range pulls {
		if p.GetHead().GetRef() == branch && strings.EqualFold(p.GetHead().GetRepo().GetFullName(), headRepository) {
			number = max(number, p.GetNumber())
		}
	}
	return number, nil
}

// find returns the number of the newest open merge request of a branch of the project, or
// 0. Where the app goes, it is the newest that there was.
// https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests
func (g *gitLab) find(ctx context.Context, branch string, down bool) (number int, err error) {
	query := url.Values{"source_branch": {branch}, "state": {"opened"}, "order_by": {"created_at"}, "sort": {"desc"},
		"per_page": {strconv.Itoa(fewest)}}
	if down {
		query.Set("state", "all")
	}
	var found []struct {
		IID    int    `json:"iid"`
		Branch string `json:"source_branch"`
		Source int64  `json:"source_project_id"`
	}
	address := g.api + "projects/" + url.PathEscape(g.project) + "/merge_requests?" + query.Encode()
	if _, err := g.send(ctx, http.MethodGet, address, nil, &found); err != nil {
		return 0, gitLabFailed("find the merge request of the branch", err)
	}
	for _, m := range found {
		if m.Branch == branch && fmt.Sprint(m.Source) == g.project {
			number = max(number, m.IID)
		}
	}
	return number, nil
}
