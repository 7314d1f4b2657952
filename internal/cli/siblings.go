package cli

import (
	"slices"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/input"
)

// sharing returns those of a branch's pull requests that have the same review app as the one which the
// run is about: each has its own where the number is part of the namespace's or the release's name. One
// whose app cannot be named may share it.
func sharing(o *input.Options, others []ci.Sibling) []ci.Sibling {
	own, err := nameApp(o)
	if err != nil {
		return others
	}
	return slices.DeleteFunc(slices.Clone(others), func(other ci.Sibling) bool {
		of := *o
		of.PullRequest = other.Number
		theirs, err := nameApp(&of)
		return err == nil && (theirs.Namespace != own.Namespace || theirs.Release != own.Release)
	})
}
