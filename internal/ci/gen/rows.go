package main

import (
	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/verb"
)

// The changes that rows share.
func withLabel(_ *ci.Context, p *ci.Policy)     { p.Label = "preview" }
func withoutDrafts(_ *ci.Context, p *ci.Policy) { p.Drafts = false }
func deleted(c *ci.Context, _ *ci.Policy)       { c.Event.Deleted = true }
func tag(c *ci.Context, _ *ci.Policy)           { c.Branch, c.Event.Tag = "", true }
func sweeps(c *ci.Context, p *ci.Policy)        { c.Branch, p.Sweeps = "", true }
func ofEnvironment(c *ci.Context, _ *ci.Policy) { c.Event.Action = "start" }
func noBranch(c *ci.Context, _ *ci.Policy)      { c.Branch = "" }
func onDefault(c *ci.Context, _ *ci.Policy)     { c.Branch = c.DefaultBranch }
func closed(c *ci.Context, _ *ci.Policy)        { c.Pull.Closed = true }
func draft(c *ci.Context, p *ci.Policy)         { c.Pull.Draft, p.Drafts = true, false }
func ofFork(c *ci.Context, _ *ci.Policy)        { c.HeadRepository = "octo/shop" }

func carrying(c *ci.Context, p *ci.Policy) {
	p.Label, c.Event.Label, c.Pull.Labels, c.PullRequest = "preview", "preview", []string{"preview"}, 7
}

func mergeRequest(change func(*ci.Context, *ci.Policy)) func(*ci.Context, *ci.Policy) {
	return func(c *ci.Context, p *ci.Policy) {
		c.PullRequest = 7
		change(c, p)
	}
}

func otherLabel(c *ci.Context, p *ci.Policy) {
	carrying(c, p)
	c.Event.Label = "bug"
}

func another(c *ci.Context, _ *ci.Policy) { c.Siblings = []ci.Sibling{{Number: 8}} }

func anotherWithout(c *ci.Context, p *ci.Policy) {
	another(c, p)
	p.Label = "preview"
}

func ofMember(c *ci.Context, p *ci.Policy) {
	ofFork(c, p)
	c.Pull.Member = true
}

func allowed(c *ci.Context, p *ci.Policy) {
	ofFork(c, p)
	p.Forks = ci.ForksAllowed
}

func never(c *ci.Context, p *ci.Policy) {
	ofMember(c, p)
	p.Forks = ci.ForksNever
}

func noCredentials(c *ci.Context, p *ci.Policy) {
	ofFork(c, p)
	p.Credentials = false
}

// commanding is a comment of somebody who may write, and what else holds.
func commanding(command verb.Verb, changes ...func(*ci.Context, *ci.Policy)) func(*ci.Context, *ci.Policy) {
	return func(c *ci.Context, p *ci.Policy) {
		p.Commands, c.PullRequest = true, 7
		c.Comment = ci.Comment{ID: 1, Command: command, Login: "alice", UserID: 1, Person: true, Asked: true}
		for _, change := range changes {
			change(c, p)
		}
	}
}

func ofBot(c *ci.Context, _ *ci.Policy) { c.Comment.Person = false }
func ofReader(c *ci.Context, _ *ci.Policy) {
	c.Comment.Refused = "alice may not write to the repository"
}
func onIssue(c *ci.Context, _ *ci.Policy) { c.Comment.Asked = false }

const (
	labelled = "`label: preview`"
	commands = "`commands: true`"
)

