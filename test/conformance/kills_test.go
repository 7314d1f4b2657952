//go:build conformance

package conformance

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// kills are the rows in which a run is ended by kill -9 and another one finds
// what it left.
var kills = []row{
	{ID: "T17", Setup: "kill -9 before the record's POST", Action: "deploy again", End: "deployed, no duplicates, the hooks ran to their end",
		Exit: "0 + warning", run: func(s *fixture) {
			s.killBefore(s.proxy(), recordCreate, "deploy", bothHooks...)
			s.stored("nothing")
			s.deployedAgain("v1 deployed")
		}},
	{ID: "T18", Setup: "kill -9 after the record's POST, no objects",
		Action: "deploy again", End: "deployed, no duplicates, the hooks ran to their end",
		Exit: "0 + warning", run: func(s *fixture) {
			s.killAfter(s.proxy(), recordCreate, "deploy", bothHooks...)
			s.stored("v1 pending-install")
			s.owns()
			s.deployedAgain("v1 deployed") // a record of nothing is removed
		}},
	{ID: "T19", Setup: "kill -9 in the pre-install hook", Action: "deploy again", End: "deployed, no duplicates, the hooks ran to their end",
		Exit: "0 + warning", run: func(s *fixture) {
			s.killAfter(s.proxy(), creationOf("jobs", "web-pre-install"), "deploy", bothHooks...)
			s.stored("v1 pending-install")
			s.owns()
			s.deployedAgain("v1 failed, v2 deployed")
		}},
	{ID: "T20", Setup: "kill -9 between the objects' POSTs",
		Action: "deploy again", End: "deployed, no duplicates, the hooks ran to their end",
		Exit: "0 + warning", run: func(s *fixture) {
			s.killBefore(s.proxy(), creationOf("deployments", "web"), "deploy", bothHooks...)
			s.stored("v1 pending-install")
			s.owns("ConfigMap/web", "Service/web")
			s.deployedAgain("v1 failed, v2 deployed")
		}},
	{ID: "T21", Setup: "kill -9 in the wait", Action: "deploy again", End: "deployed, no duplicates, the hooks ran to their end",
		Exit: "0 + warning", run: func(s *fixture) {
			run := s.start("deploy", append(slices.Clone(bothHooks), slow("3s")...)...)
			s.untilPods(run)
			run.kill()
			s.stored("v1 pending-install")
			s.owns(app...)
			s.deployedAgain("v1 failed, v2 deployed")
		}},
	{ID: "T22", Setup: "kill -9 in the post-install hook, which does not end", Action: "repair", End: "not promoted", Exit: "24",
		Pending: "pending-install", run: func(s *fixture) {
			s.killAfter(s.proxy(), creationOf("jobs", "web-post-install"), "deploy",
				"--set", "hooks.post-install.delay=1h")
			before := s.recordVersions()
			s.berth("repair").exit(24).says("post-install")
			s.unchanged(before)
		}},
	{ID: "T23", Setup: "kill -9 before the last PUT, no hooks, and dead for certain",
		Action: "check, then repair", End: "check changes no byte; repair promotes, no pod restarted",
		Exit: "24, 0 + warning", run: func(s *fixture) {
			s.killBefore(s.proxy(), finalUpdate, "deploy")
			before, pods := s.recordVersions(), s.pods()
			s.untilDead()
			s.berth("check", "--check-timeout", "1s").exit(24)
			s.unchanged(before)
			s.berth("repair").exit(0).warned("Release repaired")
			s.stored("v1 deployed")
			s.samePods(pods)
		}},
	{ID: "T24", Setup: "upgrade killed after the record's POST and one object",
		Action: "deploy", End: "v1 superseded, v3 deployed, what only v2 had is gone",
		Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.killAfter(s.proxy(), creationOf("configmaps", "web-more"), "deploy", "--set", "extras={more}", "--set", "replicas=2")
			s.stored("v1 deployed, v2 pending-upgrade")
			s.owns(append([]string{"ConfigMap/web-more"}, app...)...)
			s.berth("deploy").exit(0)
			s.stored("v1 superseded, v2 failed, v3 deployed")
			s.owns(app...)
		}},
	{ID: "T25", Setup: "upgrade killed between its two PUTs",
		Action: "repair", End: "v1 superseded, v2 promoted", Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.killBefore(s.proxy(), finalUpdate, "deploy", "--set", "greeting=bye")
			s.stored("v1 superseded, v2 pending-upgrade")
			pods := s.pods()
			s.berth("repair").exit(0).warned("Release repaired")
			s.stored("v1 superseded, v2 deployed")
			s.samePods(pods)
		}},
	{ID: "T26", Setup: "kill -9 in a rollback", Action: "deploy", End: "one deployed", Exit: "0 + warning", run: func(s *fixture) {
		s.berth("deploy").exit(0)
		s.killAfter(s.proxy(), rollbackCreate, "deploy", "--on-failure", "rollback", "--timeout", "15s", "--set", missingImage)
		s.stored("v1 deployed, v2 failed, v3 pending-rollback")
		s.berth("deploy").exit(0)
		s.oneDeployed(4)
		s.owns(app...)
	}},
	{ID: "T27", Setup: "the hook of a rollback by Helm fails",
		Action: "deploy", End: "the pending-rollback is resolved", Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy", "--set", "hooks.pre-rollback.behaviour=fail").exit(0)
			s.berth("deploy").exit(0)
			if _, _, code := s.helm(3, "rollback", s.release, "1"); code == 0 {
				s.t.Error("the rollback did not fail")
			}
			s.stored("v1 superseded, v2 deployed, v3 pending-rollback")
			s.berth("deploy", "--assume-dead-after", "2s").exit(0)
			s.oneDeployed(4)
			s.owns(app...)
		}},
	{ID: "T28", Setup: "kill -9 between the deletions of an uninstall",
		Action: "teardown", End: "objects and records gone", Exit: "0", Gone: true, run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.killAfter(s.proxy(), deletionOf("services"), "teardown")
			s.stored("v1 uninstalling")
			s.berth("teardown").exit(0)
			s.owns()
		}},
	{ID: "T29", Setup: "kill -9 between the deletions of the records",
		Action: "teardown", End: "records gone", Exit: "0", Gone: true, run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy").exit(0)
			s.killAfter(s.proxy(), deletionOf("secrets"), "teardown")
			if left := len(s.records()); left != 1 {
				s.t.Errorf("%d records were left, want 1", left)
			}
			s.owns()
			s.berth("teardown").exit(0)
		}},
}

