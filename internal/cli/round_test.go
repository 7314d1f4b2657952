package cli

import (
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
)

// Of what many apps lack, RBAC is written for what each needs in its own namespace. A record that asks for more,
// which others may have written, has nobody be given that.
func TestRBACOfManyApps(t *testing.T) {
	lacks := func(namespace string, missing ...problem.MissingPermission) result.Visit {
		return result.Visit{Namespace: namespace, Missing: missing}
	}
	needs := func(verb, resource, namespace string) problem.MissingPermission {
		return problem.MissingPermission{Permission: problem.Permission{Verb: verb, Resource: resource, Namespace: namespace}}
	}
	handed := needs("get", "nodes", "")
	handed.HandedOn = true
	for name, c := range map[string]struct {
		visits  []result.Visit
		grants  []string
		without []string
		byHand  bool
	}{
		"each its own": {[]result.Visit{lacks("a", needs("get", "pods", "a")),
			lacks("b", needs("get", "pods", "b"), needs("list", "services", "b"))},
			[]string{"- pods\n", "- services\n", "kind: ClusterRole\n"}, []string{"namespace: b\n"}, false},
		"another's": {[]result.Visit{lacks("a", needs("get", "pods", "a")), lacks("b", needs("delete", "secrets", "a"))},
			[]string{"- pods\n"}, []string{"- secrets\n", "- delete\n"}, true},
		"first another's":  {[]result.Visit{lacks("b", needs("delete", "secrets", "kube-system"))}, nil, []string{"kube-system"}, true},
		"of none":          {[]result.Visit{lacks("a", needs("create", "clusterroles", ""))}, nil, []string{"clusterroles"}, true},
		"what it hands on": {[]result.Visit{lacks("a", handed)}, nil, []string{"nodes"}, true},
	} {
		granted, byHand := grantable(c.visits)
		got := grantOfMany("jane", granted)
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
