package cli

import (
	"testing"

	"github.com/berth-dev/berth/internal/ci"
	"github.com/berth-dev/berth/internal/input"
)

// Pull requests of one branch share its app unless their number is part of a name of it.
func TestSharing(t *testing.T) {
	for name, c := range map[string]struct {
		namespace, release string
		shares             bool
	}{
		"by the branch":      {"", "", true},
		"a fixed namespace":  {"reviews", "", true},
		"the namespace's":    {"review-pr-{{ .PullRequest }}", "", false},
		"the release's":      {"reviews", "web-{{ .PullRequest }}", false},
		"a part of it alone": {"review-{{ slice .PullRequest 0 1 }}", "", true},
		"no name":            {"review-{{ .Nothing }}", "", true},
		"no name of theirs":  {`review-{{ if eq .PullRequest "7" }}a{{ else }}_{{ end }}`, "", true},
	} {
		o := &input.Options{Identity: input.Identity{Host: "github.com", Repository: "acme/shop", HeadRepository: "acme/shop",
			Branch: "login", App: "shop", Namespace: c.namespace, Release: c.release, PullRequest: 7}}
		others := []ci.Sibling{{Number: 71}}
		if got := sharing(o, others); (len(got) == 1) != c.shares || o.PullRequest != 7 || len(others) != 1 || others[0].Number != 71 {
			t.Errorf("%s: %v", name, got)
		}
	}
}