// bothHooks are the flags for a hook before and one after an install, each of
// which takes a moment.
var bothHooks = []string{"--set", "hooks.pre-install.delay=1s", "--set", "hooks.post-install.delay=1s"}

// slow are the flags that make pods ready after that time alone.
func slow(delay string) []string {
	return []string{"--set", `podAnnotations.sim\.berth\.dev/behaviour=slow`, "--set-string", `podAnnotations.sim\.berth\.dev/delay=` + delay}
}

// deployedAgain deploys what a killed install with both hooks began, and
// expects all of it to be there, once.
func (s *fixture) deployedAgain(stored string) {
	s.t.Helper()
	s.berth("deploy", bothHooks...).exit(0)
	s.stored(stored)
	s.owns(app...)
	s.hookCompleted("pre-install")
	s.hookCompleted("post-install")
	jobs, err := s.Client().BatchV1().Jobs(s.namespace).List(s.t.Context(), metav1.ListOptions{})
	if err != nil || len(jobs.Items) != 2 {
		s.t.Errorf("there are %d Jobs (%v), want the two hooks", len(jobs.Items), err)
	}
	if n := len(s.pods()); n != 1 {
		s.t.Errorf("there are %d pods, want 1", n)
	}
}

// untilDead waits until the run that held the Lease last counts as dead: three
// of its durations after it was renewed.
func (s *fixture) untilDead() {
	s.t.Helper()
	l, err := s.Client().CoordinationV1().Leases(s.namespace).Get(s.t.Context(), "berth-"+s.release, metav1.GetOptions{})
	if err != nil || l.Spec.RenewTime == nil {
		s.t.Fatalf("reading when the Lease was renewed: %v", err)
	}
	dead := l.Spec.RenewTime.Add(3*shortLease + time.Second) // of which the API server's clock tells whole ones
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		return time.Now().After(dead), "it counts as dead from " + dead.String() + " on"
	})
}

// untilPods waits until the app's pods run, ready or not.
func (s *fixture) untilPods(run *process) {
	s.t.Helper()
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		select {
		case <-run.done:
			s.t.Fatalf("%s ended with %s before its pods ran", run.verb, run.wait(runLimit).process)
		default:
		}
		pods := s.appPods()
		return len(pods) > 0 && len(pods[0].Status.ContainerStatuses) > 0, "no pod runs"
	})
}

// oneDeployed fails the row unless that revision is the last and the only one
// deployed, and none is pending.
func (s *fixture) oneDeployed(revision int) {
	s.t.Helper()
	for _, r := range s.records() {
		good := r.Label == r.Payload && (r.Label == "deployed") == (r.Revision == revision) && r.Revision <= revision
		if !good || strings.HasPrefix(r.Label, "pending-") {
			s.t.Errorf("stored is %s, want revision %d to be the one that is deployed", s.history(), revision)
			return
		}
	}
}
