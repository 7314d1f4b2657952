//go:build conformance

package conformance

import (
	"github.com/berth-dev/berth/test/faultproxy"
)

// byHelm4 are the states in which a real Helm 4 command line leaves a release before Berth
// comes. Helm 4 applies on the server's side, and notes so in the record (apply_method).
var byHelm4 = []row{
	{ID: "T203", Setup: "deployed by Helm 4",
		Action: "check and repair by name; deploy, check, and again once Helm 4 has upgraded it; teardown",
		End:    "Helm 4's fields of the record are kept", Exit: "0, 0, 0, 0, 0, 0, 0", Gone: true, run: func(s *fixture) {
			s.mustHelm(4, "install", s.release, s.chart, "--wait")
			s.byName(func() {
				s.berth("check").exit(0)
				s.keepsRecords(func() { s.berth("repair").exit(0) })
			})
			s.ofHelm4(1, func() { s.berth("deploy", "--adopt").exit(0) })
			s.stored("v1 superseded, v2 deployed")
			s.berth("check").exit(0)
			s.mustHelm(4, "upgrade", s.release, s.chart, "--set", "greeting=bye", "--wait")
			s.berth("deploy").exit(0)
			s.oneDeployed(4)
			s.berth("check").exit(0)
			s.berth("teardown").exit(0)
			s.owns()
		}},
	{ID: "T204", Setup: "pending-install by Helm 4, killed before its last PUT",
		Action: "check and repair by name, with on-stuck promote; check, deploy",
		End:    "promoted with the fields of Helm 4, pods not restarted; v2 deployed",
		Exit:   "24, 24, 0 + warning, 0, 0", run: func(s *fixture) {
			s.killHelm4(finalUpdate, "install", s.release, s.chart, "--wait")
			s.stored("v1 pending-install")
			pods := s.pods()
			s.byName(func() {
				s.berth("check", dead[:2]...).exit(24)
				s.keepsRecords(func() { s.berth("repair", dead...).exit(24) })
				s.ofHelm4(1, func() { s.berth("repair", append(dead, "--on-stuck", "promote")...).exit(0) })
			})
			s.stored("v1 deployed")
			s.samePods(pods)
			s.berth("check").exit(0)
			s.berth("deploy", "--adopt").exit(0)
			s.stored("v1 superseded, v2 deployed")
		}},
	{ID: "T205", Setup: "pending-install by Helm 4, killed before it has applied the Deployment", Action: "deploy",
		End: "deployed, the hooks ran to their end", Exit: "0 + warning", run: func(s *fixture) {
			s.killHelm4(applied("deployments"), append([]string{"install", s.release, s.chart, "--wait"}, bothHooks...)...)
			s.stored("v1 pending-install")
			s.berth("deploy", append(append([]string{"--adopt"}, dead...), bothHooks...)...).exit(0).warned("Release repaired")
			s.oneDeployed(s.last().Revision)
			s.owns(app...)
			s.hookCompleted("pre-install")
			s.hookCompleted("post-install")
		}},
	{ID: "T206", Setup: "pending-install by Helm 4, which may not update Secrets", Action: "deploy",
		End: "v2 deployed, pods not restarted", Exit: "0 + warning", run: func(s *fixture) {
			s.pendingBy(4)
			pods := s.pods()
			s.ofHelm4(1, func() { s.berth("deploy", append(dead, "--adopt")...).exit(0).warned("Release repaired") })
			s.stored("v1 superseded, v2 deployed")
			s.samePods(pods)
		}},
	{ID: "T207", Setup: "v1, pending-upgrade by Helm 4, killed between its two PUTs",
		Action: "repair by name with on-stuck promote, check, deploy",
		End:    "v2 promoted with the fields of Helm 4, pods not restarted; v3 deployed", Exit: "0 + warning, 0, 0", run: func(s *fixture) {
			s.mustHelm(4, "install", s.release, s.chart, "--wait")
			s.killHelm4(finalUpdate, "upgrade", s.release, s.chart, "--wait", "--set", "greeting=bye")
			s.stored("v1 superseded, v2 pending-upgrade")
			pods := s.pods()
			s.byName(func() {
				s.ofHelm4(2, func() { s.berth("repair", append(dead, "--on-stuck", "promote")...).exit(0) })
				s.stored("v1 superseded, v2 deployed")
				s.berth("check").exit(0)
			})
			s.samePods(pods)
			s.berth("deploy", "--adopt").exit(0)
			s.oneDeployed(3)
		}},
	{ID: "T208", Setup: "v1 and v2, pending-rollback by Helm 4, killed before its last PUT", Action: "check by name, deploy, check",
		End: "one deployed", Exit: "24, 0 + warning, 0", run: func(s *fixture) {
			s.mustHelm(4, "install", s.release, s.chart, "--wait")
			s.mustHelm(4, "upgrade", s.release, s.chart, "--wait", "--set", "greeting=bye")
			s.killHelm4(finalUpdate, "rollback", s.release, "1", "--wait")
			s.stored("v1 superseded, v2 superseded, v3 pending-rollback")
			s.byName(func() { s.berth("check", dead[:2]...).exit(24) })
			s.ofHelm4(3, func() { s.berth("deploy", append(dead, "--adopt")...).exit(0).warned("Release repaired") })
			s.oneDeployed(4)
			s.berth("check").exit(0)
		}},
	{ID: "T209", Setup: "an install by Helm 4 failed", Action: "check by name, deploy, check",
		End: "v2 deployed", Exit: "23, 0, 0", run: func(s *fixture) {
			s.failHelm4("install", s.release, s.chart, "--wait", "--timeout", "3s", "--set", missingImage)
			s.stored("v1 failed")
			s.byName(func() { s.berth("check").exit(23) })
			s.ofHelm4(1, func() { s.berth("deploy", "--adopt").exit(0) })
			s.oneDeployed(2)
			s.berth("check").exit(0)
		}},
	{ID: "T210", Setup: "v1, an upgrade by Helm 4 failed", Action: "check and repair by name; deploy, check",
		End: "the repair leaves it, since nothing is stuck; v3 deployed", Exit: "23, 0, 0, 0", run: func(s *fixture) {
			s.mustHelm(4, "install", s.release, s.chart, "--wait")
			s.failHelm4("upgrade", s.release, s.chart, "--wait", "--timeout", "3s", "--set", missingImage)
			s.stored("v1 deployed, v2 failed")
			s.byName(func() {
				s.berth("check").exit(23)
				s.keepsRecords(func() { s.berth("repair").exit(0) })
			})
			s.ofHelm4(2, func() { s.berth("deploy", "--adopt").exit(0) })
			s.oneDeployed(3)
			s.berth("check").exit(0)
		}},
	{ID: "T211", Setup: "a rollback by Helm 4 failed, and none is deployed any more", Action: "check by name, deploy, check",
		End: "v4 deployed", Exit: "23, 0, 0", run: func(s *fixture) {
			s.mustHelm(4, "install", s.release, s.chart, "--wait")
			s.mustHelm(4, "upgrade", s.release, s.chart, "--wait", "--set", "greeting=bye")
			p := faultproxy.New(s.t, s.Config())
			p.On(applied("deployments"), faultproxy.Answer(403, "forbidden"))
			s.failHelm4At(p, "rollback", s.release, "1", "--wait")
			s.stored("v1 superseded, v2 superseded, v3 failed")
			s.byName(func() { s.berth("check").exit(23) })
			s.ofHelm4(3, func() { s.berth("deploy", "--adopt").exit(0) })
			s.oneDeployed(4)
			s.berth("check").exit(0)
		}},
	{ID: "T212", Setup: "a rollback by Helm 4 during its upgrade left two deployed", Action: "check and repair by name, check; deploy",
		End: "one deployed", Exit: "24, 0 + warning, 0, 0", run: func(s *fixture) {
			s.mustHelm(4, "install", s.release, s.chart, "--wait")
			s.mustHelm(4, "upgrade", s.release, s.chart, "--wait", "--set", "greeting=bye")
			s.whileHelm4(finalUpdate, []string{"upgrade", s.release, s.chart, "--wait", "--set", "greeting=again"}, func() {
				s.mustHelm(4, "rollback", s.release, "1", "--wait")
			})
			s.stored("v1 superseded, v2 superseded, v3 deployed, v4 deployed")
			s.byName(func() {
				s.berth("check").exit(24)
				s.ofHelm4(4, func() { s.berth("repair", "--adopt").exit(0) })
				s.oneDeployed(4)
				s.berth("check").exit(0)
			})
			s.berth("deploy", "--adopt").exit(0)
			s.oneDeployed(5)
		}},
	{ID: "T213", Setup: "uninstalling by Helm 4, killed after one deletion", Action: "check by name, deploy, check; teardown of the same",
		End: "v1 deployed; then objects and records gone", Exit: "24, 0 + warning, 0, 0", Gone: true, run: func(s *fixture) {
			s.mustHelm(4, "install", s.release, s.chart, "--wait")
			s.killHelm4After(deletionOf("services"), "uninstall", s.release, "--wait")
			s.stored("v1 uninstalling")
			s.byName(func() { s.berth("check", "--check-timeout", "1s").exit(24) })
			s.berth("deploy", append(dead, "--adopt")...).exit(0).warned("Release repaired")
			s.owns(app...)
			s.berth("check").exit(0)
			s.killHelm4After(deletionOf("services"), "uninstall", s.release, "--wait")
			s.berth("teardown", dead...).exit(0)
			s.owns()
		}},
	{ID: "T214", Setup: "uninstalled by Helm 4 with its history kept", Action: "check by name, deploy, check, teardown",
		End: "v3 deployed; then gone", Exit: "24, 0, 0, 0", Gone: true, run: func(s *fixture) {
			s.mustHelm(4, "install", s.release, s.chart, "--wait")
			s.mustHelm(4, "upgrade", s.release, s.chart, "--wait")
			s.mustHelm(4, "uninstall", s.release, "--keep-history", "--wait")
			s.byName(func() { s.berth("check").exit(24) })
			s.ofHelm4(2, func() { s.berth("deploy", "--adopt").exit(0) })
			s.oneDeployed(3)
			s.owns(app...)
			s.berth("check").exit(0)
			s.berth("teardown").exit(0)
			s.owns()
		}},
	{ID: "T215", Setup: "deployed by Helm 4; then by Berth, which writes on the client's side",
		Action: "Helm 4 upgrades and rolls back, as it chooses and on the server's side; a deploy before each, and at the end",
		End:    "no write meets a conflict, and Helm 4's records say what they said", Exit: "0, 0, 0, 0, 0", run: func(s *fixture) {
			s.mustHelm(4, "install", s.release, s.chart, "--wait", "--set", "podAnnotations.team=red")
			for _, helm := range [][]string{
				{"upgrade", s.release, s.chart, "--wait", "--set", "greeting=again"},
				{"upgrade", s.release, s.chart, "--wait", "--set", "greeting=again", "--server-side=true"},
				{"rollback", s.release, "1", "--wait"},
				{"rollback", s.release, "2", "--wait", "--server-side=true"},
			} {
				s.ofHelm4(1, func() {
					s.berth("deploy", "--adopt", "--set", "greeting=bye", "--set", "image=registry.example/app:2.0", "--set", "replicas=2").exit(0)
				})
				s.noPodAnnotations()
				s.mustHelm(4, helm...)
			}
			s.berth("deploy").exit(0)
			s.noPodAnnotations()
			s.oneDeployed(10)
		}},
	{ID: "T216", Setup: "deployed by Helm 4, and controllers apply a variable, an annotation and the replicas on the server's side",
		Action: "check by name; deploy another image, check; deploy other replicas",
		End:    "theirs stays, but for the replicas that the chart changes", Exit: "0, 0, 0, 0", run: func(s *fixture) {
			s.mustHelm(4, "install", s.release, s.chart, "--wait")
			s.applyAs("injector", web, `{"metadata":{"annotations":{"injected":"yes"}},
				"spec":{"template":{"spec":{"containers":[{"name":"app","env":[{"name":"X","value":"y"}]}]}}}}`)
			s.applyAs("scaler", web, `{"spec":{"replicas":3}}`)
			const image = "registry.example/app:2.0"
			s.byName(func() {
				s.berth("check").exit(0).reports("env[X] is not in the record, and injector applies it",
					"spec.replicas is 3, which an autoscaler chose")
			})
			theirs := func(replicas string) {
				s.t.Helper()
				s.has(web, "spec.replicas", replicas)
				s.has(web, "metadata.annotations.injected", `"yes"`)
				s.has(web, "spec.template.spec.containers.0.env.0.value", `"y"`)
				s.has(web, "spec.template.spec.containers.0.image", `"`+image+`"`)
			}
			s.berth("deploy", "--adopt", "--set", "image="+image).exit(0)
			theirs("3")
			s.berth("check").exit(0)
			s.berth("deploy", "--set", "image="+image, "--set", "replicas=2").exit(0)
			theirs("2")
		}},
	{ID: "T217", Setup: "deployed by Helm 4, and another applies the image and a container of its own on the server's side, as kubectl and as a controller",
		Action: "check by name, each time; deploy, check", End: "what the chart sets is as the chart says, and what a person added is gone",
		Exit: "24, 24, 0, 0", run: func(s *fixture) {
			s.mustHelm(4, "install", s.release, s.chart, "--wait")
			s.applyAs("kubectl", web, `{"spec":{"template":{"spec":{"containers":[{"name":"debug","image":"registry.example/debug:1"}]}}}}`)
			s.byName(func() { s.berth("check").exit(24).says("containers[debug]", "last write by kubectl") })
			s.applyAs("updater", web, `{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"registry.example/app:9"}]}}}}`)
			s.byName(func() { s.berth("check").exit(24).says("image is `registry.example/app:9`", "last write by updater") })
			s.berth("deploy", "--adopt").exit(0)
			s.has(web, "spec.template.spec.containers.#", "1")
			s.has(web, "spec.template.spec.containers.0.image", `"registry.example/app:1.0"`)
			s.berth("check").exit(0)
		}},
	{ID: "T218", Setup: "left by Helm 4, each: pending-install, pending-upgrade, pending-rollback, failed, two deployed, deployed",
		Action: "teardown with adopt, each", End: "objects and records gone", Exit: "0, 0, 0, 0, 0, 0", Gone: true, run: func(s *fixture) {
			install := []string{"install", s.release, s.chart, "--wait"}
			upgrade := []string{"upgrade", s.release, s.chart, "--wait", "--set", "greeting=bye"}
			rollback := []string{"rollback", s.release, "1", "--wait"}
			for left, leave := range map[string]func(){
				"v1 pending-install":                func() { s.killHelm4(finalUpdate, install...) },
				"v1 superseded, v2 pending-upgrade": func() { s.mustHelm(4, install...); s.killHelm4(finalUpdate, upgrade...) },
				"v1 deployed, v2 pending-rollback":  func() { s.mustHelm(4, install...); s.killHelm4(applied("deployments"), rollback...) },
				"v1 failed":                         func() { s.failHelm4(append(install, "--timeout", "3s", "--set", missingImage)...) },
				"v1 superseded, v2 deployed, v3 deployed": func() {
					s.mustHelm(4, install...)
					s.whileHelm4(finalUpdate, upgrade, func() { s.mustHelm(4, rollback...) })
				},
				"v1 deployed": func() { s.mustHelm(4, install...) },
			} {
				leave()
				s.stored(left)
				s.berth("teardown", append(dead, "--adopt")...).exit(0)
				s.stored("nothing")
				s.owns()
			}
		}},
}

// web is the app's Deployment.
var web = object{"apps/v1", "deployments", "web"}
