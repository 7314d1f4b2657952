//go:build conformance

package conformance

import (
	"net/http"
	"time"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// settleLimit is what a cancelled CI job has left after the signal.
const settleLimit = 7 * time.Second

// interrupts are the rows in which a run is signalled to end, or is stopped and goes
// on when the release is another's. Where nobody waits for a dead run, the
// durations are the real ones.
var interrupts = []row{
	{ID: "T30", Setup: "SIGINT in the wait (real durations)", Action: "deploy", End: "v1 failed, recorded within 7 s; no later write for 90 s",
		Exit: "130", Real: true, Slow: true, run: func(s *fixture) {
			p := s.proxy()
			run := s.start("deploy", slow("1h")...)
			s.untilPods(run)
			run.interrupt()
			run.wait(settleLimit).exit(130)
			s.stored("v1 failed")
			s.silent(p, 90*time.Second)
		}},
	{ID: "T31", Setup: "v1, SIGTERM in the wait of an upgrade, on-failure rollback",
		Action: "deploy", End: "v1 deployed, v2 failed, at most one rollback",
		Exit: "143", Real: true, run: func(s *fixture) {
			s.berth("deploy").exit(0)
			rollbacks := s.proxy().On(rollbackCreate, nothing)
			run := s.start("deploy", append(slow("1h"), "--on-failure", "rollback")...)
			s.untilSurge(run)
			run.terminate()
			run.wait(settleLimit).exit(143)
			s.stored("v1 deployed, v2 failed")
			s.atMostOne(rollbacks)
		}},
	{ID: "T31b", Setup: "v1, a failed upgrade, SIGTERM in the rollback that on-failure asks for", Action: "deploy",
		End: "v1 deployed, v2 and the rollback failed, no second rollback", Exit: "143", Real: true, run: func(s *fixture) {
			s.berth("deploy", "--set", "hooks.pre-rollback.delay=1h").exit(0)
			p := s.proxy()
			rollbacks := p.On(rollbackCreate, nothing)
			at := s.holdAnswer(p, creationOf("jobs", "web-pre-rollback"))
			run := s.start("deploy", "--on-failure", "rollback", "--timeout", "15s", "--set", missingImage)
			at.await(run)
			at.release()
			run.terminate()
			run.wait(settleLimit).exit(143)
			s.stored("v1 deployed, v2 failed, v3 failed")
			s.atMostOne(rollbacks)
		}},
	{ID: "T32", Setup: "SIGSTOP in the wait, past the Lease; another deploys; SIGCONT", Action: "both",
		End: "v2 deployed; the stopped one sends nothing more", Exit: "21, 0 + warning", Slow: true, run: func(s *fixture) {
			p, other := s.stoppable()
			stopped := s.start("deploy", slow("1h")...)
			s.untilPods(stopped)
			stopped.stop()
			other()
			s.stored("v1 superseded, v2 deployed")
			s.sendsNothing(p, stopped)
		}},
	{ID: "T32b", Setup: "SIGSTOP when the last PUT is on its way, past the Lease; another deploys; the PUT arrives; SIGCONT", Action: "both",
		End: "v2 deployed; the PUT gets 409; the stopped one sends nothing more", Exit: "21, 0 + warning", Slow: true, run: func(s *fixture) {
			p, other := s.stoppable()
			at := s.holdRequest(p, finalUpdate)
			stopped := s.start("deploy")
			at.await(stopped)
			stopped.stop()
			other()
			s.stored("v1 superseded, v2 deployed")
			before := s.recordVersions()
			at.release()
			s.untilConflict(p)
			s.unchanged(before)
			s.sendsNothing(p, stopped)
		}},
}

// nothing is the fault of a rule that only counts.
var nothing = faultproxy.Call(func(faultproxy.Request) {})

// stoppable sends the next run over a proxy; other deploys beside it. Only the
// stopped one is to lose its Lease, however busy this machine is: the Lease is
// short enough to be waited for, and no shorter.
func (s *fixture) stoppable() (p *faultproxy.Proxy, other func()) {
	s.t.Helper()
	s.env["BERTH_LOCK_DURATION"] = "8s"
	direct := s.user()
	return s.proxy(), func() {
		s.t.Helper()
		s.kubeconfig = direct
		s.berth("deploy").exit(0)
	}
}

// sendsNothing lets a run go on that has lost its Lease meanwhile, and fails the
// row if it sends anything at all.
func (s *fixture) sendsNothing(p *faultproxy.Proxy, stopped *process) {
	s.t.Helper()
	before, sent := s.recordVersions(), p.Count()
	stopped.cont()
	stopped.wait(runLimit).exit(21)
	for _, r := range p.Log()[sent:] {
		s.t.Errorf("after it was stopped for longer than its Lease, it sent %s", r)
	}
	s.unchanged(before)
}

// silent fails the row if anything is written over the proxy for that long.
func (s *fixture) silent(p *faultproxy.Proxy, d time.Duration) {
	s.t.Helper()
	before := s.recordVersions()
	write := p.On(faultproxy.Match{Verb: "write"}, nothing)
	select {
	case <-write.Reached():
		s.t.Error("something was written after the end of the run")
	case <-time.After(d):
	}
	s.unchanged(before)
}

// untilConflict waits until the API server has refused a record's last PUT.
func (s *fixture) untilConflict(p *faultproxy.Proxy) {
	s.t.Helper()
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		for _, r := range p.Log() {
			if r.Verb == finalUpdate.Verb && r.Resource == finalUpdate.Resource && r.Status == finalUpdate.Status && r.Code != 0 {
				if r.Code != http.StatusConflict {
					s.t.Fatalf("the stale write was answered with %d, want 409", r.Code)
				}
				return true, ""
			}
		}
		return false, "the stale write has no answer"
	})
}

// untilSurge waits until an upgrade's pod runs beside the one from before.
func (s *fixture) untilSurge(run *process) {
	s.t.Helper()
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		select {
		case <-run.done:
			s.t.Fatalf("%s ended with %s before its pods ran", run.verb, run)
		default:
		}
		return len(s.appPods()) > 1, "the upgrade has no pod"
	})
}

// atMostOne fails the row if a rule that counts rollbacks saw more than one.
func (s *fixture) atMostOne(rollbacks *faultproxy.Rule) {
	s.t.Helper()
	if n := rollbacks.Hits(); n > 1 {
		s.t.Errorf("it was rolled back %d times", n)
	}
}
