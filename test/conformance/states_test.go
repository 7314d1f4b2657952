//go:build conformance

package conformance

import (
	"fmt"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// states are the rows about where a release, its objects or its namespace stand
// before Berth comes.
var states = []row{
	{ID: "T51", Setup: "v1 failed", Action: "deploy", End: "v2 deployed", Exit: "0", run: func(s *fixture) {
		s.berth("deploy", "--timeout", "15s", "--set", missingImage).exit(23)
		s.berth("deploy").exit(0)
		s.oneDeployed(2) // Helm calls v1 superseded, though it never was in service
		s.owns(app...)
	}},
	{ID: "T52", Setup: "uninstalled with its history kept, 12 revisions",
		Action: "deploy", End: "v13 deployed", Exit: "0", run: func(s *fixture) {
			s.deployedByAnother()
			for range 11 {
				s.mustHelm(3, "upgrade", s.release, s.chart, "--history-max", "0")
			}
			s.mustHelm(3, "uninstall", s.release, "--keep-history", "--wait")
			if last := s.last().String(); last != "v12 uninstalled" {
				s.t.Errorf("the last is %s", last)
			}
			s.berth("deploy").exit(0)
			s.oneDeployed(13)
			s.owns(app...)
		}},
	{ID: "T231", Setup: "uninstalled with its history kept", Action: "deploy that fails in its pre-install hook; deploy",
		End: "v3 deployed, and the hooks of its install have run", Exit: "0, 23, 0", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.mustHelm(3, "uninstall", s.release, "--keep-history", "--wait")
			s.berth("deploy", "--set", "hooks.pre-install.behaviour=fail").exit(23)
			s.stored("v1 uninstalled, v2 failed")
			s.chartWith("templates/hook.yaml", hookMap("data", "pre-install", ""))
			s.berth("deploy").exit(0)
			s.oneDeployed(3)
			s.uidsOf(configMap("data"))
		}},
	{ID: "T232", Setup: "an upgrade made an object and failed; the deploy over it may not delete that, and the next one fails in a hook",
		Action: "deploy", End: "v5 deployed, without the object; v6 looks for nothing",
		Exit: "0, 23, 0 + warning, 23, 0 + warning, 0", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy", "--timeout", "15s", "--set", withExtra+","+missingImage).exit(23)
			proxy := s.proxy()
			proxy.On(times(1, deletionOf("configmaps")), faultproxy.Answer(http.StatusForbidden, "not now"))
			s.berth("deploy").exit(0).warned("Leftovers not removed")
			s.uidsOf(extraMap)
			s.berth("deploy", "--set", "hooks.pre-upgrade.behaviour=fail").exit(23)
			s.berth("deploy").exit(0).warned("Release repaired").says("ConfigMap/web-x")
			s.absent(extraMap)
			s.berth("deploy").exit(0).silent("Look for what failed revisions left behind")
		}},
	{ID: "T53", Setup: "uninstalling by a run that was killed, single revision",
		Action: "deploy", End: "v1 deployed", Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.killAfter(s.proxy(), deletionOf("services"), "teardown")
			s.stored("v1 uninstalling")
			s.berth("deploy").exit(0).warned("Release repaired")
			s.stored("v1 deployed")
			s.owns(app...)
		}},
	{ID: "T54", Setup: "a finalizer on an object",
		Action: "teardown, and again without the finalizer", End: "what is left is named and the record kept; then all gone",
		Exit: "24, 0", Gone: true, run: func(s *fixture) {
			s.berth("deploy", "--set", "finalizers={"+hold+"}").exit(0)
			s.berth("teardown", "--timeout", "5s").exit(24).says("ConfigMap/web", hold)
			for _, version := range []int{3, 4} {
				s.helmReads(version, s.last().Payload)
			}
			s.letGo()
			s.berth("teardown").exit(0)
			s.owns()
		}},
	{ID: "T55", Setup: "LIST of Secrets is denied (no preflight) / answered with 500",
		Action: "teardown, each", End: "not a success, nothing touched",
		Exit: "20, 26", run: func(s *fixture) {
			s.deployedByAnother()
			account, before := s.deployerWith(s.SecretRules("get", "create", "update", "delete"), s.LeaseRules()), s.recordVersions()
			s.berth("teardown", "--preflight", "off").exit(20).lacks("list secrets")
			account.Grant(s.t, s.namespace, s.SecretRules("list", "watch")...)
			s.proxy().On(faultproxy.Match{Verb: "list", Resource: "secrets"}, faultproxy.Answer(500, "etcdserver: request timed out"))
			s.berth("teardown", "--timeout", "10s").exit(26)
			s.unchanged(before)
			s.owns(app...)
		}},
	{ID: "T56", Setup: "namespace Terminating, held by a finalizer / which goes in time",
		Action: "deploy, each", End: "what holds it is named / made anew and deployed",
		Exit: "28, 0", run: func(s *fixture) {
			s.asAdmin()
			s.berth("deploy", "--set", "finalizers={"+hold+"}").exit(0)
			s.terminate()
			s.berth("deploy", "--lock-timeout", "1s").exit(28).says(hold)
			waiting := s.start("deploy")
			s.until(waiting, "which is being deleted, is gone")
			s.letGo()
			waiting.wait(runLimit).exit(0)
			s.stored("v1 deployed")
			s.owns(app...)
		}},
	{ID: "T57", Setup: "records deleted, objects owned",
		Action: "deploy", End: "adopted, pods not restarted", Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			pods := s.pods()
			s.loseRecords(s.release)
			s.stored("nothing")
			s.berth("deploy").exit(0).warned("Release repaired").says("Deployment/web")
			s.stored("v1 deployed")
			s.samePods(pods)
			s.owns(app...)
		}},
	{ID: "T58", Setup: "an object of the chart belongs to another release, which lives",
		Action: "deploy", End: "untouched", Exit: "27", Gone: true, run: func(s *fixture) {
			before := s.neighbour()
			s.berth("deploy", "--set", "extras={x}").exit(27).says("ConfigMap/web-x", "web-x")
			s.stored("nothing")
			s.owns()
			if after := s.version("web-x"); after != before {
				s.t.Errorf("the other release's ConfigMap was %s and is %s", before, after)
			}
		}},
	{ID: "T58b", Setup: "an object of the chart belongs to another release, of which no record is left",
		Action: "deploy", End: "taken over", Exit: "0 + warning", run: func(s *fixture) {
			s.neighbour()
			s.loseRecords("web-x")
			s.berth("deploy", "--set", "extras={x}").exit(0).warned("Release repaired").says("ConfigMap/web-x")
			s.stored("v1 deployed")
			s.owns(append([]string{"ConfigMap/web-x"}, app...)...)
		}},
	{ID: "T59", Setup: "two branches, one namespace and release",
		Action: "deploy of the second", End: "untouched", Exit: "27", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			before, pods := s.recordVersions(), s.pods()
			s.branch = "feature-login"
			s.berth("deploy", "--set", "greeting=bye").exit(27)
			s.unchanged(before)
			s.samePods(pods)
			if s.greeting() != "hello" {
				s.t.Error("the objects of the first branch were changed")
			}
		}},
	{ID: "T60", Setup: "the Deployment's selector changed",
		Action: "deploy an upgrade", End: "v2 failed, v1 deployed", Exit: "23", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			pods := s.pods()
			s.berth("deploy", "--set", "selector=new").exit(23).says("Deployment", "immutable")
			s.stored("v1 deployed, v2 failed")
			s.samePods(pods)
		}},
	{ID: "T60b", Setup: "an upgrade that failed had set fields which the chart does not have any more",
		Action: "deploy", End: "v1 superseded, v2 superseded, v3 deployed, without them", Exit: "0", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy", "--timeout", "15s", "--set", `podAnnotations.sim\.berth\.dev/behaviour=image-pull`).exit(23)
			s.stored("v1 deployed, v2 failed")
			s.berth("deploy", "--timeout", "1m").exit(0)
			s.oneDeployed(3)
			s.noPodAnnotations()
		}},
	{ID: "T60c", Setup: "the same, by an upgrade that was killed",
		Action: "deploy", End: "v1 superseded, v2 failed, v3 deployed, without them", Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.killBefore(s.proxy(), finalUpdate, "deploy", "--set", `podAnnotations.team=red`, "--set", "extras={more}")
			s.berth("deploy", "--on-stuck", "unlock").exit(0)
			s.oneDeployed(3)
			s.noPodAnnotations()
			s.owns(app...)
		}},
}

