package main

// commandsText is about what a table cannot say of commands.
const commandsText = `### Commands

With ` + "`commands: true`" + `, a comment on a pull request whose first line is ` + "`/deploy`, `/check` or `/teardown`" + `, and
nothing else, is a command. What stands below that line is not read, and a comment that is edited or
deleted commands nothing. Let a workflow of its own listen to comments:
[examples/workflows/github-commands.yml](../examples/workflows/github-commands.yml). Give it the inputs that the other
one has, or it is about another app. What ` + "`/teardown`" + ` took down, the next push deploys again, where a workflow listens to it.

- **Who may command.** Whoever may write to the repository (write, maintain, admin), as GitHub's API says
  when the run asks it. Where it does not say so, of that very account, the answer is no: without a
  token, where it refuses, fails or is slow. That is a notice, and the run ends with 0. Bots command nothing.
- **What it is about.** The head of the pull request, as the API says it: its branch, repository and commit,
  and nothing of the run's own ref and commit, which are the default branch's. So say
  ` + "`{{ .SHA }}`, and not `${{ github.sha }}`" + `. ` + "`label`, `drafts` and `forks`" + ` decide about ` + "`/deploy`" + ` as they do
  otherwise, whoever comments. ` + "`/check` and `/teardown`" + ` do what they say whatever these inputs say, of a closed
  pull request, too.
- **The checkout.** A comment's run checks out the default branch unless it is told otherwise:
  ` + "`ref: refs/pull/${{ github.event.issue.number }}/head`" + `. Where the chart, a values file or one of ` + "`set-file`" + ` is
  a path that is in no checkout of the head's commit, ` + "`/deploy`" + ` ends with 64 and touches nothing; so it does where
  the head has moved since the checkout: run it again. ` + "`/check` and `/teardown`" + ` need no checkout.
- **The answer.** 👀 on the comment once the command is taken, at the end 👍 where it was done and 👎 where it
  was not, such as a ` + "`/teardown`" + ` of what another pull request of the branch has deployed since. That takes
  ` + "`pull-requests: write`" + `; what it lacks is a notice. Who may not command is not answered.

A comment's run has the repository's secrets, and its token, whoever comments and wherever the pull request
comes from. So what a fork's head brings is as trusted as the input ` + "`forks`" + ` says. With ` + "`members`" + `, the default, that
is what members have pushed. **With ` + "`allowed`" + ` a command deploys what anybody has pushed**: its chart is rendered and
applied with the credentials for the cluster, and what is pushed between the comment and the checkout is deployed
without anybody having seen it. A command approves no commit.

Run nothing else of that checkout in the job, no build and no local action (` + "`uses: ./`" + `): build the image where there are
no secrets. Check it out for ` + "`/deploy`" + ` alone, as the example does: whatever file an input names in it, such as a kubeconfig,
is the head's.

Anybody may comment, so each comment that begins with a slash starts a run, which ends before it touches anything. Let none
of these cancel another one's: GitHub keeps one pending run of a concurrency group, and drops the one before it. In
the example, each comment of somebody whom GitHub does not call a member has a group of its own. Runs at one release wait for each other in any case.
`
