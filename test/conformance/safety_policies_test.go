//go:build conformance

package conformance

import (
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

const (
	// keptList is kept by Helm's uninstall, which reads the policy of a document.
	keptList = `
apiVersion: v1
kind: List
metadata: {annotations: {helm.sh/resource-policy: keep}}
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: marked}, data: {of: chart}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata: {name: volume}
  spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`
	hookedList = `
apiVersion: v1
kind: List
metadata: {annotations: {helm.sh/hook: "pre-install,pre-upgrade"}}
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: NAME}, data: {of: hook}}
- {apiVersion: v1, kind: Secret, metadata: {name: NAME}, stringData: {a: b}}
`
	// hookedData are what a hook of an install makes.
	hookedData = `
apiVersion: v1
kind: Secret
metadata: {name: hook-secret, annotations: {helm.sh/hook: pre-install, helm.sh/hook-delete-policy: "POLICY"}}
stringData: {password: v}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: volume, annotations: {helm.sh/hook: pre-install, helm.sh/hook-delete-policy: "POLICY"}}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`
)

// whatIsKept are the rows about what says that an object stays: the policy of the List that it is of,
// that of the hook that made it, and that it was taken over.
var whatIsKept = []row{
	{ID: "S240", Setup: "a List in the chart that is to be kept, with a ConfigMap and a claim in it",
		Action: "deploy without it; with it; teardown, in a namespace that stays", End: "both, with their data, and they are named",
		Exit: "0, 0, 0, 0", Gone: true, run: func(s *fixture) {
			plain := s.chart
			s.chartWith("templates/kept.yaml", keptList)
			with := s.chart
			s.berth("deploy", ignoresVolume).exit(0)
			before := s.uidsOf(marked, volume)
			s.chart = plain
			s.berth("deploy").exit(0)
			s.sameUIDs(before, marked, volume)
			s.chart = with
			s.berth("deploy", ignoresVolume).exit(0)
			s.berth("teardown").exit(0).says("ConfigMap/marked stays", "PersistentVolumeClaim/volume stays")
			s.sameUIDs(before, marked, volume)
		}},
	{ID: "S240b", Setup: "the same by Helm, which writes the policy on neither; then an upgrade that fails",
		Action: "check; deploy with adopt, which fails, with on-failure uninstall", End: "both, with their data, and they are named",
		Exit: "0, 23", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/kept.yaml", keptList)
			s.user()
			s.mustHelm(3, "install", s.release, s.chart)
			before := s.uidsOf(marked, volume)
			s.byName(func() { s.berth("check", ignoresVolume).exit(0) })
			s.berth("deploy", ignoresVolume, "--adopt=true", "--set", missingImage, "--on-failure", "uninstall", "--timeout", "25s").exit(23).
				says("it was taken away", "ConfigMap/marked stays", "PersistentVolumeClaim/volume stays")
			s.sameUIDs(before, marked, volume)
		}},
	{ID: "S240c", Setup: "the same in the branch's own namespace", Action: "teardown, twice; teardown with delete-kept",
		End: "both, and the namespace, until it is said that they go", Exit: "0, 27, 27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.chartWith("templates/kept.yaml", keptList)
			s.berth("deploy", ignoresVolume).exit(0)
			before := s.uidsOf(marked, volume)
			for range 2 {
				s.berth("teardown").exit(27).says("ConfigMap/marked", "PersistentVolumeClaim/volume", "--delete-kept")
				s.sameUIDs(before, marked, volume)
			}
			s.berth("teardown", "--delete-kept").exit(0)
			s.namespaceGone()
		}},
	{ID: "S241", Setup: "a hook of the install has made a Secret and a claim that are there to stay; by a later revision, which does not " +
		"run it, its delete policy is hook-succeeded,hook-failed",
		Action: "teardown", End: "both, with their data, and they are named", Exit: "0, 0, 0", Gone: true, run: func(s *fixture) {
			plain := s.chart
			s.chartWith("templates/data.yaml", strings.ReplaceAll(hookedData, "POLICY", "hook-failed"))
			s.berth("deploy").exit(0)
			before := s.uidsOf(hookSecret, volume)
			s.passSecond()
			s.chart = plain
			s.chartWith("templates/data.yaml", strings.ReplaceAll(hookedData, "POLICY", "hook-succeeded,hook-failed"))
			s.berth("deploy").exit(0)
			s.berth("teardown").exit(0).says("but for 2 objects", "Secret/hook-secret", "PersistentVolumeClaim/volume", "delete-claims deletes it")
			s.sameUIDs(before, hookSecret, volume)
		}},
	{ID: "S242", Setup: "somebody's ConfigMap that adopt has taken, of which the chart makes a hook by now",
		Action: "deploy, without and with adopt naming it; teardown", End: "the ConfigMap, with its data",
		Exit: "0 + warning, 27, 27, 0 + warning", Gone: true, run: func(s *fixture) {
			s.makeMap("golden")
			plain := s.chart
			s.chartWith("templates/golden.yaml", goldenOfChart)
			s.berth("deploy", "--adopt=ConfigMap/golden").exit(0).warned("Release repaired")
			before := s.uidsOf(configMap("golden"))
			s.chart = plain
			s.chartWith("templates/golden.yaml", hookMap("golden", "post-upgrade", ""))
			s.berth("deploy").exit(27).says("ConfigMap/golden is there: it was taken over")
			s.berth("deploy", "--adopt=ConfigMap/golden").exit(27).says("ConfigMap/golden is there: it was taken over")
			s.berth("teardown").exit(0).warned("Left in place")
			s.sameUIDs(before, configMap("golden"))
			if data := s.configMapNamed("golden").Data; !maps.Equal(data, map[string]string{"chart": "1", "of": "somebody"}) {
				s.t.Errorf("it holds %v", data)
			}
		}},
	{ID: "S243", Setup: "a definition of the chart; an operator's object of its kind, which adopt has taken, and the chart has no more",
		Action: "deploy without the object; teardown", End: "the object, with the definition", Exit: "0, 0 + warning, 0 + warning, 0 + warning",
		Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.t.Cleanup(func() { s.deleteDefinition("Boat") })
			s.chartWith("templates/boats.yaml", s.crd("Boat"))
			without := s.chart
			s.berth("deploy").exit(0)
			boat := object{s.group() + "/v1", plural("Boat"), "own"}
			s.put("boat-operator", s.ownBoat(""))
			before := s.uidsOf(boat)
			s.chartWith("templates/boat.yaml", s.ownBoat(""))
			s.berth("deploy", "--adopt=Boat/own").exit(0).warned("Release repaired")
			s.chart = without
			s.berth("deploy").exit(0).warned("Left in place")
			s.berth("teardown").exit(0).warned("Left in place").says("own is of its kind, and to be kept")
			s.sameUIDs(before, boat)
		}},
	{ID: "S244", Setup: "Lists that are hooks, in each of two revisions another one",
		Action: "teardown; deploy of both, teardown with delete-hooks",
		End:    "what each has made is named, and stays; then none is there", Exit: "0, 0, 0, 0, 0, 0", Gone: true, run: func(s *fixture) {
			plain := s.chart
			made := []object{configMap("one"), {"v1", "secrets", "one"}, configMap("two"), {"v1", "secrets", "two"}}
			deployBoth := func() {
				s.t.Helper()
				for _, name := range []string{"one", "two"} {
					s.chart = plain
					s.chartWith("templates/hooks.yaml", strings.ReplaceAll(hookedList, "NAME", name))
					s.berth("deploy").exit(0)
				}
			}
			deployBoth()
			s.berth("teardown").exit(0).says("but for 4 objects", "ConfigMap/one", "Secret/one", "ConfigMap/two", "Secret/two")
			deployBoth()
			s.berth("teardown", "--delete-hooks").exit(0)
			s.absent(made...)
		}},
	{ID: "S245", Setup: "a copy of a release that is stuck; no repository and no branch are known",
		Action: "repair with on-stuck uninstall", End: "neither the release nor the copy", Exit: "0, 0 + warning", Gone: true,
		run: func(s *fixture) {
			s.asAdminIn()
			_, input := s.source(corev1.SecretTypeOpaque, "first-value")
			s.berth("deploy", "--copy-secret", input).exit(0)
			s.setStatus(1, "pending-upgrade", "pending-upgrade")
			s.byName(func() {
				s.berth("repair", "--on-stuck", "uninstall").exit(0).says("Secret/registry, which Berth had made")
			})
			s.absent(registrySecret)
		}},
}
