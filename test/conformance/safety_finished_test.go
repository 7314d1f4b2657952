//go:build conformance

package conformance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// heldDisk is a volume that something beside Kubernetes has to let go.
const heldDisk = `{"metadata":{"finalizers":["kubernetes.io/pv-protection","example.org/disk"]}}`

// finished are the rows about what a teardown comes back to, and about what it waits for at its end.
var finished = []row{
	{ID: "S353", Setup: "two branches in a namespace of a fixed name that Berth made, by an account that may not patch namespaces",
		Action: "deploy of each", End: "the second one's is refused: it could not be noted that the namespace is shared",
		Exit: "0, 20", run: func(s *fixture) {
			s.deployerOfNamespaces("get", "create", "delete")
			s.as("one", "web-one")
			s.berth("deploy").exit(0).says("The namespace will be kept")
			s.as("two", "web-two")
			s.berth("deploy").exit(20)
			s.as("one", "web-one")
		}},
	{ID: "S353b", Setup: "the first of them, a claim that something else made there, and the account may patch namespaces by now",
		Action: "deploy, teardown", End: "the claim, and the namespace", Exit: "0, 0, 27", Gone: true, run: func(s *fixture) {
			s.deployerOfNamespaces("get", "create", "delete")
			s.berth("deploy").exit(0)
			s.makeClaim("theirs", nil, nil)
			s.kubeconfig = s.Kubeconfig()
			s.laterThan(object{"v1", "persistentvolumeclaims", "theirs"})
			s.berth("deploy").exit(0)
			s.berth("teardown").exit(27).says("PersistentVolumeClaim/theirs")
		}},
	{ID: "S353c", Setup: "an app in its own namespace, deployed with HELM_DRIVER=configmap, and an account that may not list ConfigMaps",
		Action: "teardown without HELM_DRIVER, then as an account that may; with HELM_DRIVER", End: "untouched, and said so; then gone",
		Exit: "0, 27, 27, 0", Gone: true, run: func(s *fixture) {
			rules := rulesWithout(s.DeployerRules(), "configmaps", "list")
			namespaces := []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"namespaces"},
				Verbs: []string{"get", "create", "patch", "delete"}}}
			narrow := s.ServiceAccount(s.t, s.namespace, "narrow")
			narrow.GrantCluster(s.t, slices.Concat(rules, s.SecretRules(), s.LeaseRules(), namespaces)...)
			s.asAdmin()
			s.env["HELM_DRIVER"] = "configmap"
			s.berth("deploy").exit(0)
			delete(s.env, "HELM_DRIVER")
			all := s.kubeconfig
			s.kubeconfig = narrow.Kubeconfig
			s.berth("teardown").exit(27).says("no record of it is found", "may not list configmaps")
			s.kubeconfig = all
			s.berth("teardown").exit(27).says("has its records in configmaps")
			s.env["HELM_DRIVER"] = "configmap"
			s.berth("teardown").exit(0)
			delete(s.env, "HELM_DRIVER")
		}},
	{ID: "S354", Setup: "a ConfigMap of the release that is marked to be kept; the mark is taken off", Action: "teardown, each time",
		End: "the ConfigMap, until the mark is off", Exit: "0, 27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			s.patch("kubectl-annotate", configMap("web"), keepMark)
			s.berth("teardown").exit(27)
			s.patch("kubectl-annotate", configMap("web"), `{"metadata":{"annotations":{"berth.dev/keep":null}}}`)
			s.berth("teardown").exit(0)
			s.namespaceIsGone(s.namespace)
		}},
	{ID: "S354b", Setup: "a Namespace of the chart in which a person has a Secret, and a ConfigMap that is marked to be kept",
		Action: "teardown; the same with delete-foreign, as it says",
		End:    "the Namespace, until it is said that it goes", Exit: "0, 27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			within := s.namespace + "-x"
			s.chartWith("templates/within.yaml", strings.ReplaceAll(namespaceOfTheChart+"---"+mapInNamespace, "NAME", within))
			s.berth("deploy").exit(0)
			s.goes(within)
			own := s.namespace
			s.namespace = within
			s.put("kubectl-create", "{apiVersion: v1, kind: Secret, metadata: {name: theirs}, stringData: {a: b}}")
			s.namespace = own
			s.patch("kubectl-annotate", configMap("web"), keepMark)
			s.berth("teardown").exit(27).says(within)
			s.berth("teardown", "--delete-foreign").exit(0)
			s.namespaceIsGone(within)
			s.namespaceIsGone(s.namespace)
		}},
	{ID: "S355", Setup: "a PersistentVolume of the chart with a finalizer, a claim that is bound to it, and an account whose rights in the " +
		"namespace go with that", Action: "teardown", End: "not gone: the volume is named, with its finalizer",
		Exit: "0, 24", Gone: true, run: func(s *fixture) {
			outside := s.namespace
			s.asAdmin()
			disk := s.deploysDisk()
			s.patch("disk-controller", disk, heldDisk)
			janitor := s.ServiceAccount(s.t, outside, "janitor")
			janitor.GrantCluster(s.t, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces", "persistentvolumes"},
				Verbs: []string{"get", "list", "watch", "delete", "patch"}})
			janitor.Grant(s.t, s.namespace, rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}})
			s.kubeconfig = janitor.Kubeconfig
			s.berth("teardown", "--timeout", "15s").exit(24).says("PersistentVolume/"+disk.name, "example.org/disk")
			s.namespaceIsGone(s.namespace)
			s.patch("disk-controller", disk, `{"metadata":{"finalizers":null}}`)
		}},
	{ID: "S356", Setup: "a Deployment that only an older revision has, and an object elsewhere that another release owns by now",
		Action: "teardown", End: "the Deployment is named, as long as the namespace stays", Exit: "0, 23, 27", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			plain, role := s.chart, object{"rbac.authorization.k8s.io/v1", "clusterroles", s.namespace + "-role"}
			s.chartWith("templates/role.yaml",
				fmt.Sprintf("{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: %s}}", role.name))
			both := s.chart
			s.chartWith("templates/old.yaml", strings.ReplaceAll(plainDeployment, "NAME", "old"))
			s.berth("deploy").exit(0)
			s.refused(both)
			s.chart = plain
			s.patch("helm", role, `{"metadata":{"annotations":{"meta.helm.sh/release-name":"other"}}}`)
			s.berth("teardown").exit(27).says("Deployment/old: it was to go with the namespace, which stays")
			s.remove(role)
		}},
}

