//go:build conformance

package conformance

import (
	"slices"
	"strings"

	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// restoredData are the rows about data, and other objects, that bear what the release's own bear and are somebody else's.
var restoredData = []row{
	{ID: "S369", Setup: "an upgrade deletes a ConfigMap that the chart only names from then on; a person applies it from a saved manifest",
		Action: "teardown", End: "it is there, and named", Exit: "0, 0, 0", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			plain, ignore, settings := s.chart, []string{"--wait-ignore", "*/*store*"}, storesRest[1]
			s.chartWith("templates/store.yaml", store+storeRest)
			s.berth("deploy", ignore...).exit(0)
			saved := s.read(settings)
			s.chart = plain
			s.chartWith("templates/store.yaml", store)
			s.berth("deploy", ignore...).exit(0)
			s.absent(settings)
			s.remakes(saved, settings)
			before := s.uidsOf(settings)
			s.berth("teardown").exit(0).says("ConfigMap/store-settings: it was made after revision 2, which does not have it")
			s.staysWhole(before, settings)
		}},
	{ID: "S369b", Setup: "a claim that the chart has no more and names, deleted and put back by a person, with the release's marks",
		Action: "teardown with delete-claims", End: "it is there, and named", Exit: "0, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			plain, ignore := s.chart, []string{"--wait-ignore", "*/*store*"}
			s.chartWith("templates/store.yaml", store+storeClaim)
			s.berth("deploy", ignore...).exit(0)
			s.chart = plain
			s.chartWith("templates/store.yaml", store)
			s.berth("deploy", ignore...).exit(0)
			s.remove(storesData)
			s.put("kubectl-client-side-apply", s.marks(strings.TrimPrefix(storeClaim, "\n---")))
			before := s.uidsOf(storesData)
			s.berth("teardown", "--delete-claims").exit(0).says("PersistentVolumeClaim/store-data: it was made")
			s.staysWhole(before, storesData)
		}},
	{ID: "S370", Setup: "a hook that is never run is a StatefulSet of another namespace, where claims bear the names and labels of its own",
		Action: "deploy; teardown with delete-claims", End: "the claims, and that they were not looked for is said", Exit: "0, 0", Gone: true,
		run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			other := s.Namespace(s.t)
			idle := strings.NewReplacer("RETENTION", "", "ANNOTATIONS", "",
				"metadata: {name: db}", "metadata: {name: db, namespace: "+other+", annotations: {helm.sh/hook: post-rollback}}").Replace(database)
			s.chartWith("templates/idle.yaml", idle)
			s.berth("deploy").exit(0)
			s.claimOfController(other)
			s.berth("teardown", "--delete-claims").exit(0).says("Claims not looked for", "StatefulSet/db")
			if c, err := s.Client().CoreV1().PersistentVolumeClaims(other).Get(s.t.Context(), claim(0).name, metav1.GetOptions{}); err != nil ||
				c.DeletionTimestamp != nil {
				s.t.Errorf("the claim of the other namespace: %v, %v", c.DeletionTimestamp, err)
			}
		}},
	{ID: "S370b", Setup: "an upgrade adds a StatefulSet and fails before it makes it; somebody else's claims bear the names and labels of its own",
		Action: "teardown with delete-claims, in a namespace that stays", End: "the claims, which are named", Exit: "0, 23, 0", Gone: true,
		run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.berth("deploy").exit(0)
			s.chartWith("templates/database.yaml", strings.NewReplacer("RETENTION", "", "ANNOTATIONS", "").Replace(database))
			s.berth("deploy", "--set", "hooks.pre-upgrade.behaviour=fail").exit(23)
			s.claimOfController(s.namespace)
			before := s.uidsOf(claim(0))
			s.berth("teardown", "--delete-claims").exit(0).says("no revision of the release is known to have made StatefulSet/db")
			s.staysWhole(before, claim(0))
		}},
	{ID: "S370c", Setup: "the same, and the claim's deletion is asked for by a teardown that stops after the uninstall, at a hook that fails",
		Action: "teardown with delete-claims, twice", End: "the claims, which are named", Exit: "0, 23, 24, 0", Gone: true,
		run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.berth("deploy").exit(0)
			s.chartWith("templates/database.yaml", strings.NewReplacer("RETENTION", "", "ANNOTATIONS", "").Replace(database))
			s.chartWith("templates/bye.yaml", failingGoodbye)
			s.berth("deploy", "--set", "hooks.pre-upgrade.behaviour=fail").exit(23)
			s.claimOfController(s.namespace)
			before := s.uidsOf(claim(0))
			s.berth("teardown", "--delete-claims").exit(24)
			s.berth("teardown", "--delete-claims", "--skip-failed-hooks").exit(0).
				says("no revision of the release is known to have made StatefulSet/db")
			s.staysWhole(before, claim(0))
		}},
	{ID: "S370d", Setup: "a release that was deployed well, with a StatefulSet and its claims, and a hook of its end that fails",
		Action: "teardown with delete-claims, and with skip-failed-hooks", End: "the claims, until the second one", Exit: "0, 24, 0", Gone: true,
		run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.deployDatabaseWith("templates/bye.yaml", failingGoodbye)
			s.berth("teardown", "--delete-claims").exit(24)
			s.uidsOf(claim(0), claim(1))
			s.berth("teardown", "--delete-claims", "--skip-failed-hooks").exit(0)
			s.absent(claim(0), claim(1))
		}},
	{ID: "S371", Setup: "v1 makes a claim; v2 names it; v3 has it again and fails", Action: "deploy of a chart without both",
		End: "the claim, which is named", Exit: "0, 0 + warning, 23, 0 + warning", run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			plain, ignore := s.chart, []string{"--wait-ignore", "*/*store*"}
			with := func(text string) {
				s.chart = plain
				if text != "" {
					s.chartWith("templates/store.yaml", text)
				}
			}
			with(store + storeClaim)
			s.berth("deploy", ignore...).exit(0)
			data := s.uidsOf(storesData)
			with(store)
			s.berth("deploy", ignore...).exit(0).warned("Left in place")
			with(store + storeClaim)
			s.berth("deploy", append(ignore, "--set", missingImage)...).exit(23)
			with("")
			s.berth("deploy").exit(0).warned("Left in place").says("PersistentVolumeClaim/store-data was kept")
			s.staysWhole(data, storesData)
		}},
	{ID: "S379", Setup: "a teardown stops at a ConfigMap that is to be kept; a person applies another one of the release from what was saved",
		Action: "teardown, in the branch's own namespace; with delete-kept; with delete-foreign, too",
		End:    "it is there, and named, until delete-foreign", Exit: "0, 27, 27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.chartWith("templates/kept.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}}")
			s.berth("deploy").exit(0)
			saved := s.read(appMap)
			s.berth("teardown").exit(27)
			s.absent(appMap)
			s.remakes(saved, appMap)
			before := s.uidsOf(appMap)
			s.berth("teardown", "--delete-kept").exit(27).says("ConfigMap/web was kept: it was made after the release was uninstalled")
			s.staysWhole(before, appMap)
			s.berth("teardown", "--delete-kept", "--delete-foreign").exit(0)
		}},
	{ID: "S372", Setup: "an app in a namespace that stays, deployed with HELM_DRIVER=configmap and a copy of a Secret; an account that may not list " +
		"ConfigMaps", Action: "teardown without HELM_DRIVER", End: "untouched, with its copy and its lock, and said so",
		Exit: "0, 27, 0", Gone: true, run: func(s *fixture) {
			_, input := s.source(corev1.SecretTypeOpaque, "first-value")
			rules := slices.Concat(rulesWithout(s.DeployerRules(), "configmaps", "list"), s.SecretRules(), s.LeaseRules())
			rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get", "patch"}})
			narrow := s.ServiceAccount(s.t, s.namespace, "narrow")
			narrow.GrantCluster(s.t, rules...)
			s.kubeconfig = s.Kubeconfig()
			s.env["HELM_DRIVER"] = "configmap"
			s.berth("deploy", "--copy-secret", input).exit(0)
			copied := s.uidsOf(registrySecret)
			all := s.kubeconfig
			s.kubeconfig = narrow.Kubeconfig
			delete(s.env, "HELM_DRIVER")
			s.berth("teardown").exit(27).says("no record of it is found", "may not list configmaps")
			s.staysWhole(copied, registrySecret)
			s.kubeconfig = all
			s.env["HELM_DRIVER"] = "configmap"
			s.berth("teardown").exit(0)
			delete(s.env, "HELM_DRIVER")
		}},
	{ID: "S373", Setup: "a chart whose crds folder holds a record of another release", Action: "deploy; deploy --dry-run",
		End:  "refused before anything",
		Exit: "30, 30", Gone: true, run: func(s *fixture) {
			s.chartWith("crds/record.yaml", "{apiVersion: v1, kind: Secret, metadata: {name: sh.helm.release.v1.other.v9, labels: {owner: helm}}, "+
				"type: helm.sh/release.v1}")
			s.berth("deploy").exit(30).says("which is no CustomResourceDefinition")
			s.berth("deploy", "--dry-run").exit(30)
			s.absent(object{"v1", "secrets", "sh.helm.release.v1.other.v9"})
			s.stored("nothing")
		}},
}

