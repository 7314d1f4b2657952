package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/verb"
)

const docsHead = `<!-- Generated from internal/input by "go generate ./internal/input"; do not edit. -->
# Inputs

An input has one name everywhere: the flag ` + "`--kube-context`, the variable `BERTH_KUBE_CONTEXT`, the action's input `kube-context`" + `.
A flag beats the variable, the variable beats the action's input. An empty value counts as not given.
Secrets have no flag, since a command line can be read by every process.

Whatever is unknown, malformed or contradictory stops the run before anything is touched (exit 64), and everything that is wrong is named at once.

| type | takes |
|---|---|
| string | one line |
| template | text with ` + "`.App`, `.Slug`, `.Branch`, `.PullRequest`, `.SHA`, `.URL`, `.Host`, `.Namespace`, `.Release`" + `, as far as they are known: the namespace is made first, then the release, then the URL |
| boolean | true, false, yes, no, 1, 0 |
| auto or boolean | auto, or a boolean |
| number | a whole number |
| duration | a number with its unit: 90s, 5m, 1h30m |
| list | one item a line; a flag gives one item, of one line or several, and can be repeated. A blank at the end of a value belongs to it |
| choice | one of the words named |
| exit codes | numbers, separated by commas, spaces or lines |
| path or content | the flag takes a path only |

A value that is not there, such as ` + "`.PullRequest`" + ` on a push, is an error where a template uses it. ` + "`{{ with index . \"PullRequest\" }}pr-{{ . }}{{ else }}{{ .Slug }}{{ end }}`" + ` takes it where it is.

## Names

The slug is the branch's name as it can be part of other names: lower case, anything but letters and digits a dash, at most 40 characters. Where that changed the name, it ends with six digits of the branch's identity, the hash of platform, repository, head repository and branch: ` + "`feature/login` becomes `feature-login-40772d`" + `. So does a name that ends like that by itself, and no branch is called like another's slug.

Anybody may name the branch of a fork. Its slug ends with two dashes and the whole identity, so it meets neither a branch of the base repository nor one of another fork: ` + "`patch-1` of octo/shop becomes `patch-1--b6e89b698681e584`" + `.

A name is taken as it is, with a wide or no-break space at its end. ` + "`refs/heads/`" + ` before a branch that is given is left out; a branch that is really called so is refused (64).

Where branches meet in one name all the same, by a slug, namespace or release that was set, the second is refused (exit 27), and both are told.

### Which branch it is for

The event says it. Where it cannot be read, or does not name the head of its pull request, the run ends with 64: ` + "`auto`" + ` always, another verb unless the inputs say all of it. An event that is about no branch, such as a comment (unless ` + "`commands`" + ` makes it [a command](events.md#commands)), a schedule or the end of another workflow, runs on the default branch, which is therefore not taken; nor is it in a run that a person, a schedule or another pipeline started. Give ` + "`branch`, or `pull-request`" + ` with a token.

A run that comes late, or is repeated, takes nothing down that was deployed for a later event, such as when the pull request was opened anew. GitHub's runs tell that by their numbers. On GitLab, a stop job leaves what a later pipeline has deployed [to another environment](events.md#gitlab); do not repeat an old one of the same environment.

` + "`auto`" + ` goes by the event, and so does what it is done to: inputs that are about another branch, fork or pull request than the event end it with 64. An expression such as ` + "`${{ github.ref_name }}`" + ` means the default branch where another one is deleted.

So it is with the verbs that write: ` + "`branch`" + ` given as the branch of the run's ref ends ` + "`deploy`, `repair` and `teardown`" + ` with 64 where the event speaks of another branch: a deletion, a pull request, a comment on one, the end of a workflow, a check, a status; and where such an event cannot be read. Give what the error says, such as ` + "`${{ github.event.workflow_run.head_branch }}`" + `, with which a fork's branch stays the fork's. A push, a schedule and a run that a person started take the branch that is given. So does a comment on a pull request, once the platform has said, by a token, whether the branch is that of a fork; give ` + "`head-repository`" + ` where there is no token.

Pull requests of one branch, such as to two bases, share its review app where their number is not part of the namespace's or the release's name. One that is closed leaves it where another one has deployed since; it goes with that one, or with the branch.

The fork of a pull request that was closed may be gone. Its review app is found by what is recorded of the pull request, on the namespaces of its repository or, where these may not be listed, on the one that a fork of the same name would have; in a namespace that branches share, on the records. Where that is not clear, everything is kept, and the run ends with 64: give ` + "`head-repository`" + `.

### Monorepo

Each chart of a repository needs an ` + "`app`" + ` of its own, in a matrix too, or all of them would share one release. A release that was deployed from a chart of another name, or as another ` + "`app`" + `, is left alone (exit 27), by a teardown of another app, too: where apps share a chart and you set ` + "`release`" + `, have ` + "`{{ .App }}`" + ` in it or in ` + "`namespace`" + `. After a chart or an app was renamed on purpose, ` + "`renamed-from`" + ` names the old one, until every branch has been deployed once.

## Verbs

`

// docs returns the text of docs/inputs.md.
func docs() string {
	var b strings.Builder
	b.WriteString(docsHead)
	for _, v := range verb.Table {
		fmt.Fprintf(&b, "- `%s`: %s\n", v.Verb, v.Doc)
	}
	for _, group := range input.Groups {
		fmt.Fprintf(&b, "\n## %s\n\n| input | type | default | verbs | |\n|---|---|---|---|---|\n", group.Title)
		for i := range group.Inputs {
			in := &group.Inputs[i]
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", name(in), in.Type, standard(in), verbs(in), document(in))
		}
	}
	for _, v := range verb.Table {
		if len(v.Chooses) > 0 {
			fmt.Fprintf(&b, "\nThe verb `%s` takes what `%s` take.\n", v.Verb, verb.Join(v.Chooses, "`, `"))
		}
	}
	b.WriteString("\n## Outputs\n\nOn GitHub outputs of the step; on GitLab variables in the dotenv report `berth.env`.\n\n| output | variable | |\n|---|---|---|\n")
	for _, out := range input.Outputs {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", out.Name, out.Env(), out.Doc)
	}
	b.WriteString("\n## Variables that are no inputs\n\nAny other `BERTH_*` is refused, and so is any other `INPUT_*` on GitHub.\n\n| variables | what they are |\n|---|---|\n")
	for _, ignored := range input.Ignored {
		names := strings.Split(ignored.Name, ", ")
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.Join(names, "`, `"), ignored.Why)
	}
	return b.String()
}

func name(in *input.Input) string {
	switch {
	case in.Secret:
		return "`" + in.Name + "` (no flag)"
	case in.Short != "":
		return "`" + in.Name + "`, `-" + in.Short + "`"
	}
	return "`" + in.Name + "`"
}

// verbs returns the verbs that take an input, without those that only choose between
// others.
func verbs(in *input.Input) string {
	onRelease := verb.With(func(p verb.Properties) bool { return p.OnRelease })
	switch {
	case slices.Equal(in.Verbs, verb.With(func(p verb.Properties) bool { return p.OnRelease || p.OnFleet })):
		return "all"
	case slices.Equal(in.Verbs, onRelease):
		return "all of one app"
	}
	return verb.Join(in.Verbs, ", ")
}

func standard(in *input.Input) string {
	if in.Default != "" {
		return "`" + in.Default + "`"
	}
	return in.CI
}

func document(in *input.Input) string {
	text := in.Doc
	if len(in.Choices) > 0 {
		text += " One of `" + strings.Join(in.Choices, "`, `") + "`."
	}
	return text
}
