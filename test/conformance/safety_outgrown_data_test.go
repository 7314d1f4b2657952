//go:build conformance

package conformance

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/test/kubetest"
)

// outgrownData are the rows about the data of such objects, and about what is none of the release's.
var outgrownData = []row{
	{ID: "S340", Setup: "a PersistentVolume and a claim that is bound to it, neither of which an upgrade has that the API server refuses",
		Action: "teardown", End: "both, with the data, which are named", Exit: "0, 23, 0", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			disk, data := s.outgrowsDisk()
			s.berth("teardown").exit(0).says("PersistentVolume/"+disk.name+" stays",
				"PersistentVolumeClaim/store-data", "delete-claims deletes it")
			s.staysWhole(data, disk, storesData)
		}},
	{ID: "S340b", Setup: "the same", Action: "teardown, in the branch's own namespace",
		End:  "the volume, which is named, and nothing waits for it",
		Exit: "0, 23, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			disk, _ := s.outgrowsDisk()
			before := s.uidsOf(disk)
			s.berth("teardown").exit(0).says("PersistentVolume/" + disk.name + " stays")
			s.namespaceIsGone(s.namespace)
			s.staysWhole(before, disk)
			s.remove(disk)
		}},
	{ID: "S341", Setup: "the same, uninstalled by Helm, which leaves them and keeps the history", Action: "deploy, teardown",
		End:  "both, with the data",
		Exit: "0, 23, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			disk, data := s.outgrowsDisk()
			s.mustHelm(3, "uninstall", s.release, "--keep-history", "--wait")
			s.berth("deploy").exit(0).warned("Left in place").says("PersistentVolume/"+disk.name+" was kept",
				"PersistentVolumeClaim/store-data was kept")
			s.berth("teardown").exit(0)
			s.staysWhole(data, disk, storesData)
		}},
	{ID: "S343", Setup: "a StatefulSet, which an upgrade does not have that the API server refuses", Action: "teardown with delete-claims",
		End: "neither the set nor its claims", Exit: "0, 23, 0", Gone: true, run: func(s *fixture) {
			s.outgrowsDatabase("")
			s.berth("teardown", "--delete-claims").exit(0).silent("which is there")
			s.absent(claim(0), claim(1))
		}},
	{ID: "S343b", Setup: "the same, whose retention policy deletes its claims", Action: "teardown",
		End:  "neither the set nor its claims, and none is said to stay",
		Exit: "0, 23, 0", Gone: true, run: func(s *fixture) {
			s.outgrowsDatabase(deletesClaims)
			s.berth("teardown").exit(0).silent("which is there", "data-db-0: ")
			s.absent(claim(0), claim(1))
		}},
	{ID: "S343c", Setup: "the same, uninstalled by Helm, which leaves it and keeps the history", Action: "deploy",
		End:  "the set, with its claims",
		Exit: "0, 23, 0 + warning", run: func(s *fixture) {
			s.outgrowsDatabase(deletesClaims)
			before := s.uidsOf(claim(0), claim(1))
			s.mustHelm(3, "uninstall", s.release, "--keep-history", "--wait")
			s.berth("deploy").exit(0).warned("Left in place").says("StatefulSet/db was kept", "its claims would go with it")
			s.staysWhole(before, claim(0), claim(1))
		}},
	{ID: "S344", Setup: "a person applies from a saved manifest what an upgrade has deleted", Action: "teardown, with delete-claims",
		End: "it is there, and named", Exit: "0, 0, 0", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.berth("deploy", "--set", "extras={x}").exit(0)
			saved := s.read(extraMap)
			s.berth("deploy").exit(0)
			s.absent(extraMap)
			s.remakes(saved, extraMap)
			before := s.uidsOf(extraMap)
			s.berth("teardown", "--delete-claims").exit(0).says("ConfigMap/web-x: it was made after revision 2, which does not have it")
			s.staysWhole(before, extraMap)
		}},
	{ID: "S345", Setup: "an uninstall that died, of a release with a ConfigMap that only the revision before has", Action: "deploy; teardown",
		End: "the ConfigMap, which the deploy names", Exit: "0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.outgrows()
			s.killAfter(s.proxy(), deletionOf("services"), "teardown")
			s.stored("v1 deployed, v2 uninstalling")
			before := s.uidsOf(extraMap, outgrown, storesData)
			s.berth("deploy").exit(0).warned("Release repaired").says("ConfigMap/web-x: an older revision made it")
			s.berth("teardown").exit(0)
			s.staysWhole(before, extraMap, outgrown, storesData)
		}},
	{ID: "S346", Setup: "two revisions with a claim, uninstalled by Helm, which keeps the history", Action: "deploy of the same",
		End: "v3 deployed, and nothing is said to be left", Exit: "0, 0, 0", run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.chartWith("templates/store.yaml", storeClaim)
			s.berth("deploy", "--wait-ignore", "*/*store*").exit(0)
			s.berth("deploy", "--wait-ignore", "*/*store*").exit(0)
			s.mustHelm(3, "uninstall", s.release, "--keep-history", "--wait")
			s.berth("deploy", "--wait-ignore", "*/*store*").exit(0).silent("was kept")
		}},
	{ID: "S362", Setup: "an upgrade adds a claim and fails before it makes it; a person applies one of the name, with the release's marks",
		Action: "deploy of the revision before; teardown", End: "the claim, which each names", Exit: "0, 23, 0 + warning, 0", Gone: true,
		run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			plain := s.chart
			s.berth("deploy").exit(0)
			s.chartWith("templates/store.yaml", ownVolume)
			s.berth("deploy", "--set", "hooks.pre-upgrade.behaviour=fail").exit(23)
			s.absent(volume)
			s.put("kubectl-client-side-apply", s.marks(ownVolume))
			before := s.uidsOf(volume)
			s.chart = plain
			s.berth("deploy").exit(0).warned("Left in place").says("PersistentVolumeClaim/volume was kept: it was made with kubectl")
			s.staysWhole(before, volume)
			s.berth("teardown").exit(0).says("PersistentVolumeClaim/volume: it was made with kubectl")
			s.staysWhole(before, volume)
		}},
	{ID: "S347", Setup: "a PersistentVolume of the chart, to which the claim of its StatefulSet is bound, in the branch's own namespace",
		Action: "teardown", End: "neither, nor the namespace, which is deleted before it is waited for the volume", Exit: "0, 0", Gone: true,
		run: func(s *fixture) {
			s.asAdmin()
			disk := object{"v1", "persistentvolumes", s.namespace + "-disk"}
			one := strings.NewReplacer("RETENTION", "", "ANNOTATIONS", "", "replicas: 2", "replicas: 1",
				"storageClassName: none", "storageClassName: "+disk.name).Replace(database)
			s.chartWith("templates/disk.yaml", strings.ReplaceAll(diskOfTheChart, "NAME", disk.name)+"---"+one)
			s.berth("deploy", "--wait-ignore", "PersistentVolume*/*", "--wait-ignore", "StatefulSet/*").exit(0)
			s.bound(disk)
			s.berth("teardown").exit(0)
			s.namespaceIsGone(s.namespace)
			s.absent(disk)
		}},
	{ID: "S347b", Setup: "a PersistentVolume and a claim that is bound to it, which an upgrade does not have that the API server refuses",
		Action: "teardown, in the branch's own namespace", End: "neither, nor the namespace",
		Exit: "0, 23, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			disk, _ := s.outgrowsClaim()
			s.berth("teardown").exit(0)
			s.namespaceIsGone(s.namespace)
			s.absent(disk)
		}},
	{ID: "S347c", Setup: "the same", Action: "teardown, in a namespace that stays", End: "both, with the data, which are named",
		Exit: "0, 23, 0 + warning", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			disk, data := s.outgrowsClaim()
			s.berth("teardown").exit(0).warned("Left in place").says("PersistentVolume/"+disk.name+" was kept",
				"PersistentVolumeClaim/store-data", "delete-claims")
			s.staysWhole(data, disk, storesData)
		}},
}

