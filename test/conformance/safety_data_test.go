//go:build conformance

package conformance

import (
	"slices"
	"strings"
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
}
