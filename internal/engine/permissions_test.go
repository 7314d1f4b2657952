package engine

import (
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/problem"
)

// nobody is an Access that writes no RBAC.
type nobody struct{ Access }

func (nobody) RBAC(string, []problem.Permission, bool) string { return "" }

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

// An Access that writes RBAC, and notes for what.
type granting struct {
	Access
	more, sources []problem.Permission
}

func (g *granting) SourceNeeds() []problem.Permission { return g.sources }

func (g *granting) RBAC(_ string, more []problem.Permission, _ bool) string {
	g.more = more
	return "kind: Role"
}

// A chart may ask for what reaches out of the namespace, whoever wrote it. That is named, and no
// RBAC is written for it.
func TestNoGrantBeyondTheNamespace(t *testing.T) {
	within := problem.MissingPermission{Permission: problem.Permission{Verb: "create", Resource: "jobs", Group: "batch", Namespace: "n"}}
	beyond := problem.MissingPermission{Permission: problem.Permission{Verb: "create", Resource: "clusterrolebindings"}}
	source := problem.Permission{Verb: "get", Resource: "secrets", Namespace: "platform", Name: "registry"}
	other := problem.MissingPermission{Permission: source}
	other.Name = "root"
	guessed := problem.MissingPermission{Permission: problem.Permission{Verb: "create", Resource: "boats", Namespace: "n"}, Guessed: true}
	for name, c := range map[string]struct {
		missing []problem.MissingPermission
		granted int
		byHand  bool
	}{
		"another Secret": {[]problem.MissingPermission{other}, 0, true},
		"within":         {[]problem.MissingPermission{within}, 1, false},
		"beyond":         {[]problem.MissingPermission{beyond}, 0, true},
		"both":           {[]problem.MissingPermission{within, beyond}, 1, true},
		"made up":        {[]problem.MissingPermission{guessed}, 0, true},
	} {
		r, access := &reporter{}, &granting{sources: []problem.Permission{source}}
		r.result.Namespace, r.result.Next = "n", nextGrant
		(&permissions{access: access, report: r}).describe("u", c.missing)
		next := r.result.Next
		if len(access.more) != c.granted || (r.result.RBAC != "") != (c.granted > 0) || strings.Contains(next, NextByHand) != c.byHand ||
			strings.Contains(next, nextGrant) != (c.granted > 0) {
			t.Errorf("%s: RBAC %q for %v; next %q", name, r.result.RBAC, access.more, next)
		}
	}
}

// What copy-secret names was asked for by whoever wrote the workflow: the RBAC has it by itself, and
// no more than that one Secret.
func TestGrantOfASource(t *testing.T) {
	source := problem.Permission{Verb: "get", Resource: "secrets", Namespace: "platform", Name: "registry", Why: "copy it"}
	for _, name := range []string{"registry", ""} {
		denied := source
		denied.Name = name
		r, access := &reporter{}, &granting{sources: []problem.Permission{source}}
		r.result.Namespace, r.result.Next = "n", nextGrant
		(&permissions{access: access, report: r}).describe("u", []problem.MissingPermission{{Permission: denied}})
		if r.result.RBAC == "" || len(access.more) > 0 || r.result.Next != nextGrant {
			t.Errorf("%q: RBAC %q for %v; next %q", name, r.result.RBAC, access.more, r.result.Next)
		}
	}
}
