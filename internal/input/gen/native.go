package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/berth-dev/berth/internal/input"
)

// native returns the text of native/action.yml, which runs the released binary on the runner
// itself. Its first step installs it, and is given none of the inputs. Its second one is given
// them as variables: in a script's text, a value would be code. Its shell becomes Berth, which
// is then the process that the runner sends the signals of a cancelled job to.
func native(r *release) string {
	var b strings.Builder
	head(&b, "Berth on the runner itself", "One review app per branch, with the tools and the kubeconfig of the runner.")
	b.WriteString("outputs:\n")
	for _, out := range input.Outputs {
		fmt.Fprintf(&b, "  %s:\n    description: %s\n    value: ${{ steps.berth.outputs.%[1]s }}\n", out.Name, strconv.Quote(out.Doc))
	}
	b.WriteString("runs:\n  using: composite\n  steps:\n    - id: install\n      shell: bash\n      run: |\n")
	for line := range strings.Lines(script("native.sh", r)) {
		b.WriteString(strings.TrimRight("        "+line, " \n") + "\n")
	}
	b.WriteString("    - id: berth\n      shell: bash\n      env:\n        BERTH: ${{ steps.install.outputs.berth }}\n")
	b.WriteString("        INPUT_VERB: ${{ inputs.verb }}\n")
	for i := range input.Table {
		in := &input.Table[i]
		fmt.Fprintf(&b, "        %s: ${{ inputs.%s }}\n", in.NativeEnv(), in.Name)
	}
	b.WriteString("      run: exec \"$BERTH\" \"$INPUT_VERB\"\n")
	return b.String()
}
