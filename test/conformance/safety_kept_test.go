//go:build conformance

package conformance

import (
	"context"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// What a row's chart has beside the app.
const (
	twoMaps = `
apiVersion: v1
kind: ConfigMap
metadata: {name: marked}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: flux}
`
	diskOfTheChart = `
apiVersion: v1
kind: PersistentVolume
metadata: {name: NAME}
spec: {capacity: {storage: 1Mi}, accessModes: [ReadWriteOnce], storageClassName: NAME, hostPath: {path: /none},
  persistentVolumeReclaimPolicy: Retain}
`
	claimOfDisk = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: theirs}
spec: {accessModes: [ReadWriteOnce], storageClassName: NAME, volumeName: NAME, resources: {requests: {storage: 1Mi}}}
`
	ownVolume = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: volume}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`
	hookVolume = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: volume
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: POLICY}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`
	namespaceOfTheChart = `
apiVersion: v1
kind: Namespace
metadata: {name: NAME}
`
	mapInNamespace = `
apiVersion: v1
kind: ConfigMap
metadata: {name: marked, namespace: NAME}
`
	somebodysDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: foreign}
spec:
  selector: {matchLabels: {app: foreign}}
  template: {metadata: {labels: {app: foreign}}, spec: {containers: [{name: a, image: "registry.example/app:1.0"}]}}
`
	// refusedService fails the revision that has it, once its ConfigMaps are made.
	refusedService = `
apiVersion: v1
kind: Service
metadata: {name: refused}
spec: {ports: [{port: 99999999}], selector: {a: b}}
`
)

var (
	marked     = configMap("marked")
	fluxes     = configMap("flux")
	volume     = object{"v1", "persistentvolumeclaims", "volume"}
	keepMark   = `{"metadata":{"annotations":{"berth.dev/keep":"yes"}}}`
	fluxesMark = `{"metadata":{"labels":{"kustomize.toolkit.fluxcd.io/name":"apps"}}}`
)