// failingGoodbye is a hook of the end of a release that fails once its objects are gone.
const failingGoodbye = `
apiVersion: batch/v1
kind: Job
metadata: {name: bye, annotations: {helm.sh/hook: post-delete, helm.sh/hook-delete-policy: before-hook-creation}}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {sim.berth.dev/behaviour: fail}}
    spec: {restartPolicy: Never, containers: [{name: bye, image: "registry.example/bye:1.0"}]}
`

// deployDatabaseWith deploys the app with the database and another template, and returns once it has its claims.
func (s *fixture) deployDatabaseWith(file, text string) {
	s.t.Helper()
	s.chartWith("templates/database.yaml", strings.NewReplacer("RETENTION", "", "ANNOTATIONS", "").Replace(database))
	s.chartWith(file, text)
	s.berth("deploy", "--wait-ignore", "StatefulSet/db").exit(0)
	kubetest.Eventually(s.t, 20*time.Second, func() (bool, string) {
		return s.uid(claim(0)) != "" && s.uid(claim(1)) != "", "the claims are not there yet"
	})
}

// claimOfController makes the first claim of the database in a namespace, as a StatefulSet's controller does.
func (s *fixture) claimOfController(namespace string) {
	s.t.Helper()
	_, err := s.Client().CoreV1().PersistentVolumeClaims(namespace).Create(s.t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: claim(0).name, Labels: map[string]string{"app": "db"}},
		Spec: corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			StorageClassName: new("none"),
			Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Mi")}}},
	}, metav1.CreateOptions{FieldManager: "kube-controller-manager"})
	if err != nil {
		s.t.Fatal(err)
	}
}
