//go:build conformance

package conformance

import (
	"maps"
	"strings"
)

const (
	// goldenOfChart and stateOfChart are what a chart has beside the app's own.
	goldenOfChart = `
apiVersion: v1
kind: ConfigMap
metadata: {name: golden}
data: {chart: "1"}
`
	stateOfChart = `
---
apiVersion: v1
kind: ConfigMap
metadata: {name: state, annotations: {helm.sh/resource-policy: keep}}
data: {chart: "1"}
`
	goldenMap  = "{apiVersion: v1, kind: ConfigMap, metadata: {name: golden, annotations: {helm.sh/resource-policy: keep}}, data: {of: somebody}}"
	keptByHand = `{"data":{"of":"somebody"},"metadata":{"annotations":{"berth.dev/keep":"true"}}}`
	// seededClaim has the name of a claim of the database's first pod.
	seededClaim = `
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data-db-0, labels: {app: db}}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`
	hookInNamespace = `
apiVersion: v1
kind: ConfigMap
metadata: {name: seed, namespace: NAME, annotations: {helm.sh/hook: post-install, helm.sh/hook-delete-policy: before-hook-creation}}
data: {of: hook}
`
)

// secondRuns are the rows about what the run before has left, and the next one finds.
var secondRuns = []row{
	{ID: "S230", Setup: "somebody's ConfigMap that adopt has taken, and one of the release, to be kept, which somebody has marked as well, " +
		"each with data of theirs; an upgrade has neither, and fails",
		Action: "deploy with on-failure rollback; teardown", End: "both, with their data and their marks",
		Exit: "0 + warning, 23, 0 + warning", Gone: true, run: func(s *fixture) {
			s.makeMap("golden")
			plain := s.chart
			s.chartWith("templates/maps.yaml", goldenOfChart+stateOfChart)
			s.berth("deploy", "--adopt=ConfigMap/golden").exit(0).warned("Release repaired")
			s.patch("kubectl-edit", configMap("state"), keptByHand)
			before := s.uidsOf(configMap("golden"), configMap("state"))
			s.chart = plain
			s.berth("deploy", "--set", missingImage, "--adopt=ConfigMap/golden", "--on-failure", "rollback", "--timeout", "25s").exit(23).
				says("revision 1 is back")
			s.stored("v1 superseded, v2 failed, v3 deployed")
			for _, name := range []string{"golden", "state"} {
				if data := s.configMapNamed(name).Data; !maps.Equal(data, map[string]string{"chart": "1", "of": "somebody"}) {
					s.t.Errorf("%s holds %v", name, data)
				}
			}
			s.berth("teardown").exit(0).warned("Left in place").says("ConfigMap/golden was kept: it was taken over", "ConfigMap/state stays")
			s.sameUIDs(before, configMap("golden"), configMap("state"))
			if _, marked := s.configMapNamed("state").Annotations["berth.dev/keep"]; !marked {
				s.t.Error("the mark is gone")
			}
		}},
	{ID: "S231", Setup: "somebody's object in the branch's own namespace, which is to be kept by its policy, and which adopt has taken",
		Action: "teardown; teardown with delete-kept; with delete-foreign as well", End: "the object, until it is said that what is others' goes",
		Exit: "0, 0 + warning, 27, 27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy").exit(0)
			s.put("kubectl-create", goldenMap)
			before := s.uidsOf(configMap("golden"))
			s.chartWith("templates/maps.yaml", goldenOfChart)
			s.berth("deploy", "--adopt=ConfigMap/golden").exit(0).warned("Release repaired")
			s.berth("teardown").exit(27).says("ConfigMap/golden", "taken over", "--delete-foreign")
			s.berth("teardown", "--delete-kept").exit(27).says("ConfigMap/golden", "taken over", "--delete-foreign")
			s.sameUIDs(before, configMap("golden"))
			s.berth("teardown", "--delete-kept", "--delete-foreign").exit(0)
			s.namespaceGone()
		}},
	{ID: "S231b", Setup: "an object that its chart said to keep, which somebody has marked as well, and no stored revision names any more",
		Action: "teardown with delete-kept; with delete-foreign as well", End: "the object, until it is said that what is others' goes",
		Exit: "0, 0, 0, 0, 27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			plain := s.chart
			s.chartWith("templates/maps.yaml", stateOfChart)
			s.berth("deploy").exit(0)
			s.patch("kubectl-edit", configMap("state"), keptByHand)
			before := s.uidsOf(configMap("state"))
			s.chart = plain
			for range 3 {
				s.berth("deploy", "--max-history", "2").exit(0)
			}
			s.stored("v3 superseded, v4 deployed")
			s.berth("teardown", "--delete-kept").exit(27).says("ConfigMap/state: it is marked berth.dev/keep")
			s.sameUIDs(before, configMap("state"))
			s.berth("teardown", "--delete-kept", "--delete-foreign").exit(0)
			s.namespaceGone()
		}},
	{ID: "S232", Setup: "a hook's ConfigMap, which the next revision makes in another namespace",
		Action: "teardown; deploy of both, teardown with delete-hooks", End: "both are named, and stay; then neither is there",
		Exit: "0, 0, 0, 0, 0, 0", Gone: true, run: func(s *fixture) {
			was, is, plain := s.Namespace(s.t), s.Namespace(s.t), s.chart
			s.kubeconfig = s.Kubeconfig()
			deployBoth := func() {
				s.t.Helper()
				for _, namespace := range []string{was, is} {
					s.chart = plain
					s.chartWith("templates/hooks.yaml",
						strings.NewReplacer("OTHER", namespace, "pre-install", `"pre-install,pre-upgrade"`).Replace(hookElsewhere))
					s.berth("deploy").exit(0)
				}
			}
			deployBoth()
			s.berth("teardown").exit(0).says("but for 2 objects", was+"/ConfigMap/shared", is+"/ConfigMap/shared")
			deployBoth()
			s.berth("teardown", "--delete-hooks").exit(0)
			if left := s.configMapIn(was, "shared") + s.configMapIn(is, "shared"); left != "" {
				s.t.Errorf("left are %s", left)
			}
		}},
	{ID: "S233", Setup: "a hook has made what is there to stay; its delete policy is hook-succeeded by now, and it runs at an upgrade, too",
		Action: "deploy, twice", End: "the object: the second run takes it for its own no more than the first",
		Exit: "0, 23, 23", run: func(s *fixture) {
			plain := s.chart
			s.chartWith("templates/hook.yaml", hookMap("generated", "pre-install", "hook-failed"))
			s.berth("deploy").exit(0)
			before := s.uidsOf(configMap("generated"))
			s.chart = plain
			s.chartWith("templates/hook.yaml", hookMap("generated", "pre-install,pre-upgrade", "hook-succeeded"))
			for range 2 {
				s.berth("deploy").exit(23).says(`"generated" already exists`)
				s.sameUIDs(before, configMap("generated"))
			}
			s.stored("v1 deployed, v2 failed, v3 failed")
			s.chart = plain // by which Helm upgrades it
		}},
	{ID: "S234", Setup: "a Namespace in the chart, in which a hook has made an object that no upgrade makes anew",
		Action: "deploy of the chart without the Namespace, with the hook", End: "the Namespace, with that object", Exit: "0, 0 + warning",
		run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			plain, name := s.chart, s.namespace+"-seeds"
			s.goes(name)
			hook := strings.ReplaceAll(hookInNamespace, "NAME", name)
			s.chartWith("templates/seeds.yaml", strings.ReplaceAll(namespaceOfTheChart, "NAME", name)+"---"+hook)
			s.berth("deploy").exit(0)
			seed := s.configMapIn(name, "seed")
			s.chart = plain
			s.chartWith("templates/seeds.yaml", hook)
			s.berth("deploy").exit(0).warned("Left in place").says("Namespace/"+name, "ConfigMap/seed, of a hook of the release, is in it")
			s.at(name, s.release, s.namespaceStays)
			if now := s.configMapIn(name, "seed"); now == "" || now != seed {
				s.t.Errorf("the hook's object was %q and is %q", seed, now)
			}
		}},
	{ID: "S235", Setup: "a revision that failed had a claim of the name that its StatefulSet gives to its own, which that has since",
		Action: "deploy of the StatefulSet without it; teardown", End: "the claim, with its data", Exit: "0, 23, 0 + warning, 0", Gone: true,
		run: func(s *fixture) {
			plain := s.chart
			s.berth("deploy").exit(0)
			ignore := []string{"--wait-ignore", "*/*db*"}
			s.chartWith("templates/database.yaml", plainDatabase()+seededClaim)
			s.berth("deploy", append(ignore, "--set", missingImage)...).exit(23)
			before := s.uidsOf(claim(0))
			s.chart = plain
			s.chartWith("templates/database.yaml", plainDatabase())
			s.berth("deploy", ignore...).exit(0).warned("Left in place").says("PersistentVolumeClaim/data-db-0 was kept: a StatefulSet")
			s.claimStays(before)
			s.berth("teardown").exit(0).says("PersistentVolumeClaim/data-db-0", "delete-claims deletes it")
			s.claimStays(before)
		}},
	{ID: "S235b", Setup: "such a claim of a revision that was deployed",
		Action: "deploy of the StatefulSet without it; teardown with delete-claims", End: "the claim, with its data, until delete-claims",
		Exit: "0, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			plain, ignore := s.chart, []string{"--wait-ignore", "*/*db*"}
			s.chartWith("templates/database.yaml", plainDatabase()+seededClaim)
			s.berth("deploy", ignore...).exit(0)
			before := s.uidsOf(claim(0))
			s.chart = plain
			s.chartWith("templates/database.yaml", plainDatabase())
			s.berth("deploy", ignore...).exit(0).warned("Left in place").says("StatefulSet/db of the release has it as its claim")
			s.claimStays(before)
			s.berth("teardown", "--delete-claims").exit(0)
			if uid := s.uid(claim(0)); uid != "" {
				s.t.Errorf("claim %s is still there", uid)
			}
		}},
	{ID: "S236", Setup: "a release with a ClusterRole, whose only record cannot be decoded any more, in the branch's own namespace",
		Action: "teardown", End: "the ClusterRole; that what the record described elsewhere is not known is said",
		Exit: "0, 0 + warning", Gone: true,
		run: func(s *fixture) {
			s.asAdmin()
			role := object{"rbac.authorization.k8s.io/v1", "clusterroles", s.namespace}
			s.chartWith("templates/role.yaml",
				"{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: "+role.name+"}, rules: []}\n")
			s.berth("deploy").exit(0)
			s.patch("editor", object{"v1", "secrets", "sh.helm.release.v1." + s.release + ".v1"}, `{"data":{"release":"bm9uZQ=="}}`)
			s.berth("teardown").exit(0).warned("Not looked at").says("what that had elsewhere is not known")
			s.namespaceGone()
			s.uidsOf(role)
			s.remove(role)
		}},
}

func plainDatabase() string {
	return strings.NewReplacer("RETENTION", "", "ANNOTATIONS", "").Replace(database)
}

// claimStays fails the row where the claim of the database's first pod is another one, or is on its
// way out.
func (s *fixture) claimStays(before map[string]string) {
	s.t.Helper()
	s.sameUIDs(before, claim(0))
	if live := s.read(claim(0)); live.GetDeletionTimestamp() != nil {
		s.t.Errorf("the claim is being deleted since %s", live.GetDeletionTimestamp())
	}
}
