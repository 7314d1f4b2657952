package cli

import (
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/problem"
)

// Whoever lacks a right for a check is offered rights to read alone, under a name
// that does not replace the Role with which the same user deploys.
func TestRBACForACheckOnlyReads(t *testing.T) {
	more := []problem.Permission{{Verb: "get", Group: "apps", Resource: "deployments", Namespace: "review"}}
	for _, perBranch := range []bool{false, true} {
		p := permissions{resource: "secrets", namespace: "review", perBranch: perBranch, readOnly: true}
		got := p.RBAC("u", more, true)
		for _, verb := range []string{"create", "update", "patch", "delete", "watch"} {
			if strings.Contains(got, "- "+verb+"\n") {
				t.Errorf("it grants %s:\n%s", verb, got)
			}
		}
		if !strings.Contains(got, "- deployments\n") || !strings.Contains(got, "- secrets\n") || !strings.Contains(got, "name: berth-reader-") {
			t.Error(got)
		}
		p.readOnly = false
		if all := p.RBAC("u", more, true); !strings.Contains(all, "- update\n") || !strings.Contains(all, "name: berth-deployer-") {
			t.Error(all)
		}
	}
}
