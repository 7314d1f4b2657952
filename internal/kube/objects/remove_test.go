package objects

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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

// What is marked since it was seen stays. A GitOps controller's mark may be the chart's own.
func TestMarkedSince(t *testing.T) {
	for name, c := range map[string]struct{ key, value, want string }{
		"nothing":             {"a", "b", ""},
		"to be kept":          {"berth.dev/keep", "yes", "it is marked berth.dev/keep"},
		"not to be kept":      {"berth.dev/keep", "false", ""},
		"the policy":          {"helm.sh/resource-policy", "keep", "resource policy"},
		"taken over":          {"berth.dev/taken-over-from", "team/db", "taken over"},
		"a controller's mark": {"argocd.argoproj.io/tracking-id", "a:b", ""},
	} {
		live := &unstructured.Unstructured{Object: map[string]any{}}
		live.SetAnnotations(map[string]string{c.key: c.value})
		if got := markedSince(live); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