// keptObjects are the rows about objects of the release that somebody marked, or has something in.
var keptObjects = []row{
	{ID: "S62", Setup: "objects of the release that a person marked berth.dev/keep, a claim among them, and that Flux owns by now",
		Action: "teardown twice, then teardown --delete-foreign", End: "each of them, until it is said that they go", Exit: "27, 27, 0",
		Gone: true, run: func(s *fixture) {
			s.asAdmin()
			s.chartWith("templates/marked.yaml", twoMaps+"---"+ownVolume)
			s.berth("deploy", "--wait-ignore", "PersistentVolumeClaim/*").exit(0)
			s.mark(volume)
			before := s.uidsOf(marked, fluxes, volume)
			for range 2 {
				s.berth("teardown").exit(27).says("ConfigMap/marked was kept: it is marked berth.dev/keep", "--delete-foreign",
					"PersistentVolumeClaim/volume was kept", "ConfigMap/flux was kept: a GitOps controller owns it")
				s.sameUIDs(before, marked, fluxes, volume)
			}
			s.berth("teardown", "--delete-foreign").exit(0)
			s.namespaceGone()
		}},
	{ID: "S63", Setup: "the same, in a namespace that stays", Action: "teardown", End: "both, and they are named", Exit: "0", Gone: true,
		run: func(s *fixture) {
			s.chartWith("templates/marked.yaml", twoMaps)
			s.berth("deploy").exit(0)
			s.mark()
			before := s.uidsOf(marked, fluxes)
			s.berth("teardown").exit(0).says("Kept on purpose", "ConfigMap/marked stays: it is marked", "ConfigMap/flux stays")
			s.sameUIDs(before, marked, fluxes)
		}},
	{ID: "S64", Setup: "such objects, which the chart has no more; then the same of a revision that failed",
		Action: "deploy without them, each", End: "both, each time", Exit: "0 + warning, 23, 0", run: func(s *fixture) {
			plain := s.chart
			s.chartWith("templates/marked.yaml", twoMaps)
			s.berth("deploy").exit(0)
			s.mark()
			before := s.uidsOf(marked, fluxes)
			s.chart = plain
			s.berth("deploy").exit(0).warned("Left in place").says("ConfigMap/marked was kept")
			s.sameUIDs(before, marked, fluxes)
			s.remove(marked)
			s.remove(fluxes)
			s.chartWith("templates/marked.yaml", twoMaps+"---"+refusedService)
			s.berth("deploy").exit(23)
			s.mark()
			before = s.uidsOf(marked, fluxes)
			s.chart = plain
			s.berth("deploy").exit(0)
			s.sameUIDs(before, marked, fluxes)
		}},
	{ID: "S64c", Setup: "an object that its chart says to keep, and that has lost the annotation", Action: "deploy of a chart without it",
		End: "the object", Exit: "0, 0", run: func(s *fixture) {
			plain := s.chart
			s.chartWith("templates/marked.yaml", strings.ReplaceAll(twoMaps, "}", ", annotations: {helm.sh/resource-policy: keep}}"))
			s.berth("deploy").exit(0)
			s.patch("kubectl-annotate", marked, `{"metadata":{"annotations":{"helm.sh/resource-policy":null}}}`)
			before := s.uidsOf(marked, fluxes)
			s.chart = plain
			s.berth("deploy").exit(0)
			s.sameUIDs(before, marked, fluxes)
		}},
	{ID: "S64b", Setup: "an object that Flux owns by now, and the chart still has it",
		Action: "deploy of an upgrade; of one that fails, with the mark set then, and on-failure rollback; deploy that adopts it; check; teardown",
		End:    "the object, which is named, until adopt names it", Exit: "27, 23, 0, 0, 0", Gone: true, run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.patch("kustomize-controller", appMap, fluxesMark)
			before, records := s.version(appMap.name), s.recordVersions()
			s.berth("deploy", "--set", "greeting=bye").exit(27).says("ConfigMap/web", "a GitOps controller owns it", "adopt")
			s.unchanged(records)
			if s.version(appMap.name) != before {
				s.t.Error("Flux's object was changed")
			}
			s.patch("kustomize-controller", appMap, strings.ReplaceAll(fluxesMark, `"apps"`, "null"))
			failed := s.holdAnswer(s.proxy(), faultproxy.Match{Verb: "update", Resource: "secrets", Status: "failed"})
			run := s.start("deploy", "--set", "greeting=bye,"+missingImage, "--on-failure", "rollback", "--timeout", "25s")
			failed.await(run)
			s.patch("kustomize-controller", appMap, fluxesMark)
			before = s.version(appMap.name)
			failed.release()
			run.wait(runLimit).exit(23).says("ConfigMap/web", "a GitOps controller owns it")
			if s.version(appMap.name) != before {
				s.t.Error("Flux's object was changed by the rollback")
			}
			s.stored("v1 deployed, v2 failed")
			s.berth("deploy", "--set", "greeting=hi", "--adopt=ConfigMap/web").exit(0)
			if got := s.greeting(); got != "hi" {
				s.t.Errorf("the greeting is %q", got)
			}
			s.berth("check").exit(0)
			s.berth("teardown").exit(0).says("ConfigMap/web stays")
			s.owns("ConfigMap/web")
		}},
	{ID: "S65", Setup: "a Namespace in the chart, in which somebody has a Deployment",
		Action: "deploy of the chart without it; teardown of one with it, twice", End: "the Namespace, with all that is in it",
		Exit: "0 + warning, 0, 27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			plain, name := s.chart, s.namespace+"-db"
			s.chartWith("templates/namespace.yaml", strings.ReplaceAll(namespaceOfTheChart, "NAME", name))
			s.goes(name)
			with := s.chart
			s.berth("deploy").exit(0)
			s.at(name, s.release, func() { s.put("kubectl-create", somebodysDeployment) })
			s.chart = plain
			s.berth("deploy").exit(0).warned("Left in place").says("Namespace/"+name, "Deployment/foreign is in it")
			s.chart = with
			s.berth("deploy").exit(0)
			s.berth("teardown").exit(27).says("Namespace/" + name + " was kept: Deployment/foreign is in it, and was made with kubectl")
			s.at(name, s.release, func() {
				s.namespaceStays()
				s.uidsOf(object{"apps/v1", "deployments", "foreign"})
			})
			s.berth("teardown").exit(0)
		}},
	{ID: "S65b", Setup: "a Namespace in the chart, in which one of the chart's objects is another release's by now",
		Action: "teardown, and again", End: "the Namespace, with that object", Exit: "27, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			name := s.namespace + "-db"
			s.chartWith("templates/namespace.yaml", strings.ReplaceAll(namespaceOfTheChart+"---"+mapInNamespace, "NAME", name))
			s.goes(name)
			s.berth("deploy").exit(0)
			s.at(name, s.release, func() { s.patch("helm", marked, `{"metadata":{"annotations":{"meta.helm.sh/release-name":"other"}}}`) })
			s.berth("teardown").exit(27).says("Namespace/"+name+" was kept", "ConfigMap/marked")
			s.berth("teardown").exit(0)
			s.at(name, s.release, func() {
				s.namespaceStays()
				s.uidsOf(marked)
			})
		}},
	{ID: "S66", Setup: "a definition of a kind in the chart's templates, of which somebody has an object in another namespace",
		Action: "teardown; once the object is gone, deploy and teardown", End: "the definition and the object; then neither",
		Exit: "27, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.asAdmin()
			other := s.Namespace(s.t)
			s.chartWith("templates/boats.yaml", s.crd("Boat"))
			boats := object{"apiextensions.k8s.io/v1", "customresourcedefinitions", plural("Boat") + "." + s.group()}
			boat := object{s.group() + "/v1", plural("Boat"), "theirs"}
			theirs := "{apiVersion: " + s.group() + "/v1, kind: Boat, metadata: {name: theirs}}"
			s.berth("deploy").exit(0)
			before := s.uid(boats)
			s.at(other, s.release, func() { s.put("kubectl-create", theirs) })
			s.berth("teardown").exit(27).says(other + "/theirs is of its kind")
			if now := s.uid(boats); now == "" || now != before {
				s.t.Errorf("the definition was %q and is %q", before, now)
			}
			s.at(other, s.release, func() {
				s.uidsOf(boat)
				s.remove(boat)
			})
			s.berth("deploy").exit(0).warned("Release repaired")
			s.berth("teardown").exit(0)
			s.absent(boats)
		}},
	{ID: "S66c", Setup: "a definition in the chart's templates, with an object of its kind, which the chart has in its crds folder by now, or no more",
		Action: "deploy of the definition, of both, of the object with the definition in crds, of the object alone; teardown",
		End:    "the definition and the object, until the teardown; then the definition", Exit: "0, 0, 0 + warning, 0, 0",
		Gone: true, run: func(s *fixture) {
			s.asAdmin()
			plain, boats := s.chart, object{"apiextensions.k8s.io/v1", "customresourcedefinitions", plural("Boat") + "." + s.group()}
			boat := object{s.group() + "/v1", plural("Boat"), "own"}
			s.chartWith("templates/boats.yaml", s.crd("Boat"))
			s.berth("deploy").exit(0)
			s.chartWith("templates/boat.yaml", "{apiVersion: "+s.group()+"/v1, kind: Boat, metadata: {name: own}}")
			s.berth("deploy").exit(0)
			before := s.uidsOf(boats, boat)
			s.chart = plain
			s.chartWith("templates/boat.yaml", "{apiVersion: "+s.group()+"/v1, kind: Boat, metadata: {name: own}}")
			without := s.chart
			s.chartWith("crds/boats.yaml", s.crd("Boat"))
			s.berth("deploy").exit(0).warned("Left in place").says(boats.name + " was kept: ")
			s.sameUIDs(before, boats, boat)
			s.chart = without
			s.berth("deploy").exit(0)
			s.sameUIDs(before, boats, boat)
			s.berth("teardown").exit(0).says(boats.name + " stays")
			s.sameUIDs(map[string]string{boats.name: before[boats.name]}, boats)
			s.namespaceGone()
			s.remove(boats)
		}},
	{ID: "S66d", Setup: "a definition in the chart's templates, of which somebody has an object, and whose kind is not served for a moment",
		Action: "deploy without it", End: "the definition and the object", Exit: "0, 0 + warning", run: func(s *fixture) {
			s.asAdmin()
			plain, other := s.chart, s.Namespace(s.t)
			boats := object{"apiextensions.k8s.io/v1", "customresourcedefinitions", plural("Boat") + "." + s.group()}
			s.chartWith("templates/boats.yaml", s.crd("Boat"))
			s.berth("deploy").exit(0)
			s.t.Cleanup(func() { s.deleteDefinition("Boat") })
			s.served("Boat", true)
			theirs := "{apiVersion: " + s.group() + "/v1, kind: Boat, metadata: {name: theirs}}"
			s.at(other, s.release, func() { s.put("kubectl-create", theirs) })
			before := s.uidsOf(boats)
			s.proxy().On(faultproxy.Match{Verb: "list", Resource: plural("Boat")},
				faultproxy.Answer(http.StatusNotFound, "the server could not find the requested resource"))
			s.chart = plain
			s.berth("deploy").exit(0).warned("Left in place").
				says(boats.name + " was kept: whether others have something of its kind cannot be told")
			s.sameUIDs(before, boats)
		}},
	{ID: "S66b", Setup: "a PersistentVolume in the chart's templates, to which somebody's claim is bound",
		Action: "deploy without it, with it; teardown; once the claim is gone, deploy and teardown",
		End:    "the volume, without a deletion on its way; then it is gone",
		Exit:   "0, 0 + warning, 0, 0 + warning, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			plain, disk := s.chart, object{"v1", "persistentvolumes", s.namespace + "-disk"}
			s.chartWith("templates/disk.yaml", strings.ReplaceAll(diskOfTheChart, "NAME", disk.name))
			with := s.chart
			deploy := func() ended { return s.berth("deploy", "--wait-ignore", "PersistentVolume/*") }
			deploy().exit(0)
			s.put("kubectl-create", strings.ReplaceAll(claimOfDisk, "NAME", disk.name))
			s.bound(disk)
			before := s.uid(disk)
			left := func() {
				s.t.Helper()
				if now := s.uid(disk); now != before || s.read(disk).GetDeletionTimestamp() != nil {
					s.t.Errorf("the volume was %q and is %q, going %v", before, now, s.read(disk).GetDeletionTimestamp())
				}
			}
			s.chart = plain
			deploy().exit(0).warned("Left in place").says("PersistentVolume/"+disk.name, "claim "+s.namespace+"/theirs is bound to it")
			left()
			s.chart = with
			deploy().exit(0)
			s.berth("teardown").exit(0).warned("Left in place").says("claim " + s.namespace + "/theirs is bound to it")
			left()
			s.remove(object{"v1", "persistentvolumeclaims", "theirs"})
			deploy().exit(0).warned("Release repaired")
			s.berth("teardown").exit(0)
			s.absent(disk)
		}},
	{ID: "S67", Setup: "a claim that a hook made, which Helm would not delete before it makes it anew; then one that a person marked",
		Action: "deploy again, each", End: "the claim, with its data", Exit: "0, 23, 0, 27", run: func(s *fixture) {
			s.chartWith("templates/volume.yaml", strings.ReplaceAll(hookVolume, "POLICY", "hook-failed"))
			s.berth("deploy").exit(0)
			before := s.uidsOf(volume)
			s.berth("deploy").exit(23)
			s.sameUIDs(before, volume)
			s.remove(volume)
			s.chart = "testdata/app"
			s.chartWith("templates/volume.yaml", strings.ReplaceAll(hookVolume, "POLICY", "before-hook-creation"))
			s.berth("deploy").exit(0)
			s.patch("kubectl-annotate", volume, keepMark)
			before = s.uidsOf(volume)
			s.berth("deploy").exit(27).says("it is marked berth.dev/keep")
			s.sameUIDs(before, volume)
		}},
	{ID: "S67b", Setup: "a claim and a Secret of the manifest, which the chart has as hooks of an install alone by now",
		Action: "deploy; teardown, twice, with delete-claims the second time", End: "both, with their data; then each as a hook's",
		Exit: "0, 0 + warning, 0, 0, 0 + warning, 0", Gone: true, run: func(s *fixture) {
			plain, secret := s.chart, object{"v1", "secrets", "made"}
			was := ownVolume + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: made}\n"
			asHooks := strings.ReplaceAll(was, "}\n", ", annotations: {helm.sh/hook: pre-install}}\n")
			asHooks = strings.ReplaceAll(asHooks, "1Mi}}, annotations: {helm.sh/hook: pre-install}}", "1Mi}}}")
			moved := func() map[string]string {
				s.t.Helper()
				s.chart = plain
				s.chartWith("templates/data.yaml", was)
				s.berth("deploy", "--wait-ignore", "PersistentVolumeClaim/*").exit(0)
				before := s.uidsOf(volume, secret)
				s.chart = plain
				s.chartWith("templates/data.yaml", asHooks)
				s.berth("deploy").exit(0).warned("Left in place").says("PersistentVolumeClaim/volume was kept: the chart has it as a hook by now")
				s.sameUIDs(before, volume, secret)
				return before
			}
			before := moved()
			s.berth("teardown").exit(0).says("PersistentVolumeClaim/volume", "delete-claims deletes it", "Secret/made", "delete-hooks deletes it")
			s.sameUIDs(before, volume, secret)
			s.remove(volume)
			s.remove(secret)
			moved()
			s.berth("teardown", "--delete-claims", "--delete-hooks").exit(0)
			s.absent(volume, secret)
		}},
	{ID: "S67c", Setup: "a claim and a Secret of the manifest; an upgrade fails, and the chart has them as hooks of an install alone by now",
		Action: "deploy, deploy that fails, deploy, deploy again", End: "both, with their data", Exit: "0, 23, 0 + warning, 0",
		run: func(s *fixture) {
			plain, secret := s.chart, object{"v1", "secrets", "made"}
			was := ownVolume + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: made}\n"
			asHooks := strings.ReplaceAll(was, "}\n", ", annotations: {helm.sh/hook: pre-install}}\n")
			asHooks = strings.ReplaceAll(asHooks, "1Mi}}, annotations: {helm.sh/hook: pre-install}}", "1Mi}}}")
			s.chartWith("templates/data.yaml", was)
			s.berth("deploy", "--wait-ignore", "PersistentVolumeClaim/*").exit(0)
			before := s.uidsOf(volume, secret)
			s.berth("deploy", "--wait-ignore", "PersistentVolumeClaim/*", "--set", "hooks.post-upgrade.behaviour=fail").exit(23)
			s.chart = plain
			s.chartWith("templates/data.yaml", asHooks)
			s.berth("deploy").exit(0).warned("Left in place").says("PersistentVolumeClaim/volume was kept: the chart has it as a hook by now")
			s.sameUIDs(before, volume, secret)
			s.berth("deploy").exit(0)
			s.sameUIDs(before, volume, secret)
		}},
	{ID: "S67d", Setup: "a ConfigMap of the manifest, of whose name the chart has a test, too, which is deleted once it has passed",
		Action: "deploy with helm-test, check", End: "the ConfigMap", Exit: "27, 0", run: func(s *fixture) {
			const both = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: both}\n---\napiVersion: v1\nkind: ConfigMap\n" +
				"metadata: {name: both, annotations: {helm.sh/hook: test, helm.sh/hook-delete-policy: 'before-hook-creation,hook-succeeded'}}\n"
			s.chartWith("templates/both.yaml", both)
			s.berth("deploy", "--helm-test").exit(27).says("was not tested", "ConfigMap/both is an object of the app")
			s.berth("check").exit(0)
			s.stored("v1 deployed")
		}},
	{ID: "S68", Setup: "claims of a StatefulSet whose retention policy somebody changed to Retain, or only a failed revision would delete",
		Action: "teardown, each", End: "the claims, and they are named", Exit: "0, 0, 23, 0", Gone: true, run: func(s *fixture) {
			const goes = "persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}"
			s.deployDatabase(goes, "")
			s.ownedBySet(claim(0), true)
			s.patch("kubectl-edit", object{"apps/v1", "statefulsets", "db"},
				`{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Retain"}}}`)
			s.ownedBySet(claim(0), false)
			s.ownedBySet(claim(1), false)
			before := s.uidsOf(claim(0), claim(1))
			s.berth("teardown").exit(0).says("delete-claims deletes it")
			s.sameUIDs(before, claim(0), claim(1))
			s.remove(claim(0))
			s.remove(claim(1))

			s.deployDatabase("", "")
			before = s.uidsOf(claim(0), claim(1))
			s.chart = "testdata/app"
			changed := strings.NewReplacer("RETENTION", goes, "ANNOTATIONS", "").Replace(database)
			s.chartWith("templates/database.yaml", changed+"---"+refusedService)
			s.berth("deploy", "--wait-ignore", "StatefulSet/db").exit(23)
			s.berth("teardown").exit(0).says("delete-claims deletes it")
			s.sameUIDs(before, claim(0), claim(1))
		}},
	{ID: "S68b", Setup: "a claim that somebody marked, which Kubernetes deletes with its StatefulSet, as that one's policy says",
		Action: "teardown", End: "the claim, with its StatefulSet, which is named", Exit: "0 + warning", Gone: true, run: func(s *fixture) {
			s.deployDatabase("persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}", "")
			s.ownedBySet(claim(0), true)
			s.patch("kubectl-annotate", claim(0), keepMark)
			set := object{"apps/v1", "statefulsets", "db"}
			before := s.uidsOf(claim(0), set)
			s.berth("teardown").exit(0).warned("Left in place").says("its claim data-db-0 is to be kept")
			s.sameUIDs(before, claim(0), set)
		}},
	{ID: "S69", Setup: "a claim with the name and the labels of a StatefulSet's, which something else owns",
		Action: "teardown with delete-claims", End: "that claim, and it is named", Exit: "0 + warning", Gone: true, run: func(s *fixture) {
			s.deployDatabase("", "")
			s.put("operator", "{apiVersion: v1, kind: ConfigMap, metadata: {name: owner}}")
			s.makeClaim("data-db-9", map[string]string{"app": "db"}, nil)
			s.patch("operator", claim(9), `{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"`+
				s.uid(configMap("owner"))+`"}]}}`)
			before := s.uidsOf(claim(9))
			s.berth("teardown", "--delete-claims").exit(0).warned("Left to its owner").says("data-db-9: it belongs to ConfigMap/owner")
			s.sameUIDs(before, claim(9))
			s.absent(claim(0), claim(1))
		}},
}

