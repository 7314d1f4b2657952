package ci

import "slices"

// Mention is the one branch that an event speaks of, which need not be its ref's, and of
// which Berth takes none by itself for most events. Branch and HeadRepository are untrusted
// text.
type Mention struct {
	Branch         string
	HeadRepository string // owner/name that the branch lives in
	HeadUnknown    bool   // nothing says in which repository the branch lives
	PullRequest    int    // the event is about its branch, which it does not name; 0: about none
	Instead        string // what to give in place of the ref's branch; a clause
	Tag            string // the event is about this tag instead
	Unread         bool   // the event cannot be read, and its ref is not what it is about
}

// refOfAnother are the events whose ref is the default or base branch, whichever branch
// they are about.
// https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
var refOfAnother = []string{
	"check_run", "check_suite", "delete", "issue_comment", "pull_request_target", "status", "workflow_run",
}

// mentioned are the fields of the payloads that name a branch of which Berth takes none by
// itself.
type mentioned struct {
	WorkflowRun run `json:"workflow_run"`
	CheckSuite  run `json:"check_suite"`
	CheckRun    struct {
		CheckSuite run `json:"check_suite"`
	} `json:"check_run"`
	Branches []struct {
		Name string `json:"name"`
	} `json:"branches"` // status
	Issue struct {
		Number      int       `json:"number"`
		PullRequest *struct{} `json:"pull_request"` // null or absent where it is none
	} `json:"issue"` // issue_comment
}

type run struct {
	HeadBranch     string `json:"head_branch"` // null where it is a fork's, but for a workflow's
	HeadRepository *struct {
		FullName string `json:"full_name"`
	} `json:"head_repository"` // of a workflow alone; null once the fork is deleted
}

// mention returns what the event says of a branch. c is what it is about otherwise, and ref
// what the payload calls so.
func (p mentioned) mention(c Context, ref string) Mention {
	head := func(of run, expression string) Mention {
		return Mention{Branch: of.HeadBranch, HeadRepository: c.Repository, Instead: expression}
	}
	switch name := c.Event.Name; {
	case slices.Contains(aboutPullRequests, name):
		return Mention{Branch: c.Branch, HeadRepository: c.HeadRepository, HeadUnknown: c.HeadUnknown,
			Instead: "${{ github.event.pull_request.head.ref }}, or leave it out"}
	case name == "delete" && c.Event.Tag:
		return Mention{Tag: ref}
	case name == "delete", name == "push":
		return Mention{Branch: c.Branch, HeadRepository: c.Repository, Instead: "${{ github.event.ref }}, or leave it out"}
	case name == "workflow_run":
		m := head(p.WorkflowRun, "${{ github.event.workflow_run.head_branch }}")
		if repository := p.WorkflowRun.HeadRepository; repository == nil || repository.FullName == "" {
			m.HeadRepository, m.HeadUnknown = "", true
		} else {
			m.HeadRepository = repository.FullName
		}
		return m
	case name == "check_suite":
		return head(p.CheckSuite, "${{ github.event.check_suite.head_branch }}")
	case name == "check_run":
		return head(p.CheckRun.CheckSuite, "${{ github.event.check_run.check_suite.head_branch }}")
	case name == "status" && len(p.Branches) == 1:
		return Mention{Branch: p.Branches[0].Name, HeadRepository: c.Repository, Instead: "${{ github.event.branches[0].name }}"}
	case name == "issue_comment" && p.Issue.PullRequest != nil:
		return Mention{PullRequest: p.Issue.Number, Instead: "nothing, and pull-request as ${{ github.event.issue.number }}"}
	}
	return Mention{}
}
