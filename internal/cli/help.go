package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/verb"
)

// helpWidth is how wide the help of flags is set.
const helpWidth = 110

// docsPages is where the documentation is.
const docsPages = "https://github.com/berth-dev/berth/blob/main/docs/"

// examples are what people run of a verb.
var examples = map[verb.Verb]string{
	verb.Deploy: `  berth deploy --chart ./chart --set image.tag={{ .SHA }}     # the branch that git is on
  berth deploy --repository acme/shop --branch feature/login --chart oci://registry.example.com/charts/shop --version 1.2.3
  berth deploy --dry-run --chart ./chart        # what would change; nothing is written`,
	verb.Check: `  berth check                                   # the review app of the branch that git is on
  berth check shop --namespace staging          # any release, by its name`,
	verb.Repair: `  berth repair                                  # the review app of the branch that git is on
  berth repair shop --namespace staging --on-stuck unlock`,
	verb.Teardown: `  berth teardown --repository acme/shop --branch feature/login`,
	verb.List: `  berth list                                    # the review apps of all repositories
  berth list --repository acme/shop --watch
  berth list --all-releases --output json       # whatever Helm has deployed`,
	verb.Sweep: `  berth sweep --dry-run --ttl 7d                # what would go of the repository that git is in
  berth sweep --repository acme/shop --idle 14d --failed 3d`,
	verb.Preflight: `  berth preflight --repository acme/shop --branch feature/login --chart ./chart
  berth preflight --repository acme/shop --branch any --chart ./chart --print-role --for system:serviceaccount:ci:deployer`,
}

// describe gives a verb's command its help: the flags in the groups of docs/inputs.md,
// their choices, and what the exit codes mean.
func describe(c *cobra.Command, v verb.Verb) {
	c.Example = examples[v]
	for _, group := range input.Groups {
		for i := range group.Inputs {
			if in := &group.Inputs[i]; len(in.Choices) > 0 && c.Flags().Lookup(in.Name) != nil {
				_ = c.RegisterFlagCompletionFunc(in.Name, cobra.FixedCompletions(in.Choices, cobra.ShellCompDirectiveNoFileComp)) // it is there
			}
		}
	}
	if v == verb.Version {
		return
	}
	c.SetUsageFunc(func(c *cobra.Command) error {
		_, err := fmt.Fprint(c.OutOrStderr(), usage(c))
		return err
	})
}

// usage is a verb's help below its first sentence.
func usage(c *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", c.UseLine())
	if c.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	for _, group := range input.Groups {
		flags := pflag.NewFlagSet(group.Title, pflag.ContinueOnError)
		flags.SortFlags = false
		for i := range group.Inputs {
			if f := c.Flags().Lookup(group.Inputs[i].Name); f != nil {
				flags.AddFlag(f)
			}
		}
		if flags.HasFlags() {
			fmt.Fprintf(&b, "\n%s:\n%s", group.Title, flags.FlagUsagesWrapped(helpWidth))
		}
	}
	b.WriteString("\nExit codes:\n")
	for _, e := range exitCodes {
		fmt.Fprintf(&b, "  %3d  %s\n", e.code, e.means)
	}
	fmt.Fprintf(&b, "\nEvery flag is BERTH_<NAME> in the environment, too. See %sinputs.md and %sexit-codes.md.\n", docsPages, docsPages)
	return b.String()
}

// exitCodes are the exit codes in a few words, for the help; docs/exit-codes.md has more.
var exitCodes = []struct {
	code  int
	means string
}{
	{exitOK, "as reported; repaired as well"},
	{exitPermission, "a permission is missing"},
	{exitLive, "a live operation holds the release"},
	{exitUnknownHolder, "whether the operation that holds it is alive cannot be told"},
	{exitDeployFailed, "the deploy failed"},
	{exitInconsistent, "what is stored and running is not what was reported"},
	{exitRepairFailed, "a repair failed"},
	{exitUnanswered, "the API server's answer is not known"},
	{exitForeign, "something is somebody else's, or to be kept"},
	{exitTerminating, "the namespace is being deleted"},
	{exitUnreadable, "a record cannot be read"},
	{exitChart, "the chart or its values are wrong"},
	{exitProbe, "the URL does not answer as it should"},
	{exitSweep, "a sweep left something that is to go, or there are too many review apps for one more"},
	{exitNotFound, "there is no such release"},
	{exitWrongInput, "wrong input; nothing was touched"},
	{exitInterrupted, "interrupted (129, 130, 143); the record was settled first"},
}
