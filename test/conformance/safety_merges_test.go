//go:build conformance

package conformance

import (
	"net/http"
	"strings"

	"github.com/berth-dev/berth/test/faultproxy"
)

// What somebody else makes under the name of an object of the chart.
const (
	controlled = `{apiVersion: v1, kind: ConfigMap, metadata: {name: web-x, ownerReferences: [
  {apiVersion: v1, kind: ConfigMap, name: certificate, uid: UID, controller: true}]}, data: {of: controller}}`
	otherHooks = `{apiVersion: v1, kind: ConfigMap, metadata: {name: web-x, annotations: {
  helm.sh/hook: post-install, berth.dev/hook-of: NS/other}}, data: {of: hook}}`
	withExtra = "extras={x}"
)

// merges are the rows about objects of the chart's names that the release has not made.
var merges = []row{
	{ID: "S189", Setup: "an install failed before it made an object; a person makes one of its name since",
		Action: "deploy, teardown; deploy with adopt naming it, teardown", End: "the object, each time",
		Exit: "23, 27, 0 + warning, 23, 27, 0 + warning, 0 + warning",
		Gone: true, run: func(s *fixture) {
			s.failsBeforeExtra()
			s.makeMap(extraMap.name)
			before, records := s.version(extraMap.name), s.recordVersions()
			s.berth("deploy", "--set", withExtra).exit(27).says("ConfigMap/web-x exists and names no release", "adopt")
			s.unchanged(records)
			s.extraUntouched(before)
			s.berth("teardown").exit(0)
			s.extraUntouched(before)

			s.remove(extraMap)
			s.failsBeforeExtra()
			s.makeMap(extraMap.name)
			s.berth("deploy", "--set", withExtra).exit(27)
			s.berth("deploy", "--set", withExtra, "--adopt=ConfigMap/web-x").exit(0).warned("Release repaired")
			s.berth("teardown").exit(0).says("ConfigMap/web-x stays")
			s.uidsOf(extraMap)
		}},
	{ID: "S189b", Setup: "an upgrade failed before it made an object; a person makes one of its name while the hooks of the next one run; " +
		"the records are in ConfigMaps",
		Action: "deploy, deploy, teardown", End: "the object", Exit: "0, 23, 27, 27, 0 + warning", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			s.env["HELM_DRIVER"] = "configmap"
			s.berth("deploy").exit(0)
			s.failsBeforeExtra()
			s.chartWith("templates/hook.yaml", hookMap("data", "pre-upgrade", ""))
			at := s.holdRequest(s.proxy(), creationOf("configmaps", "data"))
			run := s.start("deploy", "--set", withExtra)
			at.await(run)
			s.makeMap(extraMap.name)
			before := s.version(extraMap.name)
			at.release()
			run.wait(runLimit).exit(27).says("ConfigMap/web-x", "belongs to nobody that it names")
			s.berth("deploy", "--set", withExtra).exit(27).says("ConfigMap/web-x exists and names no release")
			s.berth("teardown").exit(0)
			s.extraUntouched(before)
		}},
	{ID: "S377", Setup: "uninstalled with its history kept; the install over it failed before it made an object; " +
		"a person makes one of its name since",
		Action: "deploy, with on-failure: rollback too; teardown", End: "the object", Exit: "0, 23, 27, 23, 0", Gone: true,
		run: func(s *fixture) {
			s.berth("deploy", "--set", withExtra).exit(0)
			s.mustHelm(3, "uninstall", s.release, "--keep-history", "--wait")
			s.failsBeforeExtra()
			s.makeMap(extraMap.name)
			before := s.version(extraMap.name)
			s.berth("deploy", "--set", withExtra).exit(27).says("ConfigMap/web-x exists and names no release")
			s.berth("deploy", "--on-failure=rollback", "--timeout", "15s", "--set", missingImage).exit(23).warned("Left in place").
				says("no good revision to go back to")
			s.extraUntouched(before)
			s.berth("teardown").exit(0)
			s.extraUntouched(before)
		}},
	{ID: "S190", Setup: "an object of the release was deleted, and a controller made it anew, as its own",
		Action: "deploy; deploy with adopt; teardown",
		End:    "the object, until adopt names it", Exit: "0, 27, 0 + warning, 0 + warning", Gone: true, run: func(s *fixture) {
			s.berth("deploy", "--set", withExtra).exit(0)
			s.byController()
			before, records := s.version(extraMap.name), s.recordVersions()
			s.berth("deploy", "--set", withExtra+",greeting=bye").exit(27).says("ConfigMap/web-x", "belongs to ConfigMap/certificate", "adopt")
			s.unchanged(records)
			s.extraUntouched(before)
			s.berth("deploy", "--set", withExtra, "--adopt=ConfigMap/web-x").exit(0).warned("Release repaired")
			s.berth("teardown").exit(0).says("ConfigMap/web-x stays")
			s.uidsOf(extraMap)
		}},
	{ID: "S191", Setup: "the same while an upgrade fails", Action: "deploy with on-failure rollback; repair with on-stuck rollback",
		End: "the object; v1 deployed, v2 failed", Exit: "0, 23", run: func(s *fixture) {
			s.berth("deploy", "--set", withExtra).exit(0)
			failed := s.holdAnswer(s.proxy(), faultproxy.Match{Verb: "update", Resource: "secrets", Status: "failed"})
			run := s.start("deploy", "--set", withExtra+","+missingImage, "--on-failure", "rollback", "--timeout", "25s")
			failed.await(run)
			s.byController()
			before := s.version(extraMap.name)
			failed.release()
			run.wait(runLimit).exit(23).says("on-failure", "ConfigMap/web-x", "belongs to ConfigMap/certificate")
			s.stored("v1 deployed, v2 failed")
			s.extraUntouched(before)
			s.remove(extraMap)
		}},
	{ID: "S192", Setup: "the same, and a hook of another release has made it, in a shared namespace", Action: "deploy, teardown",
		End: "the object", Exit: "0, 27, 0 + warning", Gone: true, run: func(s *fixture) {
			s.berth("deploy", "--set", withExtra).exit(0)
			s.remove(extraMap)
			s.put("helm", strings.ReplaceAll(otherHooks, "NS", s.namespace))
			before := s.version(extraMap.name)
			s.berth("deploy", "--set", withExtra).exit(27).says("ConfigMap/web-x", "a hook of release "+s.namespace+"/other")
			s.extraUntouched(before)
			s.berth("teardown").exit(0)
			s.extraUntouched(before)
		}},
	{ID: "S193", Setup: "an object that the release made has lost its marks; then again, after an upgrade that failed",
		Action: "deploy, each time", End: "the object has its marks again", Exit: "0, 0, 23, 0", run: func(s *fixture) {
			s.berth("deploy", "--set", withExtra).exit(0)
			before := s.uidsOf(extraMap)
			s.unmark(extraMap)
			s.berth("deploy", "--set", withExtra).exit(0)
			s.isMarked(extraMap)
			s.berth("deploy", "--set", withExtra+","+missingImage, "--timeout", "15s").exit(23)
			s.unmark(extraMap)
			s.berth("deploy", "--set", withExtra, "--timeout", "1m").exit(0)
			s.isMarked(extraMap)
			s.sameUIDs(before, extraMap)
		}},
}

