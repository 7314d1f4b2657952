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
			fmt.Fprintf(&b, "\nThe verb `%s` takes what `%s` take.\n", v.Verb, verb.Join(v.Chooses, "` and `"))
		}
	}
	b.WriteString("\n## Outputs\n\nOn GitHub outputs of the step; on GitLab variables in the dotenv report `berth.env`.\n\n| output | variable | |\n|---|---|---|\n")
	for _, out := range input.Outputs {
		variable := "BERTH_" + strings.ToUpper(strings.ReplaceAll(out.Name, "-", "_"))
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", out.Name, variable, out.Doc)
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
	if slices.Equal(in.Verbs, verb.With(func(p verb.Properties) bool { return p.OnRelease })) {
		return "all"
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