// laterThan waits until what is made is of a later second than an object.
func (s *fixture) laterThan(o object) {
	s.t.Helper()
	made := s.read(o).GetCreationTimestamp()
	probe := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "probe"}}
	kubetest.Eventually(s.t, 20*time.Second, func() (bool, string) {
		would, err := s.Client().CoreV1().ConfigMaps(s.namespace).
			Create(s.t.Context(), probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err == nil && would.CreationTimestamp.After(made.Time), "no second has passed"
	})
}

// notItsOwn are the rows about what a chart or a record names that is none of the release's.
var notItsOwn = []row{
	{ID: "S357", Setup: "a Deployment of the record that another release owns by now; its pods crash and print",
		Action: "check", End: "whose it is, and nothing of its log", Exit: "0, 24, 0", run: func(s *fixture) {
			s.chartWith("templates/quotes.yaml", quotesInjected)
			s.berth("deploy", "--set", "behaviour=ready").exit(0)
			at := object{"apps/v1", "deployments", "quotes"}
			s.patch("helm", at, `{"metadata":{"annotations":{"meta.helm.sh/release-name":"theirs"}},"spec":{"template":{"metadata":{"annotations":`+
				`{"sim.berth.dev/behaviour":"crash"}}}}}`)
			s.berth("check", "--check-timeout", "5s").exit(24).says("theirs").hides("no login")
			s.remove(at)
			s.berth("deploy", "--set", "behaviour=ready").exit(0)
		}},
	{ID: "S358", Setup: "charts that bring a record of the release: as an object, in a List, as a hook", Action: "deploy of each",
		End: "refused before anything", Exit: "30, 30, 30", Gone: true, run: func(s *fixture) {
			plain := s.chart
			const record = "{apiVersion: v1, kind: Secret, metadata: {name: sh.helm.release.v1.web.v9, labels: {owner: helm}%s}, " +
				"type: helm.sh/release.v1}"
			for _, text := range []string{fmt.Sprintf(record, ""), fmt.Sprintf("{apiVersion: v1, kind: List, items: ["+record+"]}", ""),
				fmt.Sprintf(record, ", annotations: {helm.sh/hook: pre-install}")} {
				s.chart = plain
				s.chartWith("templates/record.yaml", text)
				s.berth("deploy").exit(30).says("Helm takes for the record of a release")
			}
			s.stored("nothing")
		}},
	{ID: "S359", Setup: "charts that look up all Secrets, bring a Namespace, and define nodes/proxy", Action: "preflight of each",
		End: "what is missing is named, and no RBAC is written for it", Exit: "20, 20, 20", Gone: true, run: func(s *fixture) {
			plain := s.chart
			for _, text := range []string{`{{ range (lookup "v1" "Secret" "" "").items }}# {{ .metadata.name }}{{ "\n" }}{{ end }}`,
				"{apiVersion: v1, kind: Namespace, metadata: {name: other-team}}",
				"{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x}, spec: {group: '', scope: Cluster, " +
					"names: {kind: Proxy, plural: nodes/proxy}}}\n---\n{apiVersion: v1, kind: Proxy, metadata: {name: x}}"} {
				s.chart = plain
				s.chartWith("templates/wants.yaml", text)
				s.berth("preflight", "--chart", s.chart, "--rbac-wait", "0s").exit(20).silent("kind: ClusterRole", "nodes/proxy]")
			}
		}},
}

// plainDeployment becomes ready.
const plainDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}, annotations: {sim.berth.dev/behaviour: ready}}
    spec: {containers: [{name: app, image: "registry.example.com/app:1"}]}
`
