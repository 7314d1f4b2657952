//go:build conformance

package conformance

import "strings"

// keptLater are the rows about what the last revision's manifest says is to be kept, and the live object does not say yet: the
// upgrade that would have written it failed before.
var keptLater = []row{
	{ID: "S361", Setup: "a Namespace in the chart, with a claim that an upgrade says to keep which fails before it writes anything",
		Action: "teardown", End: "the Namespace, with the claim, and both are named", Exit: "0, 23, 27", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			name := s.namespace + "-data"
			s.goes(name)
			s.keepsLater(strings.ReplaceAll(namespaceOfTheChart, "NAME", name), inNamespace(name, ownVolume))
			var before map[string]string
			s.at(name, s.release, func() { before = s.uidsOf(volume) })
			s.berth("teardown").exit(27).says("Namespace/" + name +
				" was kept: PersistentVolumeClaim/volume, which is to be kept by the manifest, is in it")
			s.at(name, s.release, func() { s.staysWhole(before, volume) })
		}},
	{ID: "S361b", Setup: "the same", Action: "teardown with delete-foreign", End: "neither", Exit: "0, 23, 0", Gone: true,
		run: func(s *fixture) {
			s.asAdmin()
			name := s.namespace + "-data"
			s.goes(name)
			s.keepsLater(strings.ReplaceAll(namespaceOfTheChart, "NAME", name), inNamespace(name, ownVolume))
			s.berth("teardown", "--delete-foreign").exit(0)
			s.namespaceIsGone(name)
		}},
	{ID: "S361c", Setup: "a Namespace in the chart, and a claim in it that only such an upgrade has, and says to keep", Action: "teardown",
		End: "neither: the claim was never made", Exit: "0, 23, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			name := s.namespace + "-data"
			s.goes(name)
			s.chartWith("templates/namespace.yaml", strings.ReplaceAll(namespaceOfTheChart, "NAME", name))
			s.berth("deploy").exit(0)
			s.chartWith("templates/kept.yaml", kept(inNamespace(name, ownVolume)))
			s.berth("deploy", "--set", "hooks.pre-upgrade.behaviour=fail").exit(23)
			s.berth("teardown").exit(0)
			s.namespaceIsGone(name)
		}},
	{ID: "S361d", Setup: "a definition of a kind in the chart's templates, and an object of it in another namespace " +
		"that such an upgrade says to keep",
		Action: "teardown", End: "the definition and the object, and both are named", Exit: "0, 0, 23, 27", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			other := s.Namespace(s.t)
			boats := object{"apiextensions.k8s.io/v1", "customresourcedefinitions", plural("Boat") + "." + s.group()}
			boat := object{s.group() + "/v1", plural("Boat"), "own"}
			s.t.Cleanup(func() { s.deleteDefinition("Boat") })
			s.chartWith("templates/boats.yaml", s.crd("Boat"))
			s.berth("deploy").exit(0)
			s.keepsLater("", inNamespace(other, "apiVersion: "+s.group()+"/v1\nkind: Boat\nmetadata: {name: own}\n"))
			var before map[string]string
			s.at(other, s.release, func() { before = s.uidsOf(boats, boat) })
			s.berth("teardown").exit(27).says(boats.name + " was kept: Boat/own, which is to be kept by the manifest, is of its kind")
			s.at(other, s.release, func() { s.staysWhole(before, boats, boat) })
		}},
	{ID: "S361e", Setup: "a PersistentVolume in the chart's templates, and the claim that is bound to it, " +
		"which such an upgrade says to keep",
		Action: "teardown with delete-claims", End: "both, without a deletion on its way", Exit: "0, 23, 0 + warning", Gone: true,
		run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			disk, claim := object{"v1", "persistentvolumes", s.namespace + "-disk"}, object{"v1", "persistentvolumeclaims", "theirs"}
			s.keepsLater(strings.ReplaceAll(diskOfTheChart, "NAME", disk.name), strings.ReplaceAll(claimOfDisk, "NAME", disk.name))
			s.bound(disk)
			before := s.uidsOf(disk, claim)
			s.berth("teardown", "--delete-claims").exit(0).warned("Left in place").
				says("PersistentVolume/" + disk.name + " was kept: PersistentVolumeClaim/theirs, which is to be kept by the manifest, is bound to it")
			s.staysWhole(before, disk, claim)
			s.remove(claim)
			s.remove(disk)
		}},
	{ID: "S378", Setup: "a Namespace in the chart, with a claim that an upgrade says to keep which fails before it writes anything",
		Action: "deploy --dry-run and deploy of a chart with neither", End: "the Namespace, with the claim, and both are named",
		Exit: "0, 23, 0, 0 + warning", run: func(s *fixture) {
			s.asAdmin()
			name, plain := s.namespace+"-data", s.chart
			s.goes(name)
			s.keepsLater(strings.ReplaceAll(namespaceOfTheChart, "NAME", name), inNamespace(name, ownVolume))
			var before map[string]string
			s.at(name, s.release, func() { before = s.uidsOf(volume) })
			s.chart = plain
			why := ": PersistentVolumeClaim/volume, which is to be kept by the manifest, is in it"
			s.berth("deploy", "--dry-run").exit(0).says("Namespace/"+name, why[2:])
			s.berth("deploy").exit(0).warned("Left in place").says("Namespace/" + name + " was kept" + why)
			s.at(name, s.release, func() { s.staysWhole(before, volume) })
		}},
	{ID: "S378b", Setup: "an upgrade makes an object and fails; the next says to keep it, and fails before it writes anything",
		Action: "deploy of a chart without it", End: "the object", Exit: "0, 23, 23, 0", run: func(s *fixture) {
			plain, own := s.chart, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-x}\n"
			s.berth("deploy").exit(0)
			s.chartWith("templates/own.yaml", own)
			s.berth("deploy", "--timeout", "15s", "--set", missingImage).exit(23)
			before := s.uidsOf(extraMap)
			s.chartWith("templates/own.yaml", kept(own))
			s.berth("deploy", "--set", "hooks.pre-upgrade.behaviour=fail").exit(23)
			s.chart = plain
			s.berth("deploy").exit(0)
			s.staysWhole(before, extraMap)
		}},
}

// keepsLater deploys two manifests beside the app, and has an upgrade fail before it writes anything that says to keep the second.
func (s *fixture) keepsLater(with, data string) {
	s.t.Helper()
	if with != "" {
		s.chartWith("templates/with.yaml", with)
	}
	s.chartWith("templates/data.yaml", data)
	s.berth("deploy", "--wait-ignore", "PersistentVolume*/*").exit(0)
	s.chartWith("templates/data.yaml", kept(data))
	s.berth("deploy", "--wait-ignore", "PersistentVolume*/*", "--set", "hooks.pre-upgrade.behaviour=fail").exit(23)
}

// kept is an object's manifest with the policy to keep it.
func kept(text string) string {
	return strings.Replace(text, "metadata: {", "metadata: {annotations: {helm.sh/resource-policy: keep}, ", 1)
}

func inNamespace(name, text string) string {
	return strings.Replace(text, "metadata: {", "metadata: {namespace: "+name+", ", 1)
}
