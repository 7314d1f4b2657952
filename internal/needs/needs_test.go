package needs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/problem"
)

// shown returns needs as "get configmaps/a", with ? where it goes on without, ~ where it is needed
// later alone, and @ before a namespace that is not the release's.
func shown(n problem.Needs) []string {
	var all []string
	for _, one := range n.All {
		s := one.Verb + " " + one.Resource
		if one.Group != "" {
			s += "." + one.Group
		}
		if len(one.Names) > 0 {
			s += "/" + strings.Join(one.Names, ",")
		}
		switch one.Namespace {
		case "review":
		case "":
			s += " in the cluster"
		default:
			s += " in " + one.Namespace
		}
		switch {
		case one.Unless != nil:
			s += " or " + strings.TrimSpace(one.Unless.Verb+" "+one.Unless.Name)
		case one.Now == problem.Better:
			s += "?"
		}
		if one.Now == problem.NotNeeded {
			s += "~"
		}
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

func yamlOf(kind, name, more string) string {
	version, kind, _ := strings.Cut(kind, " ")
	return fmt.Sprintf("---\napiVersion: %s\nkind: %s\nmetadata: {name: %s%s}\n", version, kind, name, more)
}

func hook(kind, name, events string, recreated, temporary bool) facts.Hook {
	_, short, _ := strings.Cut(kind, " ")
	return facts.Hook{Kind: short, Name: name, Events: strings.Fields(events), Recreated: recreated, Temporary: temporary,
		Manifest: yamlOf(kind, name, "")}
}

func chartWith(text string, hooks ...facts.Hook) Chart { return Chart{Revision: Parse(text, hooks)} }

func TestDeploy(t *testing.T) {
	configMap := yamlOf("v1 ConfigMap", "a", "")
	role := yamlOf("rbac.authorization.k8s.io/v1 Role", "r", "") + "rules: [{apiGroups: [''], resources: [pods], verbs: [get, list]}]\n"
	binding := func(kind, name string) string {
		return yamlOf("rbac.authorization.k8s.io/v1 RoleBinding", "b", "") + "roleRef: {kind: " + kind + ", name: " + name + "}\n"
	}
	widget := `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec: {group: example.com, scope: Cluster, names: {kind: Widget, plural: widgets}, versions: [{name: v1, served: true}]}
`
	rbac := ".rbac.authorization.k8s.io"
	for name, c := range map[string]struct {
		chart  Chart
		before Revision
		scope  Scope
		want   []string
	}{
		"made": {chart: chartWith(configMap), want: []string{"create configmaps", "get configmaps/a", "patch configmaps/a~"}},
		"unchanged": {chart: chartWith(configMap), before: Parse(configMap, nil), want: []string{"create configmaps~", "get configmaps/a",
			"patch configmaps/a~"}},
		"changed": {chart: chartWith(configMap + "data: {a: b}\n"), before: Parse(configMap, nil),
			want: []string{"create configmaps~", "get configmaps/a", "patch configmaps/a"}},
		"dropped":       {before: Parse(configMap, nil), want: []string{"delete configmaps/a?", "get configmaps/a?"}},
		"dropped, kept": {before: Parse(yamlOf("v1 ConfigMap", "a", ", annotations: {helm.sh/resource-policy: keep}"), nil)},
		"elsewhere": {chart: chartWith(yamlOf("v1 ConfigMap", "a", ", namespace: tools")),
			want: []string{"create configmaps in tools", "get configmaps/a in tools", "patch configmaps/a in tools~"}},
		"of the cluster": {chart: chartWith(yamlOf("storage.k8s.io/v1 StorageClass", "a", ", namespace: tools")),
			want: []string{"create storageclasses.storage.k8s.io in the cluster", "get storageclasses.storage.k8s.io/a in the cluster",
				"patch storageclasses.storage.k8s.io/a in the cluster~"}},
		"a workload": {chart: chartWith(yamlOf("apps/v1 Deployment", "a", "")), want: []string{"create deployments.apps",
			"get deployments.apps/a",
			"get pods/log?", "list deployments.apps?", "list events?", "list pods?", "list replicasets.apps?", "patch deployments.apps/a~",
			"watch deployments.apps?", "watch pods?"}},
		"a definition in the crds folder": {chart: Chart{Definitions: Parse(widget, nil).Objects}, want: []string{
			"create customresourcedefinitions.apiextensions.k8s.io in the cluster",
			"get customresourcedefinitions.apiextensions.k8s.io/widgets.example.com in the cluster"}},
		"one that is served": {chart: Chart{Definitions: Parse(widget, nil).Objects},
			scope: Scope{Served: func(*unstructured.Unstructured) bool { return true }},
			want: []string{"create customresourcedefinitions.apiextensions.k8s.io in the cluster~",
				"get customresourcedefinitions.apiextensions.k8s.io/widgets.example.com in the cluster~"}},
		"of a defined kind": {chart: chartWith(yamlOf("example.com/v1 Widget", "w", "")),
			scope: Scope{Resources: NewResources(nil).With(Parse(widget, nil).Objects)},
			want: []string{"create widgets.example.com in the cluster", "get widgets.example.com/w in the cluster",
				"list widgets.example.com in the cluster?",
				"patch widgets.example.com/w in the cluster~", "watch widgets.example.com in the cluster?"}},
		"looked up": {chart: Chart{Lookups: []problem.Permission{{Verb: "get", Resource: "secrets", Namespace: "review", Name: "a"}}},
			want: []string{"get secrets/a"}},
		"a hook that runs": {chart: chartWith("", hook("batch/v1 Job", "j", "pre-install", true, false)), want: []string{"create jobs.batch",
			"delete jobs.batch/j~", "get jobs.batch/j or list", "get jobs.batch/j?", "get pods/log?", "list events?", "list jobs.batch?",
			"list pods?", "watch jobs.batch?", "watch pods?"}},
		"one that goes again": {chart: chartWith("", hook("v1 ConfigMap", "c", "pre-install", true, true)),
			want: []string{"create configmaps", "delete configmaps/c", "get configmaps/c?"}},
		"one that was left": {chart: chartWith("", hook("v1 ConfigMap", "c", "pre-upgrade", true, false)),
			before: Parse("", []facts.Hook{hook("v1 ConfigMap", "c", "pre-upgrade", true, false)}),
			want:   []string{"create configmaps", "delete configmaps/c", "get configmaps/c"}},
		"one of another event": {chart: chartWith("", hook("v1 ConfigMap", "c", "pre-upgrade", true, false)),
			want: []string{"create configmaps~", "delete configmaps/c~", "get configmaps/c~"}},
		"a test that nobody runs": {chart: chartWith("", hook("v1 Pod", "c", "test", true, false))},
		"a Role": {chart: chartWith(role), want: []string{"create roles" + rbac, "get pods or escalate", "get roles" + rbac + "/r",
			"list pods or escalate",
			"patch roles" + rbac + "/r~"}},
		"a binding of the chart's Role": {chart: chartWith(role + binding("Role", "r")), want: []string{"create rolebindings" + rbac,
			"create roles" + rbac,
			"get pods or bind r", "get pods or escalate", "get rolebindings" + rbac + "/b", "get roles" + rbac + "/r", "list pods or bind r",
			"list pods or escalate", "patch rolebindings" + rbac + "/b~", "patch roles" + rbac + "/r~"}},
		"a binding of what nobody knows": {chart: chartWith(binding("ClusterRole", "view")),
			want: []string{"bind clusterroles" + rbac + "/view?",
				"create rolebindings" + rbac, "get rolebindings" + rbac + "/b", "patch rolebindings" + rbac + "/b~"}},
		"a binding of what is read": {chart: chartWith(binding("ClusterRole", "view")),
			scope: Scope{Rules: func(kind, _, name string) ([]rbacv1.PolicyRule, bool) {
				return []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"nodes"}}},
					kind+name == "ClusterRoleview"
			}},
			want: []string{"create rolebindings" + rbac, "get nodes or bind view", "get rolebindings" + rbac + "/b",
				"patch rolebindings" + rbac + "/b~"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.scope.Namespace = "review"
			if got := shown(Deploy(c.chart, c.before, c.scope)); !slices.Equal(got, c.want) {
				t.Errorf("it takes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestTeardown(t *testing.T) {
	kept := yamlOf("v1 ConfigMap", "kept", ", annotations: {helm.sh/resource-policy: keep}")
	set := yamlOf("apps/v1 StatefulSet", "s", "") + "spec: {volumeClaimTemplates: [{metadata: {name: data}}]}\n"
	got := shown(Teardown(Parse(yamlOf("v1 ConfigMap", "a", "")+kept+set, []facts.Hook{
		hook("v1 Secret", "bye", "post-delete", true, true), hook("v1 Secret", "hello", "post-install", true, false),
	}), Scope{Namespace: "review"}))
	want := []string{"create secrets", "delete configmaps/a", "delete secrets/bye,hello", "delete statefulsets.apps/s",
		"get configmaps/a,kept",
		"get secrets/bye,hello?", "get statefulsets.apps/s", "list persistentvolumeclaims?", "list statefulsets.apps?"}
	if !slices.Equal(got, want) {
		t.Errorf("it takes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// All that a chart takes in its life is required or better, and each is there once.
func TestLife(t *testing.T) {
	c := chartWith(yamlOf("v1 ConfigMap", "a", ""), hook("v1 Pod", "p", "pre-upgrade", true, false))
	for _, n := range Life(c, Scope{Namespace: "review"}).At(true) {
		if n.Later == problem.NotNeeded || n.Optional != (n.Later == problem.Better) {
			t.Errorf("%s: %+v", n.Permission, n)
		}
	}
}

// What no cluster tells is guessed, and that is said.
func TestGuess(t *testing.T) {
	n := Deploy(chartWith(yamlOf("gateway.networking.k8s.io/v1 Gateway", "g", "")), Revision{}, Scope{Namespace: "review"})
	if len(n.Notes) != 1 || !strings.Contains(n.Notes[0], "gateways") {
		t.Errorf("notes %q", n.Notes)
	}
	for kind, want := range map[string]string{"Gateway": "gateways", "NetworkPolicy": "networkpolicies", "Ingress": "ingresses",
		"Endpoints":    "endpoints",
		"StorageClass": "storageclasses", "Mutex": "mutexes", "Batch": "batches", "Widget": "widgets"} {
		if got := plural(kind); got != want {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

// The API server takes no such definitions, and a role would grant what is none of the chart's by them.
func TestInventedDefinitions(t *testing.T) {
	define := func(group, plural string) string {
		return "---\n{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x}, spec: {group: '" + group +
			"', scope: Cluster, names: {kind: Boat, plural: '" + plural + "'}}}\n"
	}
	for _, c := range [][2]string{{"", "nodes"}, {"apps", "deployments"}, {"boats.example.org", "nodes/proxy"}, {"boats.example.org", "*"},
		{"admissionregistration.k8s.io", "mutatingwebhookconfigurations"}, {"admissionregistration.k8s.io", "boats"}} {
		chart := Parse(define(c[0], c[1]), nil)
		if r := NewResources(nil).With(chart.Objects); len(r.defined) > 0 {
			t.Errorf("%q in %q is believed: %v", c[1], c[0], r.defined)
		}
	}
	if r := NewResources(nil).With(Parse(define("boats.example.org", "boats"), nil).Objects); len(r.defined) != 1 {
		t.Error("a definition is not believed")
	}
}

// wards is a cluster that serves a kind of no namespace.
func wards() meta.RESTMapper {
	group := schema.GroupVersion{Group: "wards.example.org", Version: "v1"}
	webhook := schema.GroupVersion{Group: "admissionregistration.k8s.io", Version: "v1"}
	m := meta.NewDefaultRESTMapper(nil)
	m.Add(group.WithKind("Ward"), meta.RESTScopeRoot)
	m.Add(webhook.WithKind("MutatingWebhookConfiguration"), meta.RESTScopeRoot)
	return m
}

// Nothing is offered for a kind that only the chart has told of, and what the cluster or Kubernetes serves
// has their scope, whatever a chart says.
func TestMadeUpKinds(t *testing.T) {
	const webhooks = "admissionregistration.k8s.io/v1"
	define := func(group, kind, plural, scope string) string {
		return "---\n{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x}, spec: {group: " + group +
			", scope: " + scope + ", names: {kind: " + kind + ", plural: " + plural + "}}}\n"
	}
	for name, c := range map[string]struct {
		defined, object  string
		resource         string
		namespaced, told bool
		cluster          bool // the cluster tells it alone
	}{
		"in another case": {object: webhooks + " MutatingWebhookconfiguration", resource: "mutatingwebhookconfigurations"},
		"defined anew": {defined: define("admissionregistration.k8s.io", "MutatingWebhookconfiguration", "mutatingwebhookconfigurations",
			"Namespaced"), object: webhooks + " MutatingWebhookconfiguration", resource: "mutatingwebhookconfigurations"},
		"defined as what is served": {defined: define("admissionregistration.k8s.io", "MutatingWebhookConfiguration",
			"mutatingwebhookconfigurations", "Namespaced"), object: webhooks + " MutatingWebhookConfiguration",
			resource: "mutatingwebhookconfigurations", told: true},
		"of the cluster's, in another case": {object: "wards.example.org/v1 WARD", resource: "wards", cluster: true},
		"of the cluster's, defined under another kind": {defined: define("wards.example.org", "Wards", "wards", "Namespaced"),
			object: "wards.example.org/v1 Wards", resource: "wardses", namespaced: true, cluster: true},
		"in a group of the project": {defined: define("gateway.networking.k8s.io", "GatewayClass", "gatewayclasses", "Cluster"),
			object: "gateway.networking.k8s.io/v1 GatewayClass", resource: "gatewayclasses"},
		"in a group beside it": {defined: define("cluster.x-k8s.io", "Machine", "machines", "Namespaced"),
			object: "cluster.x-k8s.io/v1 Machine", resource: "machines", namespaced: true, told: true},
		"that nobody knows":           {object: "boats.example.org/v1 Boat", resource: "boats", namespaced: true},
		"that would be a subresource": {object: "v1 nodes/metric", namespaced: true},
		"of a group that begins so":   {object: "wards/v1 Ward", resource: "wards", namespaced: true},
		"of the chart's own definition": {defined: define("boats.example.org", "Boat", "boats", "Cluster"),
			object: "boats.example.org/v1 Boat", resource: "boats", told: true},
	} {
		for _, mapper := range []meta.RESTMapper{nil, wards()} {
			if c.cluster && mapper == nil {
				continue
			}
			object := Parse(yamlOf(c.object, "x", ""), nil).Objects
			r := NewResources(mapper).With(Parse(c.defined, nil).Objects, object)
			got := r.of(object[0].GroupVersionKind())
			if got.Name != c.resource || got.Namespaced != c.namespaced || got.Guessed == c.told {
				t.Errorf("%s, with a cluster %v: %+v", name, mapper != nil, got)
			}
			for _, n := range Life(Chart{Revision: Revision{Objects: object}}, Scope{Namespace: "review", Resources: r}).All {
				if n.Resource == "" || n.Resource == c.resource && !c.told && !n.ByHand("review") {
					t.Errorf("%s, with a cluster %v: %s is offered", name, mapper != nil, n.Permission)
				}
			}
		}
	}
}
