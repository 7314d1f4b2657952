//go:build conformance

package conformance

import (
	"slices"
	"strings"
	"time"

	"github.com/berth-dev/berth/test/kubetest"
)

// What is to be kept, as part of a manifest or, with EVENTS, as a hook.
const keptData = `
apiVersion: v1
kind: ConfigMap
metadata: {name: marked, annotations: {helm.sh/resource-policy: keep, EVENTS}}
data: {of: chart}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: volume, annotations: {helm.sh/resource-policy: keep, EVENTS}}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`

// keptDataAs is keptData with these annotations beside.
func keptDataAs(annotations string) string {
	return strings.ReplaceAll(keptData, "EVENTS", annotations)
}

const (
	asObjects     = "a: b"
	asHooks       = `helm.sh/hook: "pre-install,pre-upgrade"`
	ignoresVolume = "--wait-ignore=PersistentVolumeClaim/*"
)

// dataThatStays are the rows about data that a deploy or a teardown would take along unsaid.
var dataThatStays = []row{
	{ID: "S194", Setup: "a ConfigMap and a claim of the manifest that are to be kept; a claim of it that nothing says so of",
		Action: "deploy of a chart in which each is a hook that is made anew, twice; of the manifest again",
		End:    "each of them, with its data", Exit: "0, 27, 27, 0, 27", run: func(s *fixture) {
			plain := s.chart
			s.chartWith("templates/data.yaml", keptDataAs(asObjects))
			s.berth("deploy", ignoresVolume).exit(0)
			before := s.uidsOf(marked, volume)
			s.chartWith("templates/data.yaml", keptDataAs(asHooks))
			for range 2 {
				s.berth("deploy", ignoresVolume).exit(27).says("ConfigMap/marked", "PersistentVolumeClaim/volume", "its resource policy keeps it")
				s.sameUIDs(before, marked, volume)
			}
			s.remove(volume)
			s.chart = plain
			s.chartWith("templates/data.yaml", ownVolume)
			s.berth("deploy", ignoresVolume).exit(0)
			before = s.uidsOf(marked, volume)
			s.chartWith("templates/data.yaml", strings.ReplaceAll(hookVolume, "POLICY", "before-hook-creation"))
			s.berth("deploy", ignoresVolume).exit(27).says("no hook made it")
			s.sameUIDs(before, marked, volume)
		}},
	{ID: "S195", Setup: "such objects of a revision that failed, which the revision before has as hooks of a rollback",
		Action: "deploy with on-failure rollback", End: "both, and no rollback", Exit: "0, 23, 23", run: func(s *fixture) {
			plain := s.chart
			s.chartWith("templates/data.yaml", keptDataAs("helm.sh/hook: pre-rollback"))
			s.berth("deploy").exit(0)
			s.chartWith("templates/data.yaml", keptDataAs(asObjects)+"---"+refusedService)
			s.berth("deploy", "--on-failure", "keep", ignoresVolume).exit(23)
			before := s.uidsOf(marked, volume)
			s.berth("deploy", "--on-failure", "rollback", ignoresVolume).exit(23).says("its resource policy keeps it")
			s.sameUIDs(before, marked, volume)
			s.chart = plain
		}},
	{ID: "S195b", Setup: "a claim that a hook made, and is to be kept", Action: "deploy that would make it anew; teardown; deploy",
		End: "the claim, with its data", Exit: "0, 27, 0, 27", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/data.yaml", keptDataAs(asHooks))
			s.berth("deploy").exit(0)
			before := s.uidsOf(volume)
			s.berth("deploy").exit(27).says("PersistentVolumeClaim/volume", "its resource policy keeps it")
			s.berth("teardown").exit(0)
			s.berth("deploy").exit(27).says("PersistentVolumeClaim/volume", "its resource policy keeps it")
			s.sameUIDs(before, volume)
		}},
	{ID: "S196", Setup: "a custom resource whose chart sets finalizers, to which others have added one, and an owner",
		Action: "deploy of the same, of a change, of a chart with another finalizer, and of one without; rollback",
		End:    "what the others have added; of the chart's own, what the chart has", Exit: "0, 0, 0, 0, 0, 23", run: func(s *fixture) {
			s.asAdmin()
			s.defineOpen("Boat")
			boat := object{s.group() + "/v1", plural("Boat"), "own"}
			plain := s.chart
			deploy := func(exit int, finalizers, rest string, flags ...string) {
				s.t.Helper()
				s.chart = plain
				s.chartWith("templates/boat.yaml", s.boat("own", finalizers)+"\n---\n"+rest)
				s.berth("deploy", append(flags, "--wait-ignore=Boat/*")...).exit(exit)
			}
			left := func(want ...string) {
				s.t.Helper()
				if got := s.read(boat).GetFinalizers(); !slices.Equal(got, want) {
					s.t.Errorf("the finalizers are %q, want %q", got, want)
				}
				if len(s.read(boat).GetOwnerReferences()) != 1 {
					s.t.Error("its owner is gone")
				}
			}
			const own, theirs = "own.example.org/a", "theirs.example.org/b"
			deploy(0, "finalizers: ["+own+"]", "")
			s.makeMap("owner")
			s.patch("operator", boat, `{"metadata":{"finalizers":["`+theirs+`","`+own+`"],"ownerReferences":[{"apiVersion":"v1",`+
				`"kind":"ConfigMap","name":"owner","uid":"`+s.uid(configMap("owner"))+`"}]}}`)
			deploy(0, "finalizers: ["+own+"]", "")
			left(theirs, own)
			deploy(0, "finalizers: ["+own+"], labels: {a: b}", "")
			left(theirs, own)
			deploy(0, "finalizers: [own.example.org/c]", "")
			left(theirs, "own.example.org/c")
			deploy(0, "labels: {a: b}", "")
			left(theirs)
			deploy(23, "finalizers: ["+own+"]", refusedService, "--on-failure", "rollback")
			left(theirs)
			s.chart = plain
			s.patch("operator", boat, `{"metadata":{"finalizers":null}}`)
		}},
	{ID: "S197", Setup: "a Namespace in the chart, with a StatefulSet in it, and its claims",
		Action: "deploy without both; with both; teardown; deploy; teardown with delete-claims",
		End:    "the Namespace, with the claims, until delete-claims; then neither", Exit: "0, 0 + warning, 0, 0 + warning, 0 + warning, 0",
		Gone: true,
		run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			plain, name := s.chart, s.namespace+"-db"
			s.goes(name)
			s.chartWith("templates/database.yaml", databaseIn(name, namespaceOfTheChart))
			with := s.chart
			s.deployClaims(name)
			left := s.claimsStay(name, claim(0), claim(1))
			s.chart = plain
			s.berth("deploy").exit(0).warned("Left in place").says("Namespace/"+name, "data-db-0 is in it", "delete-claims")
			left()
			s.chart = with
			s.berth("deploy", "--wait-ignore", "StatefulSet/db").exit(0)
			s.berth("teardown").exit(0).warned("Left in place").says("Namespace/"+name, "delete-claims")
			left()
			s.berth("deploy", "--wait-ignore", "StatefulSet/db").exit(0).warned("Release repaired")
			left()
			s.berth("teardown", "--delete-claims").exit(0)
			s.namespaceIsGone(name)
		}},
	{ID: "S197b", Setup: "the same, after an upgrade that had both no more", Action: "teardown with delete-claims",
		End: "the Namespace, which is named, without the claims", Exit: "0, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			plain, name := s.chart, s.namespace+"-db"
			s.goes(name)
			s.chartWith("templates/database.yaml", databaseIn(name, namespaceOfTheChart))
			s.deployClaims(name)
			s.chart = plain
			s.berth("deploy").exit(0).warned("Left in place")
			s.berth("teardown", "--delete-claims").exit(0).says("Namespace/" + name + " stays")
			s.at(name, s.release, func() {
				s.namespaceStays()
				s.absent(claim(0), claim(1))
			})
		}},
	{ID: "S198", Setup: "a Namespace in the chart, in which a hook has made a claim; a PersistentVolume in the chart, to which that is bound",
		Action: "teardown, in the branch's own namespace; with delete-claims", End: "all three; then none",
		Exit: "0, 27, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			name := s.namespace + "-db"
			s.goes(name)
			disk := object{"v1", "persistentvolumes", s.namespace + "-disk"}
			s.chartWith("templates/data.yaml", strings.NewReplacer("NAME", name, "DISK", disk.name).Replace(namespaceOfTheChart+"---"+hooksClaimIn)+
				"---"+strings.NewReplacer("NAME", disk.name, "storageClassName: none", "storageClassName: "+disk.name).Replace(diskOfTheChart))
			deploy := func() ended { return s.berth("deploy", "--wait-ignore", "PersistentVolume/*") }
			deploy().exit(0)
			s.bound(disk)
			left, before := s.claimsStay(name, volume), s.uid(disk)
			s.berth("teardown").exit(27).says("volume is in it", "volume is bound to it, which a hook of the release has left", "delete-claims")
			left()
			if now := s.uid(disk); now != before || s.read(disk).GetDeletionTimestamp() != nil {
				s.t.Errorf("the volume was %q and is %q", before, now)
			}
			s.at(name, s.release, func() { s.remove(volume) })
			deploy().exit(0).warned("Release repaired")
			s.berth("teardown", "--delete-claims").exit(0)
			s.namespaceIsGone(name)
			s.absent(disk)
		}},
	{ID: "S199", Setup: "a Namespace that a hook of the chart makes anew at each upgrade, with a StatefulSet of the chart in it",
		Action: "deploy again", End: "the Namespace, with the claims", Exit: "0, 27", run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			plain, name := s.chart, s.namespace+"-db"
			s.goes(name)
			s.chartWith("templates/database.yaml", databaseIn(name, namespaceOfAHook))
			s.deployClaims(name)
			left := s.claimsStay(name, claim(0), claim(1))
			s.berth("deploy", "--wait-ignore", "StatefulSet/db").exit(27).says("data-db-0 is in it", "delete-claims")
			left()
			s.chart = plain
		}},
}

