package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/verb"
)

// command returns the command line: one command for each verb, with the flags that
// the table of inputs gives it. Executing it sets code to the exit code.
func (p Process) command(ctx context.Context, code *int) *cobra.Command {
	root := &cobra.Command{
		Use:   "berth",
		Short: "Deploy a review app per branch with Helm, and prove that it is there",
		Long: "Berth deploys a review app per branch with Helm and proves that what is stored\n" +
			"and running is what was reported. It repairs what is stuck, and takes it down.\n\n" +
			"Every input is a flag, BERTH_<NAME> in the environment, or an input of the action.",
		SilenceErrors: true, SilenceUsage: true,
		Version: p.Version,
		Args:    func(_ *cobra.Command, args []string) error { return checkVerb(args) },
		RunE: func(*cobra.Command, []string) error {
			return errors.New("no verb given; the verbs are " + verbNames())
		},
	}
	root.SetVersionTemplate("{{ .Version }}\n")
	args := p.Args
	if len(args) > 0 && args[0] == "" {
		args = append([]string{string(verb.Auto)}, args[1:]...) // the action's input verb, given as empty
	}
	root.SetArgs(args)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	for _, v := range verb.Table {
		root.AddCommand(p.verbCommand(ctx, v, code))
	}
	return root
}

func (p Process) verbCommand(ctx context.Context, v verb.Properties, code *int) *cobra.Command {
	c := &cobra.Command{Use: string(v.Verb), Short: v.Doc, Long: v.Doc, Args: cobra.NoArgs}
	if v.ByName {
		c.Use, c.Args = c.Use+" [RELEASE]", cobra.MaximumNArgs(1)
	}
	c.Flags().SortFlags = false
	input.Bind(c.Flags(), v.Verb)
	describe(c, v.Verb)
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return input.FlagError(v.Verb, err) })
	c.RunE = func(_ *cobra.Command, args []string) error {
		if v.Verb == verb.Version {
			_, _ = fmt.Fprintln(p.Stdout, p.Version)
			return nil
		}
		if err := nameRelease(c, args); err != nil {
			return err
		}
		*code = p.runVerb(ctx, v.Verb, c.Flags())
		return nil
	}
	return c
}

// nameRelease takes the argument of a command for its flag release, as Helm's commands
// have it.
func nameRelease(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if c.Flags().Changed("release") {
		return fmt.Errorf("the release is given twice, as %q and by --release: leave one out", args[0])
	}
	return c.Flags().Set("release", args[0])
}

// checkVerb refuses what is no verb, and names the one that was meant.
func checkVerb(args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &input.Error{Input: "verb", Value: args[0], Allowed: "there is no such verb" + input.DidYouMean(args[0], verb.Names()) +
		"; the verbs are " + verbNames()}
}

func verbNames() string { return strings.Join(verb.Names(), ", ") }