const deletesClaims = "persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}"

// outgrowsDisk is outgrows with a claim that is bound to a volume of the chart.
func (s *fixture) outgrowsDisk() (disk object, uids map[string]string) {
	s.t.Helper()
	plain := s.chart
	disk = s.deploysDisk()
	s.refused(plain)
	return disk, s.uidsOf(disk, storesData)
}

// outgrowsClaim is the same, but for the volume, which the upgrade has.
func (s *fixture) outgrowsClaim() (disk object, uids map[string]string) {
	s.t.Helper()
	plain := s.chart
	disk = s.deploysDisk()
	s.chart = plain
	s.chartWith("templates/disk.yaml", strings.ReplaceAll(diskOfTheChart, "NAME", disk.name))
	s.refused(s.chart)
	return disk, s.uidsOf(disk, storesData)
}

// deploysDisk deploys a chart that has a volume and a claim, and returns once they are bound.
func (s *fixture) deploysDisk() (disk object) {
	s.t.Helper()
	disk = object{"v1", "persistentvolumes", s.namespace + "-disk"}
	claims := strings.NewReplacer("theirs", storesData.name, "NAME", disk.name).Replace(claimOfDisk)
	s.chartWith("templates/disk.yaml", strings.ReplaceAll(diskOfTheChart, "NAME", disk.name)+"---"+claims)
	s.berth("deploy", "--wait-ignore", "PersistentVolume*/*").exit(0)
	s.bound(disk)
	return disk
}