const (
	hooksClaimIn = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: volume, namespace: NAME, annotations: {helm.sh/hook: post-install, helm.sh/hook-delete-policy: hook-failed}}
spec: {accessModes: [ReadWriteOnce], storageClassName: DISK, resources: {requests: {storage: 1Mi}}}
`
	namespaceOfAHook = `
apiVersion: v1
kind: Namespace
metadata: {name: NAME, annotations: {helm.sh/hook: "pre-install,pre-upgrade"}}
`
)

// databaseIn is the database in a namespace, which the chart has by this template.
func databaseIn(name, namespace string) string {
	set := strings.NewReplacer("{name: db}", "{name: db, namespace: "+name+"}", "RETENTION", "", "ANNOTATIONS", "").Replace(database)
	return strings.ReplaceAll(namespace, "NAME", name) + "---" + set
}

// deployClaims deploys a chart with the database in that namespace, and returns once it has its
// claims.
func (s *fixture) deployClaims(namespace string) {
	s.t.Helper()
	s.berth("deploy", "--wait-ignore", "StatefulSet/db").exit(0)
	s.at(namespace, s.release, func() {
		kubetest.Eventually(s.t, 20*time.Second, func() (bool, string) {
			return s.uid(claim(0)) != "" && s.uid(claim(1)) != "", "the claims are not there yet"
		})
	})
}

// claimsStay notes the claims of a namespace, and returns what fails the row unless they are still
// the same.
func (s *fixture) claimsStay(namespace string, claims ...object) (left func()) {
	s.t.Helper()
	var before map[string]string
	s.at(namespace, s.release, func() { before = s.uidsOf(claims...) })
	return func() {
		s.t.Helper()
		s.at(namespace, s.release, func() {
			s.namespaceStays()
			s.sameUIDs(before, claims...)
		})
	}
}
