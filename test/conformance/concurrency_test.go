//go:build conformance

package conformance

import (
	"strings"
	"time"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// concurrency are the rows in which two work on one release, or seem to.
var concurrency = []row{
	{ID: "T46", Setup: "two deploys of one branch at once, enough lock-timeout",
		Action: "both", End: "one after the other, v2 deployed", Exit: "0, 0", run: func(s *fixture) {
			s.user()
			direct := s.kubeconfig
			first := s.proxy()
			one := s.start("deploy", "--set", "greeting=one")
			s.kubeconfig = direct
			second := s.proxy()
			two := s.start("deploy", "--set", "greeting=two")
			one.wait(runLimit).exit(0)
			two.wait(runLimit).exit(0)
			s.stored("v1 superseded, v2 deployed")
			s.oneAtATime(first, second)
		}},
	{ID: "T46b", Setup: "two deploys of one branch at once, lock-timeout 1s",
		Action: "both", End: "one deploys, the other stops", Exit: "0, 21", run: func(s *fixture) {
			first := s.start("deploy", slow("1h")...)
			s.untilPods(first)
			second := s.berth("deploy", "--lock-timeout", "1s", "--set", "greeting=second")
			s.makeReady()
			first.wait(runLimit).exit(0)
			second.exit(21).says("Waiting for the lock")
			s.stored("v1 deployed")
			if s.greeting() != "hello" {
				s.t.Error("the second deploy touched the objects")
			}
		}},
	{ID: "T47", Setup: "pending by Helm, seconds old",
		Action: "deploy", End: "untouched", Exit: "22", Pending: "pending-install", run: func(s *fixture) {
			s.pendingByHelm()
			before := s.recordVersions()
			s.berth("deploy", "--lock-timeout", "1s").exit(22)
			s.unchanged(before)
		}},
	{ID: "T47b", Setup: "a live helm rollback over a record of ours",
		Action: "deploy", End: "untouched, since the stamp's revision does not match", Exit: "22", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy", "--set", "greeting=bye").exit(0)
			s.whileHelm("pending-rollback", []string{"rollback", s.release, "1"}, func() {
				s.leftAlone("v1 superseded, v2 deployed, v3 pending-rollback")
			})
		}},
	{ID: "T47c", Setup: "a live helm upgrade over a record of ours",
		Action: "deploy", End: "untouched, since the stamp's revision does not match", Exit: "22", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.whileHelm("pending-upgrade", []string{"upgrade", s.release, s.chart, "--set", "greeting=bye"}, func() {
				s.leftAlone("v1 deployed, v2 pending-upgrade")
			})
		}},
	{ID: "T48", Setup: "ours, killed, and its Lease expired 60 s ago (real durations)",
		Action: "deploy", End: "healed", Exit: "0 + warning", Real: true, Slow: true, run: func(s *fixture) {
			s.killBefore(s.proxy(), finalUpdate, "deploy")
			killed, pods := time.Now(), s.pods()
			s.berth("deploy").exit(0).warned("Release repaired")
			if took := time.Since(killed); took < 80*time.Second {
				s.t.Errorf("it was taken for dead after %s", took)
			}
			s.stored("v1 superseded, v2 deployed")
			s.samePods(pods)
		}},
	{ID: "T48b", Setup: "pending by Helm, silent for assume-dead-after",
		Action: "deploy", End: "healed", Exit: "0 + warning", run: func(s *fixture) {
			s.pendingByHelm()
			s.berth("deploy", "--assume-dead-after", "2s", "--adopt").exit(0).warned("Release repaired")
			s.stored("v1 superseded, v2 deployed") // Helm supersedes what it upgrades, a failed one too
			s.owns(app...)
		}},
	{ID: "T49", Setup: "a helm rollback during an upgrade of ours left two deployed",
		Action: "repair", End: "one deployed", Exit: "0 + warning", run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy", "--set", "greeting=bye").exit(0)
			at := s.holdRequest(s.proxy(), finalUpdate)
			upgrade := s.start("deploy", "--set", "greeting=again")
			at.await(upgrade)
			s.mustHelm(3, "rollback", s.release, "1")
			at.release()
			if e := upgrade.wait(runLimit); e.code == 0 {
				s.t.Error("the upgrade was called a success")
			}
			s.stored("v1 superseded, v2 superseded, v3 deployed, v4 deployed")
			s.berth("repair").exit(0).warned("Release repaired")
			s.oneDeployed(4)
		}},
	{ID: "T50", Setup: "the record is settled by another between GET and PUT",
		Action: "repair", End: "decided anew", Exit: "0", run: func(s *fixture) {
			p := s.proxy()
			s.killBefore(p, finalUpdate, "deploy")
			at := s.holdRequest(p, finalUpdate)
			repair := s.start("repair")
			at.await(repair)
			s.setStatus(1, "deployed", "deployed")
			before := s.recordVersions()
			at.release()
			repair.wait(runLimit).exit(0)
			s.unchanged(before)
		}},
}