// outgrowsDatabase is outgrows with a StatefulSet.
func (s *fixture) outgrowsDatabase(retention string) {
	s.t.Helper()
	s.kubeconfig = s.Kubeconfig()
	plain := s.chart
	s.deployDatabase(retention, "")
	if retention != "" {
		s.ownedBySet(claim(0), true)
		s.ownedBySet(claim(1), true)
	}
	s.refused(plain)
}

// marks puts the release's marks on an object, as what was saved of it has them.
func (s *fixture) marks(text string) string {
	return strings.Replace(text, "metadata: {", "metadata: {labels: {app.kubernetes.io/managed-by: Helm}, annotations: "+
		"{meta.helm.sh/release-name: "+s.release+", meta.helm.sh/release-namespace: "+s.namespace+"}, ", 1)
}

// refused has the API server refuse an upgrade to a chart half way.
func (s *fixture) refused(chart string) {
	s.t.Helper()
	s.chart = chart
	s.chartWith("templates/refused.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: Not_a_name}}")
	s.berth("deploy", "--timeout", "15s").exit(23)
	s.chart = chart
}

// remakes makes an object as it was, as a person does with what was saved, in a later second than that of the last record.
func (s *fixture) remakes(saved *unstructured.Unstructured, o object) {
	s.t.Helper()
	made := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": saved.GetAPIVersion(), "kind": saved.GetKind(), "data": saved.Object["data"],
	}}
	made.SetName(o.name)
	made.SetLabels(saved.GetLabels())
	made.SetAnnotations(saved.GetAnnotations())
	how := metav1.CreateOptions{FieldManager: "kubectl-client-side-apply", DryRun: []string{metav1.DryRunAll}}
	last := s.last().Secret.CreationTimestamp
	for _, write := range s.last().Secret.ManagedFields {
		if write.Time.After(last.Time) {
			last = *write.Time
		}
	}
	kubetest.Eventually(s.t, 20*time.Second, func() (bool, string) {
		would, err := s.client(o).Create(s.t.Context(), made, how)
		return err == nil && would.GetCreationTimestamp().After(last.Time), "no second has passed since the last record"
	})
	how.DryRun = nil
	if _, err := s.client(o).Create(s.t.Context(), made, how); err != nil {
		s.t.Fatal(err)
	}
}
