package cli

import (
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

// lacking is what was missing of an app in a namespace, each "VERB RESOURCE[.GROUP] NAMESPACE", or "… -" for none.
func lacking(namespace string, missing ...string) result.Visit {
	v := result.Visit{Namespace: namespace}
	for _, m := range missing {
		part := strings.Fields(m)
		p := problem.Permission{Verb: part[0], Namespace: part[2]}
		p.Resource, p.Group, _ = strings.Cut(part[1], ".")
		if p.Namespace == "-" {
			p.Namespace = ""
		}
		v.Missing = append(v.Missing, problem.MissingPermission{Permission: p})
	}
	return v
}

// granting returns what is written for visits in this namespace, "" for each its own, and whether something is left
// to a person.
func granting(namespace, resource string, v verb.Verb, visits ...result.Visit) (rbac string, byHand bool) {
	g := grantOfMany{namespace, ownOfMany(resource, v)}
	granted, byHand := g.grantable(visits)
	return g.write("jane", granted), byHand
}

// Of what many apps lack, RBAC is written for what each needs in its own namespace. A record that asks for more,
// which others may have written, has nobody be given that.
func TestRBACOfManyApps(t *testing.T) {
	handed := lacking("a", "get nodes -")
	handed.Missing[0].HandedOn = true
	guessed := lacking("a", "get pods a")
	guessed.Missing[0].Guessed = true
	for name, c := range map[string]struct {
		visits  []result.Visit
		grants  []string
		without []string
		byHand  bool
	}{
		"each its own": {[]result.Visit{lacking("a", "get pods a"), lacking("b", "get pods b", "list services b")},
			[]string{"- pods\n", "- services\n", "kind: ClusterRole\n"}, []string{"namespace: b\n"}, false},
		"another's": {[]result.Visit{lacking("a", "get pods a"), lacking("b", "delete secrets a")},
			[]string{"- pods\n"}, []string{"- secrets\n", "- delete\n"}, true},
		"first another's":  {[]result.Visit{lacking("b", "delete secrets kube-system")}, nil, []string{"kube-system"}, true},
		"of none":          {[]result.Visit{lacking("a", "create clusterroles -")}, nil, []string{"clusterroles"}, true},
		"what it hands on": {[]result.Visit{handed}, nil, []string{"nodes"}, true},
		"what it makes up": {[]result.Visit{guessed}, nil, []string{"pods"}, true},
	} {
		got, byHand := granting("", "secrets", verb.Repair, c.visits...)
		if byHand != c.byHand || (got == "") != (c.grants == nil) {
			t.Errorf("%s: by hand %t:\n%s", name, byHand, got)
		}
		for _, part := range c.grants {
			if !strings.Contains(got, part) {
				t.Errorf("%s: %q is not in\n%s", name, part, got)
			}
		}
		for _, part := range c.without {
			if strings.Contains(got, part) {
				t.Errorf("%s: %q is in\n%s", name, part, got)
			}
		}
	}
}

// What holds in all namespaces is what Berth itself needs, and to look at what harms nobody, and nothing else that a
// record asks for. In one namespace it is what the records there ask for, in a Role.
func TestRBACOfARecordAlone(t *testing.T) {
	for name, c := range map[string]struct {
		missing, resource string
		verb              verb.Verb
		everywhere        bool
	}{
		"the records":                      {"get secrets a", "secrets", verb.List, true},
		"to write them":                    {"update secrets a", "secrets", verb.Repair, true},
		"to write them, for a look":        {"update secrets a", "secrets", verb.List, false},
		"a Secret, beside other records":   {"get secrets a", "configmaps", verb.List, false},
		"a Secret, the same in a repair":   {"update secrets a", "configmaps", verb.Repair, false},
		"a ConfigMap":                      {"get configmaps a", "secrets", verb.List, false},
		"a ConfigMap, which is a record":   {"get configmaps a", "configmaps", verb.List, true},
		"the lock":                         {"update leases.coordination.k8s.io a", "secrets", verb.Repair, true},
		"its own namespace":                {"get namespaces a", "secrets", verb.List, true},
		"a namespace to make":              {"create namespaces -", "secrets", verb.Repair, false},
		"a workload":                       {"get deployments.apps a", "secrets", verb.List, true},
		"to watch one":                     {"watch deployments.apps a", "secrets", verb.List, true},
		"to write one":                     {"patch deployments.apps a", "secrets", verb.Repair, false},
		"to delete one":                    {"delete pods a", "secrets", verb.Repair, false},
		"one of another group":             {"get deployments.example.com a", "secrets", verb.List, false},
		"a subresource, which runs":        {"get pods/exec a", "secrets", verb.List, false},
		"an object of a kind of one's own": {"get tokens.example.com a", "secrets", verb.List, false},
		"a Role":                           {"get roles.rbac.authorization.k8s.io a", "secrets", verb.List, false},
	} {
		got, byHand := granting("", c.resource, c.verb, lacking("a", c.missing))
		if byHand == c.everywhere || strings.Contains(got, "kind: ClusterRole\n") != c.everywhere {
			t.Errorf("%s: by hand %t:\n%s", name, byHand, got)
		}
		if strings.HasSuffix(c.missing, "-") || strings.Contains(c.missing, "namespaces") {
			continue
		}
		got, byHand = granting("a", c.resource, c.verb, lacking("a", c.missing))
		if byHand || !strings.Contains(got, "kind: Role\n") || strings.Contains(got, "ClusterRole") || strings.Count(got, "namespace: a\n") != 2 {
			t.Errorf("%s, in one namespace: by hand %t:\n%s", name, byHand, got)
		}
	}
}

// What a round misses is a role of its own: applying it takes nothing away that was applied before.
func TestRBACOfManyAppsIsAPart(t *testing.T) {
	p := permissions{resource: "secrets", namespace: "a", perBranch: true}
	whole := p.RBAC("jane", nil, true)
	for _, namespace := range []string{"", "a"} {
		got, _ := granting(namespace, "secrets", verb.Repair, lacking("a", "get pods a", "update secrets a"))
		for line := range strings.Lines(got) {
			if name := strings.TrimSpace(line); strings.HasPrefix(name, "name: berth-") && strings.Contains(whole, name+"\n") {
				t.Errorf("in %q: it replaces %s:\n%s", namespace, name, got)
			}
		}
		again, _ := granting(namespace, "secrets", verb.Repair, lacking("a", "update secrets a"), lacking("a", "get pods a"))
		if name := nameIn(got); name == "" || name != nameIn(again) {
			t.Errorf("in %q: the same is called %q and %q", namespace, name, nameIn(again))
		}
	}
}

// nameIn returns the name of the first role in RBAC.
func nameIn(rbac string) string {
	_, rest, _ := strings.Cut(rbac, "\n  name: ")
	name, _, _ := strings.Cut(rest, "\n")
	return name
}