// failsBeforeExtra has a deploy fail at the creation of the ConfigMap web-x.
func (s *fixture) failsBeforeExtra() {
	s.t.Helper()
	s.proxy().On(times(1, creationOf("configmaps", extraMap.name)), faultproxy.Answer(http.StatusBadRequest, "not now"))
	s.berth("deploy", "--set", withExtra).exit(23)
	s.noMap(extraMap.name)
}

// byController has a controller make the ConfigMap web-x anew.
func (s *fixture) byController() {
	s.t.Helper()
	s.remove(extraMap)
	s.put("certificates", "{apiVersion: v1, kind: ConfigMap, metadata: {name: certificate}}")
	s.put("certificates", strings.ReplaceAll(controlled, "UID", s.uid(configMap("certificate"))))
}

// unmark takes Helm's marks off an object.
func (s *fixture) unmark(o object) {
	s.t.Helper()
	s.patch("kubectl-edit", o, `{"metadata":{"labels":{"app.kubernetes.io/managed-by":null},"annotations":{`+
		`"meta.helm.sh/release-name":null,"meta.helm.sh/release-namespace":null}}}`)
}

func (s *fixture) isMarked(o object) {
	s.t.Helper()
	if by := s.read(o).GetAnnotations()["meta.helm.sh/release-name"]; by != s.release {
		s.t.Errorf("%s names %q as its release", o.name, by)
	}
}
