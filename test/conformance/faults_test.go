//go:build conformance

package conformance

import (
	"net/http"
	"slices"
	"time"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// faults are the rows in which the API server, or the way to it, fails. But for
// T41, which leaves a lock behind, they have nothing to wait for, so that they
// need no shortened durations.
var faults = []row{
	{ID: "T33", Setup: "the last PUT is answered with 500 three times",
		Action: "deploy", End: "v1 deployed", Exit: "0", Real: true, run: func(s *fixture) {
			p := s.proxy()
			rule := p.On(times(3, finalUpdate), faultproxy.Answer(http.StatusInternalServerError, "not well"))
			s.berth("deploy").exit(0)
			s.acted(rule, 3)
			s.stored("v1 deployed")
		}},
	{ID: "T34", Setup: "the last PUT is answered with 500 for ever", Action: "deploy", End: "v1 pending-install, reported as such", Exit: "26",
		Pending: "pending-install", Real: true, Slow: true, run: func(s *fixture) {
			s.proxy().On(finalUpdate, faultproxy.Answer(http.StatusInternalServerError, "not well"))
			s.unrecorded()
		}},
	{ID: "T35", Setup: "a record's writes are answered with 429 and Retry-After, each twice",
		Action: "deploy", End: "v1 deployed", Exit: "0", Real: true, run: func(s *fixture) {
			s.tooMany(faultproxy.AnswerRetryAfter(http.StatusTooManyRequests, 1))
		}},
	{ID: "T36", Setup: "a record's writes are answered with 429 alone, each twice",
		Action: "deploy", End: "v1 deployed, by our own backoff", Exit: "0", Real: true, run: func(s *fixture) {
			s.tooMany(faultproxy.Answer(http.StatusTooManyRequests, "too many requests"))
		}},
	{ID: "T37", Setup: "leader changed at the last PUT, HTTP/2",
		Action: "deploy", End: "v1 deployed, no write without a body", Exit: "0", Real: true, run: func(s *fixture) {
			s.leaderChanged(s.proxy())
		}},
	{ID: "T38", Setup: "leader changed at the last PUT, HTTP/1.1",
		Action: "deploy", End: "v1 deployed, no write without a body", Exit: "0", Real: true, run: func(s *fixture) {
			s.leaderChanged(s.proxy(faultproxy.HTTP1()))
		}},
	{ID: "T39", Setup: "v1, the last PUT is applied and its answer lost",
		Action: "deploy an upgrade", End: "v1 superseded, v2 deployed", Exit: "0 + warning", Real: true, run: func(s *fixture) {
			s.berth("deploy").exit(0)
			rule := s.proxy().On(times(1, finalUpdate), faultproxy.DropAnswer())
			s.berth("deploy", "--set", "greeting=bye").exit(0)
			s.acted(rule, 1)
			s.stored("v1 superseded, v2 deployed")
		}},
	{ID: "T40", Setup: "the record's POST is applied and its answer lost",
		Action: "deploy", End: "v1 deployed, its own record recognised", Exit: "0 + warning", Real: true, run: func(s *fixture) {
			rule := s.proxy().On(times(1, recordCreate), faultproxy.DropAnswer())
			s.berth("deploy").exit(0)
			s.acted(rule, 1)
			s.stored("v1 deployed")
			s.owns(app...)
		}},
	{ID: "T41", Setup: "no request is answered after the record's POST",
		Action: "deploy", End: "it ends within its timeout and 15 s; v1 pending-install", Exit: "26",
		Pending: "pending-install", Slow: true, run: func(s *fixture) {
			s.env["BERTH_LOCK_DURATION"] = "20s" // the timeout passes first
			s.unanswered(25*time.Second, "--timeout", "10s")
		}},
	{ID: "T41b", Setup: "no request is answered after the record's POST, and the lock runs out", Action: "deploy",
		End: "it ends within the lock's time and 15 s, and does not say that another has it; v1 pending-install", Exit: "26",
		Pending: "pending-install", run: func(s *fixture) {
			s.env["BERTH_LOCK_DURATION"] = "8s"
			s.unanswered(23 * time.Second)
		}},
	{ID: "T42", Setup: "v1, the connection is reset at the second PATCH",
		Action: "deploy an upgrade", End: "v1 deployed, v2 failed", Exit: "23", Real: true, run: func(s *fixture) {
			s.berth("deploy").exit(0)
			rule := s.proxy().On(faultproxy.Match{Verb: "patch", Nth: 2, Times: 1}, faultproxy.Reset())
			s.berth("deploy", "--set", "greeting=bye", "--set", "image=registry.example/app:2.0").exit(23)
			s.acted(rule, 1)
			s.stored("v1 deployed, v2 failed")
		}},
	{ID: "T43", Setup: "the last PUT takes 30 s",
		Action: "deploy", End: "v1 deployed", Exit: "0", Real: true, Slow: true, run: func(s *fixture) {
			rule := s.proxy().On(finalUpdate, faultproxy.Delay(30*time.Second))
			s.berth("deploy").exit(0)
			s.acted(rule, 1)
			s.stored("v1 deployed")
		}},
	{ID: "T44", Setup: "a webhook times out on the last PUT, once",
		Action: "deploy", End: "v1 deployed", Exit: "0", Real: true, run: func(s *fixture) {
			hook := s.webhook(1)
			s.berth("deploy").exit(0)
			hook.asked(2)
			s.stored("v1 deployed")
		}},
	{ID: "T44b", Setup: "a webhook times out on the last PUT for ever",
		Action: "deploy", End: "v1 pending-install, reported as such", Exit: "26",
		Pending: "pending-install", Real: true, Slow: true, run: func(s *fixture) {
			hook := s.webhook(always)
			defer hook.remove() // before the record is healed
			s.unrecorded().says("webhook")
		}},
	{ID: "T45", Setup: "the API server goes away in the wait and comes back after 5 s",
		Action: "deploy", End: "v1 deployed, the pod from before", Exit: "0", Real: true, run: func(s *fixture) {
			p := s.proxy()
			run := s.start("deploy", slow("1h")...)
			s.untilPods(run)
			pods := s.pods()
			p.Down()
			s.makeReady() // unseen by the run
			<-time.After(5 * time.Second)
			p.Up()
			run.wait(runLimit).exit(0)
			s.stored("v1 deployed")
			s.samePods(pods)
		}},
}

// times is a match that acts that often.
func times(n int, m faultproxy.Match) faultproxy.Match {
	m.Times = n
	return m
}

// acted fails the row unless a rule acted that often.
func (s *fixture) acted(r *faultproxy.Rule, times int) {
	s.t.Helper()
	if n := r.Hits(); n != times {
		s.t.Errorf("the fault acted %d times, want %d", n, times)
	}
}

// unrecorded deploys what cannot be recorded, and expects the run to say so.
func (s *fixture) unrecorded() ended {
	s.t.Helper()
	e := s.berth("deploy").exit(26)
	if e.report.Status != "pending-install" {
		s.t.Errorf("the report says %q", e.report.Status)
	}
	s.stored("v1 pending-install")
	s.owns(app...)
	return e
}

// unanswered deploys while the API server falls silent after the record's POST,
// and expects an end within the limit.
func (s *fixture) unanswered(limit time.Duration, flags ...string) {
	s.t.Helper()
	p := s.proxy()
	p.On(recordCreate, faultproxy.CallAfter(func(faultproxy.Request) { p.On(faultproxy.Match{}, faultproxy.Blackhole()) }))
	run := s.start("deploy", flags...)
	s.untilStored(run)
	run.wait(limit).exit(26)
	s.stored("v1 pending-install")
	s.owns()
}

// untilStored waits until a run has stored its first record.
func (s *fixture) untilStored(run *process) {
	s.t.Helper()
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		if len(s.records()) > 0 {
			return true, ""
		}
		select {
		case <-run.done:
			s.t.Fatalf("%s ended with %s before it stored a record", run.verb, run)
		default:
		}
		return false, "nothing is stored"
	})
}

// tooMany deploys while each of the record's writes meets the fault twice.
func (s *fixture) tooMany(f faultproxy.Fault) {
	s.t.Helper()
	p := s.proxy()
	post, put := p.On(times(2, recordCreate), f), p.On(times(2, finalUpdate), f)
	s.berth("deploy").exit(0)
	s.acted(post, 2)
	s.acted(put, 2)
	s.stored("v1 deployed")
}

// leaderChanged deploys through an election in etcd. Helm's own retry of that
// sends the write again without its body over HTTP/2.
func (s *fixture) leaderChanged(p *faultproxy.Proxy) {
	s.t.Helper()
	rule := p.On(times(2, finalUpdate), faultproxy.Answer(http.StatusInternalServerError, "etcdserver: leader changed"))
	s.berth("deploy").exit(0)
	s.acted(rule, 2)
	s.stored("v1 deployed")
	for _, r := range p.Log() {
		if slices.Contains([]string{"create", "update", "patch"}, r.Verb) && r.Length == 0 {
			s.t.Errorf("a write was sent without its body: %s", r)
		}
	}
}
