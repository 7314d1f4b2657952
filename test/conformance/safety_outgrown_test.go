//go:build conformance

package conformance

// outgrownObjects are the rows about this: an upgrade that fails before it deletes anything leaves what it
// does not have any more. That goes with the release, and neither data nor what is somebody else's go with it.
var outgrownObjects = []row{
	{ID: "S320", Setup: "ConfigMaps and a claim, none of which an upgrade has that the API server refuses; another release owns one of them by now",
		Action: "teardown", End: "the claim, with its data, which is named, and the other release's; nothing else of the release",
		Exit: "0, 23, 0", Gone: true, run: func(s *fixture) {
			data := s.outgrows()
			s.takenByOther(extraMap)
			before := s.version(extraMap.name)
			s.berth("teardown").exit(0).says("PersistentVolumeClaim/store-data", "delete-claims deletes it")
			s.extraUntouched(before)
			s.staysWhole(data, storesData)
			s.absent(outgrown)
		}},
	{ID: "S320b", Setup: "the same, nobody's by now", Action: "teardown with delete-claims", End: "nothing of the release", Exit: "0, 23, 0",
		Gone: true, run: func(s *fixture) {
			s.outgrows()
			s.berth("teardown", "--delete-claims").exit(0)
			s.absent(extraMap, outgrown, storesData)
		}},
	{ID: "S321", Setup: "the same, uninstalled by Helm, which leaves them and keeps the history", Action: "deploy, twice; teardown",
		End: "the claim, with its data; nothing else of the old revisions from the first deploy on", Exit: "0, 23, 0 + warning, 0, 0", Gone: true,
		run: func(s *fixture) {
			data := s.outgrows()
			s.mustHelm(3, "uninstall", s.release, "--keep-history", "--wait")
			s.uidsOf(extraMap, outgrown)
			s.berth("deploy").exit(0).warned("Release repaired").warned("Left in place").
				says("web-x", "web-y", "PersistentVolumeClaim/store-data was kept: an older revision made it")
			s.absent(extraMap, outgrown)
			s.berth("deploy").exit(0)
			s.berth("teardown").exit(0)
			s.staysWhole(data, storesData)
		}},
}

// outgrown is one of the ConfigMaps that the app has with extras={x,y}.
var outgrown = configMap("web-y")

// outgrows has the API server refuse an upgrade half way that has neither the extras nor the claim of the revision before. It
// returns what tells the claim apart.
func (s *fixture) outgrows() (data map[string]string) {
	s.t.Helper()
	s.kubeconfig = s.Kubeconfig()
	plain := s.chart
	s.chartWith("templates/store.yaml", storeClaim)
	s.berth("deploy", "--set", "extras={x,y}", "--wait-ignore", "*/*store*").exit(0)
	data = s.uidsOf(storesData)
	s.chart = plain
	s.chartWith("templates/refused.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: Not_a_name}}")
	s.berth("deploy", "--timeout", "15s").exit(23)
	s.chart = plain
	s.uidsOf(extraMap, outgrown, storesData)
	return data
}