var gitHub = []row{
	{"pull_request", "opened", "", nil},
	{"pull_request", "reopened", "", nil},
	{"pull_request", "synchronize", "", nil},
	{"pull_request", "ready_for_review", "", nil},
	{"pull_request", "closed", "", nil},
	{"pull_request", "closed", "another of the same branch is open", another},
	{"pull_request", "closed", "another of the same branch is open, `label: preview`, not carried", anotherWithout},
	{"pull_request", "opened", "from the default branch", onDefault},
	{"pull_request", "opened", labelled + ", not carried", withLabel},
	{"pull_request", "synchronize", labelled + ", carried", carrying},
	{"pull_request", "labeled", labelled + ", that label", carrying},
	{"pull_request", "labeled", labelled + ", that label, closed before", func(c *ci.Context, p *ci.Policy) { carrying(c, p); closed(c, p) }},
	{"pull_request", "labeled", labelled + ", another label", otherLabel},
	{"pull_request", "labeled", "", nil},
	{"pull_request", "unlabeled", labelled + ", that label", carrying},
	{"pull_request", "unlabeled", labelled + ", another label", otherLabel},
	{"pull_request", "unlabeled", "", nil},
	{"pull_request", "closed", labelled + ", not carried", withLabel},
	{"pull_request", "opened", "`drafts: false`, a draft", draft},
	{"pull_request", "converted_to_draft", "", nil},
	{"pull_request", "converted_to_draft", "`drafts: false`", withoutDrafts},
	{"pull_request", "closed", "`drafts: false`, a draft", draft},
	{"pull_request", "edited", "", nil},
	{"pull_request", "opened", "from a fork, no credentials", noCredentials},
	{"pull_request_target", "opened", "from a fork of a member", ofMember},
	{"pull_request_target", "opened", "from a fork of somebody else", ofFork},
	{"pull_request_target", "opened", "from a fork of somebody else, `forks: allowed`", allowed},
	{"pull_request_target", "opened", "from a fork of a member, `forks: never`", never},
	{"pull_request_target", "closed", "from a fork of somebody else", ofFork},
	{"push", "", "", nil},
	{"push", "", "to the default branch", onDefault},
	{"push", "", "of a merge queue's branch", func(c *ci.Context, _ *ci.Policy) { c.Branch = "gh-readonly-queue/main/pr-7-0" }},
	{"push", "", "of a tag", tag},
	{"push", "", labelled, withLabel},
	{"push", "", "that deletes the branch", deleted},
	{"delete", "", "of a branch", nil},
	{"delete", "", "of a tag", tag},
	{"create", "", "of a branch", nil},
	{"workflow_dispatch", "", "started on the branch", nil},
	{"workflow_dispatch", "", "started on the default branch", onDefault},
	{"workflow_dispatch", "", labelled, withLabel},
	{"issue_comment", "created", "", noBranch},
	{"issue_comment", "created", commands + ", /deploy", commanding(verb.Deploy)},
	{"issue_comment", "created", commands + ", /check", commanding(verb.Check)},
	{"issue_comment", "created", commands + ", /teardown", commanding(verb.Teardown)},
	{"issue_comment", "created", commands + ", anything else", commanding(ci.Nothing)},
	{"issue_comment", "created", commands + ", /deploy on an issue", commanding(verb.Deploy, onIssue)},
	{"issue_comment", "created", commands + ", /deploy of a bot", commanding(verb.Deploy, ofBot)},
	{"issue_comment", "created", commands + ", /deploy of somebody who may not write", commanding(verb.Deploy, ofReader)},
	{"issue_comment", "edited", commands + ", /deploy", commanding(verb.Deploy)},
	{"issue_comment", "created", commands + ", /deploy, closed", commanding(verb.Deploy, closed)},
	{"issue_comment", "created", commands + ", /teardown, closed", commanding(verb.Teardown, closed)},
	{"issue_comment", "created", commands + ", /deploy, " + labelled + ", not carried", commanding(verb.Deploy, withLabel)},
	{"issue_comment", "created", commands + ", /deploy, `drafts: false`, a draft", commanding(verb.Deploy, draft)},
	{"issue_comment", "created", commands + ", /deploy, from a fork of a member", commanding(verb.Deploy, ofMember)},
	{"issue_comment", "created", commands + ", /deploy, from a fork of somebody else", commanding(verb.Deploy, ofFork)},
	{"issue_comment", "created", commands + ", /deploy, from a fork of somebody else, `forks: allowed`", commanding(verb.Deploy, allowed)},
	{"issue_comment", "created", commands + ", /deploy, from a fork of a member, `forks: never`", commanding(verb.Deploy, never)},
	{"issue_comment", "created", commands + ", /teardown, from a fork of somebody else", commanding(verb.Teardown, ofFork)},
	{"schedule", "", "with a token, `ttl`, `idle`, `failed`, `stuck` or `max-apps`", sweeps},
	{"schedule", "", "with none of these", noBranch},
	{"workflow_run", "completed", "", noBranch},
	{"repository_dispatch", "", "", noBranch},
	{"merge_group", "checks_requested", "", noBranch},
	{"deployment", "created", "", noBranch},
	{"deployment_status", "created", "", noBranch},
	{"check_run", "completed", "", noBranch},
	{"check_suite", "completed", "", noBranch},
}

var gitLab = []row{
	{"environment", "start", "", nil},
	{"environment", "start", "on the default branch", onDefault},
	{"environment", "start", "for a tag", tag},
	{"environment", "start", labelled + ", a branch's pipeline", withLabel},
	{"environment", "start", labelled + ", carried by the merge request", carrying},
	{"environment", "start", "`drafts: false`, a draft", mergeRequest(draft)},
	{"environment", "start", "a fork's merge request", mergeRequest(ofMember)},
	{"environment", "start", "a fork's merge request, `forks: never`", mergeRequest(never)},
	{"environment", "stop", "", nil},
	{"environment", "stop", "in a scheduled pipeline", nil},
	{"environment", "prepare", "", nil},
	{"environment", "verify", "", nil},
	{"environment", "access", "", nil},
	{"schedule", "", "a job without an environment; with a token (its own does), `ttl`, `idle`, `failed`, `stuck` or `max-apps`", sweeps},
	{"schedule", "start", "a job with an environment", ofEnvironment},
	{"pipeline", "", "a job without environment", nil},
}
