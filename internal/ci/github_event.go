package ci

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// payload contains the fields of GitHub's event payloads that Berth reads. Auto
// (intent.go) makes a verb of what they say.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads
type payload struct {
	Action      string       `json:"action"`
	Ref         string       `json:"ref"`      // push: refs/heads/x; delete: x
	RefType     string       `json:"ref_type"` // delete: branch or tag
	Deleted     bool         `json:"deleted"`  // push
	PullRequest *pullRequest `json:"pull_request"`
	Repository  struct {
		FullName      string `json:"full_name"`
		DefaultBranch string `json:"default_branch"`
	} `json:"repository"`
}

type pullRequest struct {
	Number int `json:"number"`
	Head   struct {
		Ref   string `json:"ref"`
		SHA   string `json:"sha"`
		Label string `json:"label"` // owner:branch
		Repo  *struct {
			FullName string `json:"full_name"`
		} `json:"repo"` // null once the fork is deleted
	} `json:"head"`
}

// Context reads the environment and then the event's payload, which takes
// precedence: for a deleted branch GITHUB_REF is the default branch, and for a
// pull request GITHUB_SHA is a merge commit that nobody pushed.
func (g *gitHub) Context() (Context, error) {
	c := g.environment()
	p, err := readPayload(g.getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		return c, err
	}
	c.DefaultBranch = p.Repository.DefaultBranch
	c.Repository = cmp.Or(c.Repository, p.Repository.FullName)
	c.HeadRepository = c.Repository
	switch c.Event.Name {
	case "pull_request", "pull_request_target":
		if p.PullRequest == nil || p.PullRequest.Head.Ref == "" {
			return c, fmt.Errorf("read the %s event: its payload names no head branch; set the inputs branch and pull-request", c.Event.Name)
		}
		c.Event.Action = p.Action // the sender of other events may choose their action freely
		c.setPullRequest(p.PullRequest)
	case "push":
		c.Event.Deleted = p.Deleted
		c.setRef(p.Ref)
	case "delete":
		c.Event.Tag = p.RefType != "branch"
		c.Branch, c.SHA = p.Ref, ""
		if c.Event.Tag {
			c.Branch = ""
		} else if p.Ref == "" {
			return c, errors.New("read the delete event: its payload names no branch; set the input branch")
		}
	}
	return c, nil
}

// environment returns what is known without the payload. Branch or repository
// stay empty where the variables would name the wrong one.
func (g *gitHub) environment() Context {
	env := g.getenv
	c := Context{
		Repository:     env("GITHUB_REPOSITORY"),
		HeadRepository: env("GITHUB_REPOSITORY"),
		SHA:            env("GITHUB_SHA"),
		Attempt:        1,
		Event:          Event{Name: env("GITHUB_EVENT_NAME")},
	}
	if u, err := url.Parse(gitHubServer(env)); err == nil {
		c.Host = u.Host
	}
	if attempt, err := strconv.Atoi(env("GITHUB_RUN_ATTEMPT")); err == nil {
		c.Attempt = attempt
	}
	if runs := gitHubRunsURL(env); runs != "" && env("GITHUB_RUN_ID") != "" {
		c.RunURL = runs + gitHubAttempt(env)
	}
	c.setRef(env("GITHUB_REF"))
	switch c.Event.Name {
	case "delete":
		c.Branch = ""
	case "pull_request", "pull_request_target":
		c.Branch, c.HeadRepository = env("GITHUB_HEAD_REF"), ""
	}
	return c
}

// setRef sets Branch or Event.Tag from a full ref. A pull request's own ref
// (refs/pull/7/merge) is neither a branch nor a tag and changes nothing.
func (c *Context) setRef(ref string) {
	branch, ok := strings.CutPrefix(ref, "refs/heads/")
	if ok {
		c.Branch = branch
	}
	c.Event.Tag = strings.HasPrefix(ref, "refs/tags/")
}

func (c *Context) setPullRequest(p *pullRequest) {
	c.PullRequest = p.Number
	c.Branch = p.Head.Ref
	c.SHA = cmp.Or(p.Head.SHA, c.SHA)
	if p.Head.Repo != nil {
		c.HeadRepository = p.Head.Repo.FullName
		return
	}
	// The fork was deleted. Most forks keep the name of their repository. If this
	// one did not, the review app is not found, and no other one is touched.
	owner, _, _ := strings.Cut(p.Head.Label, ":")
	_, name, _ := strings.Cut(c.Repository, "/")
	c.HeadRepository = owner + "/" + name
}

func readPayload(path string) (payload, error) {
	const next = "set the inputs branch, repository and pull-request, or run inside GitHub Actions"
	var p payload
	if path == "" {
		return p, errors.New("read the event's payload: GITHUB_EVENT_PATH is not set; " + next)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return p, fmt.Errorf("read the event's payload: %w; %s", err, next)
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return p, fmt.Errorf("read the event's payload in %s: %w; %s", path, err, next)
	}
	return p, nil
}
