package ci

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
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
	Label       label        `json:"label"` // pull_request: labeled, unlabeled
	Repository  struct {
		FullName      string `json:"full_name"`
		DefaultBranch string `json:"default_branch"`
	} `json:"repository"`
	Comment comment `json:"comment"` // issue_comment
	mentioned
}

type label struct {
	Name string `json:"name"`
}

type user struct {
	Login string `json:"login"`
	ID    int64  `json:"id"`
	Type  string `json:"type"` // User, Bot, …
}

type pullRequest struct {
	Number      int     `json:"number"`
	State       string  `json:"state"` // open or closed
	Draft       bool    `json:"draft"`
	Labels      []label `json:"labels"`
	User        user    `json:"user"`               // who opened it
	Association string  `json:"author_association"` // of that user to the base repository
	Head        struct {
		Ref   string `json:"ref"`
		SHA   string `json:"sha"`
		Label string `json:"label"` // owner:branch
		Repo  *struct {
			FullName string `json:"full_name"`
		} `json:"repo"` // null or empty once the fork is deleted
	} `json:"head"`
	Base struct {
		Repo struct {
			FullName string `json:"full_name"`
		} `json:"repo"`
	} `json:"base"`
}

// members are the associations of those who may push to the repository, or whom its
// owner has let in.
// https://docs.github.com/en/graphql/reference/enums#commentauthorassociation
var members = []string{"OWNER", "MEMBER", "COLLABORATOR"}

// pull returns what the payload says of the pull request beside its head. A member who
// opens a pull request of somebody else's fork does not answer for what is pushed there.
func (p *pullRequest) pull() Pull {
	is := Pull{Draft: p.Draft, Closed: p.State == "closed"}
	for _, l := range p.Labels {
		is.Labels = append(is.Labels, l.Name)
	}
	if p.Head.Repo != nil && slices.Contains(members, p.Association) {
		owner, _, named := strings.Cut(p.Head.Repo.FullName, "/")
		is.Member = named && owner != "" && strings.EqualFold(p.User.Login, owner)
	}
	return is
}

// aboutPullRequests are the events with a pull request in their payload.
var aboutPullRequests = []string{"pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"}

// Context reads the environment and then the event's payload, which alone says what
// the event is about: for a deleted branch GITHUB_REF is the default branch, for a
// pull request GITHUB_SHA is a merge commit that nobody pushed, and for a comment or
// a schedule both are the default branch's.
//
// With an error, no branch is known: the name of one without the repository that it
// lives in could be another's.
func (g *gitHub) Context() (Context, error) {
	c := g.environment()
	if c.Event.Name == "" {
		return c, errors.New("read the event: GITHUB_EVENT_NAME is not set; " + nextWithoutEvent)
	}
	p, err := readPayload(g.getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		return c, err
	}
	c.DefaultBranch = p.Repository.DefaultBranch
	c.Repository = cmp.Or(c.Repository, p.Repository.FullName)
	about := c
	err = about.setSubject(p, g.getenv("GITHUB_REF"))
	about.Mention = p.mention(about, p.Ref)
	if err == nil && about.Branch != "" && !about.OnRef && c.DefaultBranch == "" {
		err = errors.New("its payload names no default branch")
	}
	if err != nil {
		return c, fmt.Errorf("read the %s event: %w; %s", c.Event.Name, err, nextWithoutEvent)
	}
	return about, nil
}

// environment returns what is known without the payload.
func (g *gitHub) environment() Context {
	env := g.getenv
	c := Context{
		Repository: env("GITHUB_REPOSITORY"),
		Attempt:    1,
		Event:      Event{Name: env("GITHUB_EVENT_NAME")},
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
	c.Pages = Pages{
		Commits: joinURL(gitHubServer(env), c.Repository, "commit"),
		Pulls:   joinURL(gitHubServer(env), c.Repository, "pull"),
	}
	c.SHA = env("GITHUB_SHA")
	c.Actor = cmp.Or(env("GITHUB_TRIGGERING_ACTOR"), env("GITHUB_ACTOR")) // who runs it again is not who pushed
	c.HeadUnknown = slices.Contains(aboutPullRequests, c.Event.Name)
	if branch, ok := strings.CutPrefix(env("GITHUB_REF"), "refs/heads/"); ok {
		c.RefBranch = branch
	}
	c.Mention.Unread = slices.Contains(refOfAnother, c.Event.Name)
	return c
}

// setSubject sets which branch the event is about. An event that is not known to
// name one is about none: its ref is the default branch in most cases.
func (c *Context) setSubject(p payload, ref string) error {
	if c.HeadUnknown {
		c.Event.Action = p.Action // the sender of other events may choose their action freely
		c.Event.Label = p.Label.Name
		return c.setPullRequest(p.PullRequest)
	}
	c.HeadRepository = c.Repository
	switch c.Event.Name {
	case "push":
		if p.Ref == "" {
			return errors.New("its payload names no ref")
		}
		c.Event.Deleted = p.Deleted
		c.setRef(p.Ref)
	case "create", "delete":
		if c.Event.Name == "delete" {
			c.SHA = "" // of the default branch
		}
		if c.Event.Tag = p.RefType != "branch"; c.Event.Tag {
			return nil
		}
		if p.Ref == "" {
			return errors.New("its payload names no branch")
		}
		c.Branch = p.Ref
	case "workflow_dispatch":
		c.setRef(ref)
		c.OnRef = true
	case "issue_comment":
		c.SHA = "" // of the default branch
		c.Event.Action, c.Comment = p.Action, p.Comment.read()
	default:
		c.SHA = ""
	}
	return nil
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

func (c *Context) setPullRequest(p *pullRequest) error {
	if p == nil || p.Head.Ref == "" || p.Number < 1 {
		return errors.New("its payload names no head branch of a numbered pull request")
	}
	c.PullRequest, c.Branch, c.SHA, c.Pull = p.Number, p.Head.Ref, p.Head.SHA, p.pull()
	if p.Head.Repo != nil && p.Head.Repo.FullName != "" {
		c.HeadRepository, c.HeadUnknown = p.Head.Repo.FullName, false
		return nil
	}
	// The fork was deleted. It is not the base repository, which is there, whatever
	// its owner is called. Most forks keep the name of their repository.
	owner, _, labelled := strings.Cut(p.Head.Label, ":")
	_, name, _ := strings.Cut(c.Repository, "/")
	if fork := owner + "/" + name; labelled && owner != "" && name != "" && !strings.EqualFold(fork, c.Repository) {
		c.LostFork = fork
	}
	return nil
}

// nextWithoutEvent is what to do where the event does not tell the branch.
const nextWithoutEvent = "set the inputs branch and, for a pull request, head-repository and pull-request, and name the verb"

// maxPayload is the number of bytes that are read of a payload. GitHub sends none
// above 25 MB.
const maxPayload = 32 << 20

func readPayload(path string) (payload, error) {
	var p payload
	if path == "" {
		return p, errors.New("read the event's payload: GITHUB_EVENT_PATH is not set; " + nextWithoutEvent)
	}
	data, err := readEventFile(path)
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	if err != nil {
		return p, fmt.Errorf("read the event's payload in %s: %w; %s", path, err, nextWithoutEvent)
	}
	return p, nil
}

func readEventFile(path string) ([]byte, error) { return readPlainFile(path, maxPayload) }

// readPlainFile reads a file of at most limit bytes, and nothing else than a file: who reads
// a FIFO may wait for ever.
func readPlainFile(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no file")
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("it has more than %d bytes", limit)
	}
	return data, err
}
