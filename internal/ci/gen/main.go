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

An app that a push deployed belongs to no pull request: where no other is open, the end of any of its branch takes it down,
though the branch goes on, and though whoever opened and closed it may only read the repository. The next push deploys it
again. Where that matters, let the workflow listen to pull_request and not to push, or give the input label, with which a push
deploys nothing: the app is a pull request's then. Or let it listen to push and delete, and not to pull_request: the
app lives as long as its branch.

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

Whatever stops an environment, GitLab plays the stop job of the pipeline that was at work in it last: up to 16 of the
last that succeeded, from 17.0 on of the last that ended. Each deploy writes down its pipeline and environment.
A stop job leaves an app, and ends with 0, that a later pipeline has deployed to another environment since:
so an environment of another name, from before ` + "`job` or `environment`" + ` of the include was changed, takes nothing down when
its time is over. The app goes with the environment that it was deployed to last. Within that one the stop
job counts, of whatever pipeline: GitLab plays an older one where a newer deploy failed, or had not ended when its
branch was deleted. So do not repeat an old stop job by hand.

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