// pendingByHelm leaves what Helm itself leaves of an install whose last write
// is denied, and gives Berth's user all that Helm's lacked.
// See https://github.com/helm/helm/issues/13189.
func (s *fixture) pendingByHelm() { s.t.Helper(); s.pendingBy(3) }

func (s *fixture) pendingBy(helm int) {
	s.t.Helper()
	account := s.deployerWith(s.SecretRules("get", "list", "create"), s.LeaseRules())
	out, errs, code := s.HelmRun(s.t, kubetest.Helm(s.t, helm), account.Kubeconfig, s.namespace,
		"upgrade", "--install", "--wait", s.release, s.chart)
	if code != 0 || !strings.Contains(out, "STATUS: deployed") {
		s.t.Fatalf("helm said (%d): %s%s", code, out, errs)
	}
	s.stored("v1 pending-install")
	account.Grant(s.t, s.namespace, s.SecretRules("update")...)
}

// whileHelm does something while a Helm command runs that has stored its
// record with that status and nothing more.
func (s *fixture) whileHelm(status string, args []string, do func()) {
	s.t.Helper()
	p := faultproxy.New(s.t, s.Config())
	at := s.holdAnswer(p, faultproxy.Match{Verb: "create", Resource: "secrets", Status: status})
	kubeconfig, helm := p.Kubeconfig(s.t, s.user()), kubetest.Helm(s.t, 3)
	ended := make(chan int, 1)
	go func() {
		_, _, code := s.HelmRun(s.t, helm, kubeconfig, s.namespace, args...)
		ended <- code
	}()
	select {
	case <-at.reached:
	case code := <-ended:
		s.t.Fatalf("helm %v ended with %d before it stored its record", args, code)
	}
	do()
	at.release()
	if code := <-ended; code != 0 {
		s.t.Errorf("helm %v ended with %d; it was disturbed", args, code)
	}
}

// leftAlone deploys over what may be alive and expects it not to be touched.
func (s *fixture) leftAlone(stored string) {
	s.t.Helper()
	s.stored(stored)
	before := s.recordVersions()
	s.berth("deploy", "--lock-timeout", "1s").exit(22)
	s.unchanged(before)
}

// oneAtATime fails the row when two runs' writes, those of the lock aside,
// were not all of one's before all of the other's.
func (s *fixture) oneAtATime(one, two *faultproxy.Proxy) {
	s.t.Helper()
	from, to := written(one)
	from2, to2 := written(two)
	if from.IsZero() || from2.IsZero() {
		s.t.Error("one of the two wrote nothing")
	}
	if from.Before(to2) && from2.Before(to) {
		s.t.Errorf("both wrote at once: one from %s to %s, the other from %s to %s", from, to, from2, to2)
	}
}

// written is when the first and the last write went over a proxy.
func written(p *faultproxy.Proxy) (from, to time.Time) {
	for _, r := range p.Log() {
		if !r.Writes() || r.Resource == "leases" {
			continue
		}
		if from.IsZero() {
			from = r.Time
		}
		to = r.Time
	}
	return from, to
}
