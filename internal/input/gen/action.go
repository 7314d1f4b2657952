package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/verb"
)

// generated stands at the top of what nobody edits.
const generated = `Generated from internal/input by "go generate ./internal/input"; do not edit.`

// action returns the text of action.yml: the image that was released, or one that is built of
// the checkout.
func action(r *release) string {
	image := "Dockerfile"
	if r != nil {
		image = "docker://" + r.Image
	}
	var b strings.Builder
	head(&b, "Berth", "One review app per branch, deployed with Helm and proven to be there.")
	b.WriteString("outputs:\n")
	for _, out := range input.Outputs {
		fmt.Fprintf(&b, "  %s:\n    description: %s\n", out.Name, strconv.Quote(out.Doc))
	}
	fmt.Fprintf(&b, "runs:\n  using: docker\n  image: %s\n  args:\n    - ${{ inputs.verb }}\n", image)
	return b.String()
}

// head writes what both actions begin with. Defaults are in the descriptions only: an input
// that is left out arrives empty, and the program sets the default. Only what the runner alone
// can give has a default here.
func head(b *strings.Builder, name, description string) {
	fmt.Fprintf(b, "# %s\nname: %s\ndescription: %s\nauthor: Berth\nbranding:\n  icon: anchor\n  color: blue\n", generated, name, description)
	verbs := verb.With(func(verb.Properties) bool { return true })
	fmt.Fprintf(b, "inputs:\n  verb:\n    description: %s\n    required: false\n    default: %s\n",
		strconv.Quote("What to do: "+verb.Join(verbs, ", ")+"."), verb.Auto)
	for i := range input.Table {
		in := &input.Table[i]
		fmt.Fprintf(b, "  %s:\n    description: %s\n    required: false\n", in.Name, strconv.Quote(describe(in)))
		if in.Action != "" {
			fmt.Fprintf(b, "    default: %s\n", in.Action)
		}
	}
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
