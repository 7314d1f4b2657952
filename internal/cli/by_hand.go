package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/input"
)

// askGit returns what the checkout that somebody works in says of the branch, and what prints
// that it does: by hand, nothing else says so. Where a repository is given, the branch is to be
// given as well, since the checkout may be another's.
func (p Process) askGit(ctx context.Context, flags *pflag.FlagSet) (input.Defaults, func(console)) {
	silent := func(console) {}
	if p.getenv("CI") != "" { // of one that Berth does not know: what it checked out need not be what it is about
		return input.Defaults{}, silent
	}
	repository := flags.Lookup("repository")
	if repository != nil && repository.Changed || p.getenv(input.Find("repository").Env()) != "" {
		return input.Defaults{}, silent
	}
	about, why := ci.Git(ctx, "", p.Environ)
	known := defaults(about)
	if why != "" {
		known.NoBranch = why
		return known, silent
	}
	if about.Branch == "" {
		return input.Defaults{}, silent
	}
	if known.Branch == "" {
		known.NoBranch = fmt.Sprintf("git is on %s, the default branch, which need not be meant", about.Branch)
		if about.DefaultBranch == "" {
			known.NoBranch = fmt.Sprintf("git is on %s, and does not know which branch is the default one; "+
				"git remote set-head origin --auto tells it", about.Branch)
		}
		return known, silent
	}
	branch := "the branch that is given,"
	if given := flags.Lookup("branch"); (given == nil || !given.Changed) && strings.TrimSpace(p.getenv(input.Find("branch").Env())) == "" {
		branch = "branch " + about.Branch
	}
	return known, func(out console) { out.progress(fmt.Sprintf("From git: %s of %s", branch, about.Repository)) }
}
