package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/verb"
)

// command is the command line: one command a verb, its flags from the table of
// inputs.
func (p Process) command(ctx context.Context, code *int) *cobra.Command {
	root := &cobra.Command{
		Use:   "berth",
		Short: "Deploy a review app per branch with Helm, and prove that it is there",
		Long: "Berth deploys a review app per branch with Helm and proves that what is stored\n" +
			"and running is what was reported. It repairs what is stuck, and takes it down.\n\n" +
			"Every input is a flag, BERTH_<NAME> in the environment, or an input of the action.",
		SilenceErrors: true, SilenceUsage: true,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("no verb given: run berth --help to see them")
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	args := p.Args
	if len(args) > 0 && args[0] == "" {
		args = append([]string{string(verb.Auto)}, args[1:]...) // the action's verb, given as empty
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
	c.Flags().SortFlags = false
	input.Bind(c.Flags(), v.Verb)
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return input.FlagError(v.Verb, err) })
	c.Run = func(*cobra.Command, []string) {
		if v.Verb == verb.Version {
			_, _ = fmt.Fprintln(p.Stdout, p.Version)
			return
		}
		*code = p.runVerb(ctx, v.Verb, func(d input.Defaults) (*input.Options, error) {
			o, err := input.Resolve(c.Flags(), p.Environ, v.Verb, d)
			if err != nil {
				return p.reporting(c.Flags()), err
			}
			return o, nil
		})
	}
	return c
}

// reporting is where to report that the inputs are wrong: whoever reads JSON, or
// collects a folder, is told there too.
func (p Process) reporting(flags *pflag.FlagSet) *input.Options {
	given := func(name string) string {
		if f := flags.Lookup(name); f != nil && f.Changed {
			return f.Value.String()
		}
		in := input.Find(name)
		if value := p.getenv(in.Env()); value != "" || p.getenv("GITHUB_ACTIONS") != "true" {
			return value
		}
		return p.getenv(in.ActionEnv())
	}
	return &input.Options{Reporting: input.Reporting{Output: given("output"), ReportDir: given("report-dir")}}
}

// readableFlags are those of a command line that can be read although another
// one on it, or its verb, is wrong.
func (p Process) readableFlags() *pflag.FlagSet {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.Usage = func() {}
	flags.ParseErrorsAllowlist.UnknownFlags = true
	input.Bind(flags, verb.Deploy) // deploy takes every input
	_ = flags.Parse(p.Args)
	return flags
}