// noPodAnnotations fails the row when the Deployment's pods are still to be made
// with annotations that no chart asks for.
func (s *fixture) noPodAnnotations() {
	s.t.Helper()
	d, err := s.Client().AppsV1().Deployments(s.namespace).Get(s.t.Context(), s.release, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	if left := d.Spec.Template.Annotations; len(left) > 0 {
		s.t.Errorf("the pods still have annotations: %v", left)
	}
}

// hold is a finalizer that nobody serves.
const hold = "conformance.berth.dev/hold"

// letGo takes the finalizers off the app's ConfigMap.
func (s *fixture) letGo() {
	s.t.Helper()
	_, err := s.Client().CoreV1().ConfigMaps(s.namespace).Patch(s.t.Context(), s.release, types.MergePatchType,
		[]byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
}

// terminate begins to delete the namespace and returns when the API server says
// what holds it.
func (s *fixture) terminate() {
	s.t.Helper()
	namespaces := s.Client().CoreV1().Namespaces()
	if err := namespaces.Delete(s.t.Context(), s.namespace, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		ns, err := namespaces.Get(s.t.Context(), s.namespace, metav1.GetOptions{})
		if err != nil {
			return false, err.Error()
		}
		conditions := fmt.Sprint(ns.Status.Conditions)
		return strings.Contains(conditions, hold), conditions
	})
}

// loseRecords deletes a release's records as somebody might by hand.
func (s *fixture) loseRecords(release string) {
	s.t.Helper()
	err := s.Client().CoreV1().Secrets(s.namespace).DeleteCollection(s.t.Context(), metav1.DeleteOptions{},
		metav1.ListOptions{LabelSelector: "owner=helm,name=" + release})
	if err != nil {
		s.t.Fatal(err)
	}
}

// neighbour is a release by Helm with a ConfigMap of the name that the app gives
// to its extra x. It returns what tells apart two states of that ConfigMap.
func (s *fixture) neighbour() (version string) {
	s.t.Helper()
	s.mustHelm(3, "install", "web-x", s.chart)
	return s.version("web-x")
}

func (s *fixture) version(configMap string) string {
	s.t.Helper()
	cm, err := s.Client().CoreV1().ConfigMaps(s.namespace).Get(s.t.Context(), configMap, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return cm.ResourceVersion
}
