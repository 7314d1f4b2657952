package access

import (
	"slices"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/problem"
)

// namesOf returns the kinds and names of all documents.
func namesOf(text string) (names []string) {
	for part := range strings.SplitSeq(text, "\n---\n") {
		_, kind, _ := strings.Cut(part, "\nkind: ")
		kind, _, _ = strings.Cut(kind, "\n")
		_, name, _ := strings.Cut(part, "\n  name: ")
		name, _, _ = strings.Cut(name, "\n")
		if kind != "" && kind != "Namespace" {
			names = append(names, kind+" "+name)
		}
	}
	return names
}

// kubectl apply replaces the rules of a role. So what is all that is needed keeps its name, and what is a part of it
// has one of its own, by what it grants, in whatever order.
func TestPartIsARoleOfItsOwn(t *testing.T) {
	own := ForRun(Needs{Resource: "secrets", Namespace: "review"})
	ingress := problem.Permission{Verb: "get", Group: "networking.k8s.io", Resource: "ingresses", Namespace: "review"}
	created := ingress
	created.Verb = "create"
	for _, perBranch := range []bool{true, false} {
		write := func(part bool, more ...problem.Permission) string {
			return Write(Grant{User: "jane", Needs: slices.Concat(own, more), PerBranch: perBranch, Namespace: "review", Part: part})
		}
		if a, b := namesOf(write(false)), namesOf(write(false, ingress)); len(a) != 2 || !slices.Equal(a, b) {
			t.Errorf("per branch %v: the whole is %q, and later %q", perBranch, a, b)
		}
		parts := []string{write(false, ingress), write(true), write(true, ingress), write(true, created), write(true, created, ingress)}
		var all []string
		for _, text := range parts {
			all = append(all, namesOf(text)...)
		}
		slices.Sort(all)
		if len(all) != 2*len(parts) || len(slices.Compact(all)) != 2*len(parts) {
			t.Errorf("per branch %v: one replaces another: %q", perBranch, all)
		}
		if a, b := namesOf(write(true, ingress, created)), namesOf(write(true, created, ingress)); !slices.Equal(a, b) {
			t.Errorf("per branch %v: the same is called %q and %q", perBranch, a, b)
		}
		if !strings.HasPrefix(write(true, ingress), "# A part of what this account needs") ||
			!strings.HasPrefix(write(false), "# All that this account") {
			t.Errorf("per branch %v: it does not say what it does to what is there:\n%s", perBranch, write(true))
		}
	}
	if text := Write(Grant{User: "jane", Namespace: "review", Part: true}); text != "" {
		t.Errorf("for nothing:\n%s", text)
	}
}

// A chart's Role may name what no object is called. That is written into no rule, and where a text is so long that it
// is folded, what follows begins no line that a runner obeys.
func TestNoCommandOfALongName(t *testing.T) {
	long := strings.Repeat("a", 85)
	need := problem.Permission{Verb: "get", Resource: "secrets", Namespace: "review", Why: "hand it on"}
	for name, written := range map[string]bool{
		"tls": true, "system:tls": true, strings.Repeat("a", 253): true, "::set-output": true, long + "::set-output": true,
		long + " ::set-output name=x::y": false, long + " ##[add-mask]x": false, long + "\t::set-output": false,
		long + "\u00a0::error": false, long + "\u2003::error": false, strings.Repeat("a", 254): false,
	} {
		need.Name = name
		text := Write(Grant{User: "jane", Needs: []problem.Permission{need}, Namespace: "review", Explained: true})
		role := parse(t, text)["Role"]
		if granted := len(role.Rules) == 1 && slices.Equal(role.Rules[0].ResourceNames, []string{name}); granted != written {
			t.Errorf("%q: %+v\n%s", name, role.Rules, text)
		}
		if !written && !strings.Contains(text, "# Not written, grant it by hand") {
			t.Errorf("%q is not left to a person:\n%s", name, text)
		}
		obeysNothing(t, text)
	}
	for _, user := range []string{long + " ::set-output name=x::y", long + " ##[add-mask]x",
		"a " + long + " ::error::b c " + long + " ##vso[x]y"} {
		for _, perBranch := range []bool{true, false} {
			text := RBAC(user, ForRun(Needs{Resource: "secrets", Namespace: "review"}), perBranch, "review")
			obeysNothing(t, text)
			for kind, d := range parse(t, text) {
				if strings.HasSuffix(kind, "Binding") && (len(d.Subjects) != 1 || d.Subjects[0].Name != user) {
					t.Errorf("it binds %+v:\n%s", d, text)
				}
			}
		}
	}
}

// obeysNothing fails the test if a runner would take a line for a command.
func obeysNothing(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "::") || strings.HasPrefix(line, "##") {
			t.Errorf("a runner obeys %q in\n%s", line, text)
		}
	}
}
