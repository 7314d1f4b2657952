//go:build conformance

package conformance

import (
	"fmt"

	"github.com/berth-dev/berth/test/faultproxy"
)

// ownObjects are the rows about writes and deletions that would hit what belongs to somebody else.
var ownObjects = []row{
	{ID: "S01", Setup: "v1 has an object that another release owns by now, and v2 does not have it", Action: "deploy, check",
		End: "the object, which is named; v2 deployed", Exit: "0 + warning, 0", run: func(s *fixture) {
			s.berth("deploy", "--set", "extras={x}").exit(0)
			before := s.handedOver()
			s.berth("deploy").exit(0).warned("Left in place").says("ConfigMap/web-x", s.namespace+"/web-x")
			s.stored("v1 superseded, v2 deployed")
			s.extraUntouched(before)
			s.berth("check").exit(0)
		}},
	{ID: "S02", Setup: "v1 has an object that another release owns by now, in a namespace that stays", Action: "teardown",
		End: "the object, which is named; the release is gone", Exit: "0 + warning", Gone: true, run: func(s *fixture) {
			s.berth("deploy", "--set", "extras={x}").exit(0)
			before := s.handedOver()
			s.berth("teardown").exit(0).warned("Left in place").says("ConfigMap/web-x", s.namespace+"/web-x")
			s.extraUntouched(before)
			s.owns()
		}},
	{ID: "S03", Setup: "v1 has an object that another release owns by now, in a namespace that Berth made", Action: "teardown, and again",
		End: "the object, and the namespace", Exit: "27, 27", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy", "--set", "extras={x}").exit(0)
			s.takenByOther(extraMap)
			before := s.version(extraMap.name)
			s.berth("teardown").exit(27).warned("Left in place").says("ConfigMap/web-x", s.namespace+"/other")
			s.extraUntouched(before)
			s.berth("teardown").exit(27).says("ConfigMap/web-x: it belongs to release " + s.namespace + "/other")
			s.extraUntouched(before)
			s.owns()
		}},
	{ID: "S03b", Setup: "v1 has objects of which one names a release of another namespace by now, and one another tool, in a namespace " +
		"that Berth made", Action: "teardown, and again, then teardown --delete-foreign",
		End: "the objects, and the namespace, until it is said that they go", Exit: "27, 27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy", "--set", "extras={x,y}").exit(0)
			other := object{"v1", "configmaps", "web-y"}
			s.patch("kubectl-edit", extraMap, `{"metadata":{"annotations":{"meta.helm.sh/release-namespace":"elsewhere"}}}`)
			s.patch("kubectl-edit", other, `{"metadata":{"labels":{"app.kubernetes.io/managed-by":"Terraform"},
				"annotations":{"meta.helm.sh/release-name":null,"meta.helm.sh/release-namespace":null}}}`)
			before := s.uidsOf(extraMap, other)
			s.berth("teardown").exit(27).warned("Left in place").says("ConfigMap/web-x", "ConfigMap/web-y")
			s.berth("teardown").exit(27).says("ConfigMap/web-x: it belongs to release elsewhere/web", "ConfigMap/web-y: it was made with helm")
			s.sameUIDs(before, extraMap, other)
			s.berth("teardown", "--delete-foreign").exit(0)
			s.namespaceGone()
		}},
	{ID: "S04", Setup: "v1 has an object that another release owns by now, and the chart still has it", Action: "check, deploy",
		End: "all objects and records; both owners are named", Exit: "24, 27", run: func(s *fixture) {
			s.berth("deploy", "--set", "extras={x}").exit(0)
			before, records := s.handedOver(), s.recordVersions()
			s.berth("check", "--check-timeout", "4s").exit(24).says("belongs to " + s.namespace + "/web-x")
			s.berth("deploy", "--set", "extras={x},greeting=bye").exit(27).says("ConfigMap/web-x", s.namespace+"/web-x")
			s.unchanged(records)
			s.extraUntouched(before)
			if s.greeting() != "hello" {
				s.t.Error("another object of the release was changed")
			}
		}},
	{ID: "S05", Setup: "an upgrade fails, and meanwhile another release took an object that a rollback would patch",
		Action: "deploy with on-failure rollback", End: "the object; v1 deployed, v2 failed", Exit: "23", run: func(s *fixture) {
			s.berth("deploy", "--set", "extras={x}").exit(0)
			failed := s.holdAnswer(s.proxy(), faultproxy.Match{Verb: "update", Resource: "secrets", Status: "failed"})
			run := s.start("deploy", "--set", "extras={x},"+missingImage, "--on-failure", "rollback", "--timeout", "25s")
			failed.await(run)
			s.takenByOther(extraMap)
			before := s.version(extraMap.name)
			failed.release()
			run.wait(runLimit).exit(23).says("on-failure", "ConfigMap/web-x", s.namespace+"/other")
			s.stored("v1 deployed, v2 failed")
			s.extraUntouched(before)
		}},
	{ID: "S05b", Setup: "an upgrade fails, and before on-failure comes to it, somebody upgrades the release by Helm",
		Action: "deploy with on-failure rollback; with uninstall", End: "their revision, with its objects, each time", Exit: "0, 23, 23",
		run: func(s *fixture) {
			s.berth("deploy").exit(0)
			proxy := s.proxy()
			for i, policy := range []string{"rollback", "uninstall"} {
				armed := make(chan *heldRequest, 1)
				recorded := faultproxy.Match{Verb: "update", Resource: "secrets", Status: "failed", Times: 1}
				proxy.On(recorded, faultproxy.CallAfter(func(faultproxy.Request) {
					armed <- s.holdAnswer(proxy, faultproxy.Match{Verb: "list", Resource: "secrets"})
				}))
				run := s.start("deploy", "--set", missingImage, "--on-failure", policy, "--timeout", "25s")
				failed := <-armed
				failed.await(run)
				s.mustHelm(3, "upgrade", s.release, s.chart, "--set", "greeting="+policy)
				before := s.recordVersions()
				failed.release()
				run.wait(runLimit).exit(23).says(fmt.Sprintf("evision %d is somebody else's", 2*i+3))
				s.unchanged(before)
				if got := s.greeting(); got != policy {
					s.t.Errorf("the greeting is %q, and somebody has set %q", got, policy)
				}
			}
		}},
	{ID: "S06", Setup: "an upgrade fails, and meanwhile another release took an object that a rollback would delete",
		Action: "deploy with on-failure rollback", End: "the object, which is named; v3 deployed", Exit: "23", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			failed := s.holdAnswer(s.proxy(), faultproxy.Match{Verb: "update", Resource: "secrets", Status: "failed"})
			run := s.start("deploy", "--set", "extras={x},"+missingImage, "--on-failure", "rollback", "--timeout", "25s")
			failed.await(run)
			s.takenByOther(extraMap)
			before := s.version(extraMap.name)
			failed.release()
			run.wait(runLimit).exit(23).warned("Left in place").says("ConfigMap/web-x", s.namespace+"/other")
			s.stored("v1 superseded, v2 failed, v3 deployed")
			s.extraUntouched(before)
		}},
	{ID: "S07", Setup: "an install hook has the name of another release's object", Action: "deploy", End: "everything",
		Exit: "27", Gone: true, run: func(s *fixture) {
			before := s.neighbour()
			s.chartWith("templates/hook.yaml", hookMap("web-x", "pre-install", ""))
			s.berth("deploy").exit(27).says("ConfigMap/web-x", s.namespace+"/web-x")
			s.stored("nothing")
			s.extraUntouched(before)
			s.owns()
		}},
	{ID: "S08", Setup: "the hooks of an upgrade have the names of another release's object and of nobody's", Action: "deploy over v1",
		End: "everything", Exit: "27", run: func(s *fixture) {
			before := s.neighbour()
			s.makeMap("data")
			data := s.version("data")
			s.berth("deploy").exit(0)
			records := s.recordVersions()
			s.chartWith("templates/hook.yaml", hookMap("web-x", "post-upgrade", "hook-succeeded")+"---\n"+hookMap("data", "pre-upgrade", ""))
			s.berth("deploy", "--set", "greeting=bye").exit(27).says("ConfigMap/web-x", s.namespace+"/web-x", "ConfigMap/data", "no hook made it")
			s.unchanged(records)
			s.extraUntouched(before)
			if s.greeting() != "hello" || s.version("data") != data {
				s.t.Error("an object was changed")
			}
			s.chart = "testdata/app"
		}},
	{ID: "S09", Setup: "a delete hook has the name of another release's object", Action: "teardown; and when that is gone",
		End: "everything, the first time", Exit: "27, 0", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/hook.yaml", hookMap("data", "pre-delete", "before-hook-creation,hook-succeeded"))
			s.berth("deploy").exit(0)
			records := s.recordVersions()
			s.makeMap("data")
			s.takenByOther(object{"v1", "configmaps", "data"})
			before := s.version("data")
			s.berth("teardown").exit(27).says("ConfigMap/data", s.namespace+"/other")
			s.unchanged(records)
			s.owns(app...)
			if s.version("data") != before {
				s.t.Error("the other release's object was changed")
			}
			s.deleteMap("data")
			s.berth("teardown").exit(0)
		}},
	{ID: "S10", Setup: "a hook that nothing deletes before it is made has run; somebody's object has its name by now",
		Action: "deploy over v1", End: "everything", Exit: "27", run: func(s *fixture) {
			s.chartWith("templates/hook.yaml", hookMap("data", "pre-install,pre-upgrade", "hook-failed"))
			s.berth("deploy").exit(0)
			s.deleteMap("data")
			s.makeMap("data")
			before, records := s.version("data"), s.recordVersions()
			s.berth("deploy").exit(27).says("ConfigMap/data", "no hook made it")
			s.unchanged(records)
			if s.version("data") != before {
				s.t.Error("somebody's object was changed")
			}
			s.chart = "testdata/app"
		}},
	{ID: "S11", Setup: "another release takes an object between its read and its patch", Action: "deploy over v1",
		End: "the object; v2 failed, and says so", Exit: "27", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			run := s.whileWriting("patch", appMap.name, func() { s.takenByOther(appMap) }, "deploy", "--set", "greeting=bye")
			run.exit(27).says("ConfigMap/web", s.namespace+"/other")
			s.stored("v1 deployed, v2 failed")
			if s.greeting() != "hello" {
				s.t.Error("the other release's object was changed")
			}
		}},
	{ID: "S12", Setup: "another release takes an object between its read and its deletion, since v2 does not have it",
		Action: "deploy over v1", End: "the object, which is named; v2 deployed", Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy", "--set", "extras={x}").exit(0)
			run := s.whileWriting("delete", extraMap.name, func() { s.takenByOther(extraMap) }, "deploy")
			run.exit(0).warned("Left in place").says("ConfigMap/web-x", s.namespace+"/other")
			s.stored("v1 superseded, v2 deployed")
			s.has(extraMap, "kind", `"ConfigMap"`)
		}},
	{ID: "S13", Setup: "another release takes a hook's object before the hook's delete policy comes to it", Action: "deploy",
		End: "the object, which is named; v1 deployed", Exit: "0 + warning", run: func(s *fixture) {
			s.chartWith("templates/hook.yaml", hookMap("web-x", "pre-install", "hook-succeeded"))
			run := s.whileWriting("delete", extraMap.name, func() { s.takenByOther(extraMap) }, "deploy")
			run.exit(0).warned("Left in place").says("ConfigMap/web-x", s.namespace+"/other")
			s.stored("v1 deployed")
			s.has(extraMap, "data.of", `"hook"`)
		}},
	{ID: "S14", Setup: "another release takes an object between its read and its deletion", Action: "teardown",
		End: "the object, which is named; the release is gone", Exit: "0 + warning", Gone: true, run: func(s *fixture) {
			s.berth("deploy", "--set", "extras={x}").exit(0)
			run := s.whileWriting("delete", extraMap.name, func() { s.takenByOther(extraMap) }, "teardown")
			run.exit(0).warned("Left in place").says("ConfigMap/web-x", s.namespace+"/other")
			s.has(extraMap, "kind", `"ConfigMap"`)
			s.owns()
		}},
	{ID: "S15", Setup: "a revision that failed left an object, which another release owns by now", Action: "deploy",
		End: "the object, which is named; v3 deployed", Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy", "--set", "extras={x},"+missingImage, "--timeout", "15s").exit(23)
			s.takenByOther(extraMap)
			before := s.version(extraMap.name)
			s.berth("deploy", "--timeout", "1m").exit(0).warned("Left in place").says("ConfigMap/web-x", s.namespace+"/other")
			s.oneDeployed(3)
			s.extraUntouched(before)
		}},
	{ID: "S15b", Setup: "a revision that failed left an object, and more have failed since than are kept", Action: "deploy, teardown",
		End: "no object of the release", Exit: "23, 0 + warning, 0", Gone: true, Slow: true, run: func(s *fixture) {
			deploy := func(set ...string) ended {
				set = append(set, "--timeout", "15s", "--max-history", "2")
				return s.berth("deploy", set...)
			}
			deploy().exit(0)
			deploy("--set", withExtra+","+missingImage).exit(23)
			s.uidsOf(extraMap)
			for range 3 {
				deploy("--set", missingImage).exit(23)
			}
			deploy("--timeout", "1m").exit(0).warned("Release repaired").says("web-x")
			s.absent(extraMap)
			s.berth("teardown").exit(0)
		}},
	{ID: "S15c", Setup: "a revision that failed left an object; the next deploy is rolled back, or is killed before its last write",
		Action: "deploy, each time, teardown", End: "no object of the release", Exit: "0 + warning, 0", Gone: true, Slow: true,
		run: func(s *fixture) {
			leaves := func() {
				s.berth("deploy", "--set", withExtra+","+missingImage, "--timeout", "15s").exit(23)
				s.uidsOf(extraMap)
			}
			s.berth("deploy").exit(0)
			leaves()
			s.berth("deploy", "--set", missingImage, "--timeout", "15s", "--on-failure", "rollback").exit(23)
			s.berth("deploy", "--timeout", "1m").exit(0).warned("Release repaired").says("web-x")
			s.absent(extraMap)
			leaves()
			direct := s.user()
			s.killBefore(s.proxy(), finalUpdate, "deploy", "--timeout", "1m")
			s.kubeconfig = direct
			s.berth("deploy", "--timeout", "1m").exit(0).warned("Release repaired").says("web-x")
			s.absent(extraMap)
			s.berth("teardown").exit(0)
		}},
	{ID: "S16", Setup: "somebody changes objects, and not whose they are, between their read and their write",
		Action: "deploy over v1, teardown", End: "what was changed, until it goes with the release", Exit: "0, 0", Gone: true,
		run: func(s *fixture) {
			s.berth("deploy", "--set", "extras={x}").exit(0)
			label := func() { s.patch("kubectl-label", appMap, `{"metadata":{"labels":{"team":"shop"}}}`) }
			s.whileWriting("patch", appMap.name, label, "deploy", "--set", "extras={x},greeting=bye").exit(0)
			s.has(appMap, "metadata.labels.team", `"shop"`)
			s.has(appMap, "data.greeting", `"bye"`)
			label = func() { s.patch("kubectl-label", extraMap, `{"metadata":{"labels":{"team":"shop"}}}`) }
			s.whileWriting("delete", extraMap.name, label, "teardown").exit(0)
			s.owns()
			s.noMap("web-x")
		}},
	{ID: "S17", Setup: "somebody makes an object of a hook's name between the look and its creation", Action: "deploy",
		End: "the object; v1 failed, and says so", Exit: "27", run: func(s *fixture) {
			s.chartWith("templates/hook.yaml", hookMap("data", "pre-install", ""))
			p := s.proxy()
			at := s.holdRequest(p, creationOf("configmaps", "data"))
			run := s.start("deploy")
			at.await(run)
			s.makeMap("data")
			before := s.version("data")
			at.release()
			run.wait(runLimit).exit(27).says("ConfigMap/data", "no hook made it")
			s.stored("v1 failed")
			if s.version("data") != before {
				s.t.Error("somebody's object was changed")
			}
			s.deleteMap("data")
		}},
	{ID: "S18", Setup: "hooks of Helm, which marks none, have left their objects; Berth adopts the release", Action: "deploy, deploy",
		End: "nothing: they are the release's own, and are made anew", Exit: "0, 0", run: func(s *fixture) {
			s.chartWith("templates/hook.yaml", hookMap("data", "pre-install,pre-upgrade", ""))
			s.mustHelm(3, "install", s.release, s.chart, "--wait")
			before := s.version("data")
			s.berth("deploy", "--adopt").exit(0)
			if s.version("data") == before {
				s.t.Error("the hook did not run anew")
			}
			s.berth("deploy").exit(0)
			s.stored("v1 superseded, v2 superseded, v3 deployed")
		}},
	{ID: "S19", Setup: "a hook of another release, by Helm, has left an object of the name that a hook has", Action: "deploy",
		End: "the object; nothing is stored", Exit: "27", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/hook.yaml", hookMap("data", "pre-install", ""))
			s.mustHelm(3, "install", "other", s.chart)
			before := s.version("data")
			s.berth("deploy").exit(27).says("ConfigMap/data", "nothing shows that this was one of release")
			s.stored("nothing")
			if s.version("data") != before {
				s.t.Error("the other release's object was changed")
			}
		}},
	{ID: "S35", Setup: "an object of a release that is no more; somebody changes it between its read and the take-over",
		Action: "deploy", End: "what was changed; the object is in the release", Exit: "0 + warning", run: func(s *fixture) {
			s.makeMap(extraMap.name)
			s.takenByOther(extraMap)
			label := func() { s.patch("kubectl-label", extraMap, `{"metadata":{"labels":{"team":"shop"}}}`) }
			s.whileWriting("patch", extraMap.name, label, "deploy", "--set", "extras={x}").exit(0).warned("Release repaired")
			s.has(extraMap, "metadata.labels.team", `"shop"`)
			s.stored("v1 deployed")
		}},
	{ID: "S36", Setup: "the same; it is marked as to be kept between its read and the take-over", Action: "deploy",
		End: "the object; nothing is stored", Exit: "27", Gone: true, run: func(s *fixture) {
			s.makeMap(extraMap.name)
			s.takenByOther(extraMap)
			keep := func() {
				s.patch("kubectl", extraMap, `{"metadata":{"annotations":{"helm.sh/resource-policy":"keep"}}}`)
			}
			s.whileWriting("patch", extraMap.name, keep, "deploy", "--set", "extras={x}").exit(27).says("ConfigMap/web-x", "kept on purpose")
			s.has(extraMap, "data.of", `"somebody"`)
			s.stored("nothing")
		}},
	{ID: "S37", Setup: "somebody deletes an object between its read and its patch", Action: "deploy over v1",
		End: "it is made anew; v2 deployed", Exit: "0", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.whileWriting("patch", appMap.name, func() { s.deleteMap(appMap.name) }, "deploy", "--set", "greeting=bye").exit(0)
			s.has(appMap, "data.greeting", `"bye"`)
			s.stored("v1 superseded, v2 deployed")
		}},
	{ID: "S38", Setup: "an upgrade fails, and a hook of the rollback has the name of somebody's object",
		Action: "deploy with on-failure rollback", End: "the object; v1 deployed, v2 failed", Exit: "23", run: func(s *fixture) {
			s.chartWith("templates/hook.yaml", hookMap("data", "pre-rollback", "before-hook-creation,hook-succeeded"))
			s.berth("deploy").exit(0)
			s.makeMap("data")
			before := s.version("data")
			s.berth("deploy", "--set", missingImage, "--on-failure", "rollback", "--timeout", "25s").exit(23).
				says("on-failure", "ConfigMap/data", "no hook made it")
			s.stored("v1 deployed, v2 failed")
			if s.version("data") != before {
				s.t.Error("somebody's object was changed")
			}
			s.deleteMap("data")
		}},
}
