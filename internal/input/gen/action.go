package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/verb"
)

const actionHead = `# Generated from internal/input by "go generate ./internal/input"; do not edit.
name: Berth
description: One review app per branch, deployed with Helm and proven to be there.
author: Berth
branding:
  icon: anchor
  color: blue
`

const actionTail = `runs:
  using: docker
  image: Dockerfile
  args:
    - ${{ inputs.verb }}
`

// action returns the text of action.yml. Defaults are in the descriptions only: an
// input that is left out arrives empty, and the program sets the default. Only what
// the runner alone can give has a default here.
func action() string {
	var b strings.Builder
	b.WriteString(actionHead)
	b.WriteString("inputs:\n")
	verbs := verb.With(func(verb.Properties) bool { return true })
	fmt.Fprintf(&b, "  verb:\n    description: %s\n    required: false\n    default: %s\n",
		strconv.Quote("What to do: "+verb.Join(verbs, ", ")+"."), verb.Auto)
	for i := range input.Table {
		in := &input.Table[i]
		fmt.Fprintf(&b, "  %s:\n    description: %s\n    required: false\n", in.Name, strconv.Quote(describe(in)))
		if in.Action != "" {
			fmt.Fprintf(&b, "    default: %s\n", in.Action)
		}
	}
	b.WriteString("outputs:\n")
	for _, out := range input.Outputs {
		fmt.Fprintf(&b, "  %s:\n    description: %s\n", out.Name, strconv.Quote(out.Doc))
	}
	b.WriteString(actionTail)
	return b.String()
}

// describe returns an input's description with what it takes and its default.
func describe(in *input.Input) string {
	text := in.Doc
	if in.Type == input.List {
		text += " One a line."
	}
	if in.Type == input.Choice {
		text += " One of " + strings.Join(in.Choices, ", ") + "."
	}
	if in.CI != "" {
		text += " Default: " + in.CI + "."
	}
	if in.Default != "" {
		text += " Default: " + in.Default + "."
	}
	return text
}
