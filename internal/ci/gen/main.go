// Command gen generates docs/events.md from what ci.Auto returns. Its argument is the
// repository's root.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/verb"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: gen <root of the repository>")
	}
	return os.WriteFile(filepath.Join(args[0], "docs", "events.md"), []byte(events()), 0o644)
}

// row is one line of a table: an event, and what else holds.
type row struct {
	event, action string
	holds         string // in words; empty where nothing matters
	change        func(*ci.Context, *ci.Policy)
}

func events() string {
	var b strings.Builder
	b.WriteString(`<!-- Generated from internal/ci by "go generate ./internal/ci"; do not edit. -->

# What the verb auto does at which event

The first line of the log says which verb was chosen and why, or that there is nothing
to do and why. A run that has nothing to do ends with 0 and a notice. Where an event says
too little, run the verb by name, with ` + "`branch` or `pull-request`" + `.

What ends the life of a review app takes it down whatever the inputs ` + "`label`, `drafts` and\n`forks`" + ` say: the end of its pull request, and of its branch. The inputs are in
[inputs.md](inputs.md#events).

A branch has one review app, however many pull requests it has, to several bases. On GitHub the end of one leaves
the app where another open one has it by these inputs: whoever may read the repository of their organization may
open one of a branch that is not theirs, and close it. That takes a token with ` + "`pull-requests: read`" + `. Where GitHub
does not say that there is another, the app goes with the pull request that it was deployed for last.

The examples below are about the branch login of the repository acme/shop, whose default
branch is main, and pull request 7.

## GitHub

Let the workflow listen to what it is to act on:

` + "```yaml" + `
on:
  pull_request:
    types: [opened, reopened, synchronize, ready_for_review, converted_to_draft, labeled, unlabeled, closed]
  delete: # where a pull request was closed while it had conflicts, no other event comes
` + "```" + `

Of the runs of a concurrency group, GitHub drops the one that waits for a newer one. With ` + "`labeled`" + ` and
` + "`unlabeled`" + `, let a run about another label than the input's be in a group of its own: it has nothing to do, and
would leave the branch as it is in place of the run that deploys it or takes it down.

` + "```yaml" + `
concurrency:
  group: >-
    review-${{ github.event.pull_request.head.label || github.event.ref || github.run_id }}-${{
    github.event.label && github.event.label.name != 'preview' && github.run_id || 'own' }}
  cancel-in-progress: false
` + "```\n\n")
	table(&b, gitHub)
	b.WriteString(`
` + commandsText + `
A fork's owner counts as a member who opened the pull request and whom GitHub calls
OWNER, MEMBER or COLLABORATOR of the base repository. GitHub does not say that of a member
who hides the membership. A run for a fork has credentials only with pull_request_target,
or where the settings of a private repository send secrets to forks.

**What a fork gets then.** With pull_request_target, ` + "`actions/checkout`" + ` gives the base branch, and so
its chart: of the fork there is the image alone, by ` + "`{{ .SHA }}`" + `. It runs in your cluster. A workflow
that checks out the fork's head deploys the fork's chart, and what that asks for is done with all the
rights of Berth's account: where each branch has a namespace of its own, it reads the Secrets of all of
them, and of the others. Then ` + "`forks: allowed`" + ` gives them to whoever opens a pull request. Nothing of such a
checkout may be run in that job beside Berth, no build and no script: the job's secrets are there. Check it
out with ` + "`persist-credentials: false`" + `, so that its files hold no token.

## GitLab

` + "`berth auto`" + ` goes by the job's environment. The template names its verbs, and its rules
decide when they run. So its deploy ends with 64 where a variable such as ` + "`BERTH_FORKS`, `BERTH_LABEL`" + ` or
` + "`BERTH_DRAFTS`" + ` would keep it from deploying. To go by these, give the job ` + "`script: [berth auto]`" + ` under its
name, ` + "`review`" + `, beside the ` + "`include`" + `.

`)
	table(&b, gitLab)
	return b.String()
}

func table(b *strings.Builder, rows []row) {
	b.WriteString("| event | action | where | verb | since |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		intent := r.intent()
		does := cmp.Or(string(intent.Verb), "nothing")
		if intent.Verb != ci.Nothing {
			does = "**" + does + "**"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", r.event, r.action, r.holds, does, intent.Reason)
	}
}

// intent returns what Auto says of the row. Nothing in it is untrusted.
func (r row) intent() ci.Intent {
	c := ci.Context{
		Host: "github.com", Repository: "acme/shop", HeadRepository: "acme/shop", Branch: "login", DefaultBranch: "main",
		Event: ci.Event{Name: r.event, Action: r.action},
	}
	if strings.HasPrefix(r.event, "pull_request") {
		c.PullRequest = 7
	}
	if r.event == "workflow_dispatch" {
		c.OnRef = true
	}
	p := ci.Policy{Credentials: true, Drafts: true, Forks: ci.ForksMembers}
	if r.change != nil {
		r.change(&c, &p)
	}
	return ci.Auto(c, p)
}

// The changes that rows share.
func withLabel(_ *ci.Context, p *ci.Policy)     { p.Label = "preview" }
func withoutDrafts(_ *ci.Context, p *ci.Policy) { p.Drafts = false }
func deleted(c *ci.Context, _ *ci.Policy)       { c.Event.Deleted = true }
func tag(c *ci.Context, _ *ci.Policy)           { c.Branch, c.Event.Tag = "", true }
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
	{"schedule", "", "", noBranch},
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
	{"schedule", "", "", nil},
	{"pipeline", "", "a job without environment", nil},
}
