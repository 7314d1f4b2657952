package engine

import (
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/problem"
)

// nobody is an Access that writes no RBAC.
type nobody struct{ Access }

func (nobody) RBAC(string, []problem.Permission) string { return "" }

// Where there is nobody to grant anything to, the report says as whom the API server knows
// the run, and advises to apply nothing.
func TestNobodyToGrantTo(t *testing.T) {
	missing := []problem.MissingPermission{{Permission: problem.Permission{Verb: "get", Resource: "secrets", Namespace: "n"}}}
	for user, says := range map[string]string{
		"": "does not say as whom", "system:anonymous": "as system:anonymous, which is everybody", "a\u200bb": `as "a\u200bb"`,
	} {
		for _, next := range []string{nextApply + " Nothing was made or changed.", "Grant the missing permission, then run it again.", ""} {
			r := &reporter{}
			r.result.Next = next
			p := &permissions{access: nobody{}, report: r}
			p.describe(user, missing)
			got := r.result.Next
			if !strings.Contains(got, says) || strings.Contains(got, "RBAC below") || strings.Contains(got, "Grant the") ||
				!strings.HasSuffix(got, ".") {
				t.Errorf("%q, %q: next is %q", user, next, got)
			}
			if r.result.RBAC != "" || !strings.Contains(r.result.Headline, "may not get secrets in namespace n") {
				t.Errorf("%q: %+v", user, r.result.Exit)
			}
		}
	}
}