// mark marks the row's ConfigMaps, and these objects, as somebody would who wants them kept.
func (s *fixture) mark(more ...object) {
	s.t.Helper()
	for _, o := range append([]object{marked}, more...) {
		s.patch("kubectl-annotate", o, keepMark)
	}
	s.patch("kustomize-controller", fluxes, fluxesMark)
}

// goes deletes a namespace at the row's end.
func (s *fixture) goes(namespace string) {
	s.t.Cleanup(func() {
		_ = s.Client().CoreV1().Namespaces().Delete(context.WithoutCancel(s.t.Context()), namespace, metav1.DeleteOptions{})
	})
}

// bound waits until a claim is bound to a volume.
func (s *fixture) bound(volume object) {
	s.t.Helper()
	kubetest.Eventually(s.t, 20*time.Second, func() (bool, string) {
		phase, _, _ := unstructured.NestedString(s.read(volume).Object, "status", "phase")
		return phase == "Bound", volume.name + " is " + phase
	})
}

// ownedBySet waits until a claim names its StatefulSet as its owner, or does not any more.
func (s *fixture) ownedBySet(claim object, want bool) {
	s.t.Helper()
	kubetest.Eventually(s.t, 20*time.Second, func() (bool, string) {
		return (len(s.read(claim).GetOwnerReferences()) > 0) == want, "the controller has not changed the owner of " + claim.name
	})
}
