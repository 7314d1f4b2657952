//go:build cluster

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/test/kubetest"
)

// right is one verb on one resource that a printed role grants.
type right struct {
	cluster               bool // a ClusterRole grants it
	group, resource, verb string
	names                 []string
}

func (r right) String() string { return r.verb + " " + r.resource }

// rightsIn returns what printed roles grant, verb by verb.
func rightsIn(t *testing.T, text string) (all []right) {
	t.Helper()
	for _, document := range strings.Split("\n"+text, "\n---\n")[1:] {
		var role rbacv1.ClusterRole
		if err := yaml.Unmarshal([]byte(document), &role); err != nil {
			t.Fatal(err)
		}
		for _, rule := range role.Rules {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					all = append(all, right{role.Kind == "ClusterRole", rule.APIGroups[0], resource, verb, rule.ResourceNames})
				}
			}
		}
	}
	return all
}

// grant gives an account all of these rights but one.
func grant(t *testing.T, a *kubetest.Account, namespace string, all []right, but int) {
	t.Helper()
	var in, of []rbacv1.PolicyRule
	for i, r := range all {
		rule := rbacv1.PolicyRule{APIGroups: []string{r.group}, Resources: []string{r.resource}, Verbs: []string{r.verb}, ResourceNames: r.names}
		switch {
		case i == but:
		case r.cluster:
			of = append(of, rule)
		default:
			in = append(in, rule)
		}
	}
	a.Grant(t, namespace, in...)
	if len(of) > 0 {
		a.GrantCluster(t, of...)
	}
}

// isOwn returns whether a right is one that Berth takes for itself, whatever the chart: others tests are
// about these.
func (r right) isOwn() bool {
	return slices.Contains([]string{"secrets", "leases", "namespaces"}, r.resource)
}

// Each right of a printed role is taken away in turn, and the verbs are run in theirs, with preflight:
// full. What is named before the first write is that right alone, and without the preflight the same verb
// fails; where none is named, the verb goes well without it.
func TestEachRightIsNamed(t *testing.T) {
	for name := range rightsShapes {
		t.Run(name, func(t *testing.T) {
			sample, account := allowed(t)
			flags := sample.shaped(name)
			all := rightsIn(t, sample.printedRole(account.User, flags...))
			for i, r := range all {
				if r.isOwn() {
					continue
				}
				t.Run(strings.NewReplacer("/", "-", " ", "-").Replace(r.String()), func(t *testing.T) {
					s, account := allowed(t)
					flags := s.shaped(name)
					mine := all
					if name == "definitions" || name == "cluster" { // whose objects bear the namespace's name
						mine = rightsIn(t, s.printedRole(account.User, flags...))
					}
					for n := range mine {
						if slices.Contains(mine[n].names, sample.namespace) {
							mine = slices.Clone(mine)
							mine[n].names = []string{s.namespace}
						}
					}
					grant(t, account, s.namespace, mine, i)
					s.withoutOne(r, flags, rightsShapes[name].example)
				})
			}
		})
	}
}

// withoutOne runs the verbs in turn until one is refused for want of a right.
func (s *fixture) withoutOne(r right, flags []string, example bool) {
	s.t.Helper()
	changed := "a=c"
	if example {
		changed = "config.LEVEL=debug"
	}
	flags = append([]string{"--rbac-wait", "0s", "--timeout", "30s"}, flags...)
	for _, run := range [][]string{
		append([]string{"deploy"}, flags...), append([]string{"deploy", "--set", changed}, flags...),
		{"teardown", "--rbac-wait", "0s", "--timeout", "30s"},
	} {
		before := s.writes()
		e := s.berth(run[0], append(run[1:], "--preflight", "full")...)
		switch missing := e.missing(); {
		case e.code == 0:
			continue
		case e.code != 20 || !slices.Equal(missing, []string{r.String()}):
			s.t.Errorf("%s without %s: exit code %d, missing %q: %s", run[0], r, e.code, missing, e.text("headline"))
		case s.writes() != before:
			s.t.Errorf("%s without %s: it has written before it was refused", run[0], r)
		default:
			if e := s.berth(run[0], append(run[1:], "--preflight", "off")...); e.code == 0 {
				s.t.Errorf("%s goes well without %s, which was named", run[0], r)
			}
		}
		return
	}
}

// writes tells the records and objects of the fixture's namespace apart from what they were.
func (s *fixture) writes() string { return fmt.Sprint(s.statuses(), s.objects(), s.leases()) }

// leases returns the names of the Leases in the fixture's namespace.
func (s *fixture) leases() (names []string) {
	s.t.Helper()
	list, err := s.Client().CoordinationV1().Leases(s.namespace).List(context.WithoutCancel(s.t.Context()), metav1.ListOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range list.Items {
		names = append(names, list.Items[i].Name+list.Items[i].ResourceVersion)
	}
	return names
}
