package objects

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

func TestSummarize(t *testing.T) {
	named := func(name string) facts.Ref { return facts.Ref{APIVersion: "v1", Kind: "ConfigMap", Name: name} }
	denied := &problem.Problem{Reason: problem.PermissionMissing, Missing: []problem.MissingPermission{{Reason: "no"}}}
	removals := []removal{
		{ref: named("gone")},
		{ref: named("deleted"), deleted: true, deleting: true},
		{ref: named("another's"), kept: "it changed hands"},
		{ref: named("unanswered"), err: errors.New("no answer")},
	}
	removed, kept, err := summarize(removals)
	if !slices.Equal(removed, []facts.Ref{named("deleted")}) || !slices.Equal(kept, []string{"it changed hands"}) {
		t.Errorf("removed %v, kept %q", removed, kept)
	}
	if err == nil || err.Error() != "no answer" {
		t.Errorf("error: %v", err)
	}

	_, _, err = summarize(append(removals, removal{err: denied}, removal{err: denied}))
	p := problem.Of(err)
	if p.Reason != problem.PermissionMissing || len(p.Missing) != 2 || !strings.Contains(p.Error(), "2 of 6") {
		t.Errorf("denied: %v, missing %v", p, p.Missing)
	}
	if _, _, err := summarize(removals[:3]); err != nil {
		t.Errorf("without a failure: %v", err)
	}
}
