//go:build conformance

package conformance

import (
	"sync"
	"time"

	"github.com/berth-dev/berth/test/faultproxy"
)

// proxy puts a fault proxy between the API server and the runs of Berth that
// start from now on. When the row fails, it prints what went over it.
func (s *fixture) proxy(options ...faultproxy.Option) *faultproxy.Proxy {
	s.t.Helper()
	p := faultproxy.New(s.t, s.Config(), options...)
	s.sendThrough(p)
	return p
}

// sendThrough sends the requests of the runs that start from now on through a proxy.
func (s *fixture) sendThrough(p *faultproxy.Proxy) {
	s.t.Helper()
	s.kubeconfig = p.Kubeconfig(s.t, s.user())
}

// heldRequest is a request that the proxy does not answer until it is released, so
// that a row can act at that very point.
type heldRequest struct {
	s       *fixture
	reached chan struct{}
	release func()
}

// holdRequest holds the first request that matches, before it is forwarded. Once
// released, the request meets the faults in then, or is forwarded without any.
func (s *fixture) holdRequest(p *faultproxy.Proxy, m faultproxy.Match, then ...faultproxy.Fault) *heldRequest {
	return s.hold(p, m, func(callback func(faultproxy.Request)) faultproxy.Fault {
		return faultproxy.Sequence(append([]faultproxy.Fault{faultproxy.Call(callback)}, then...)...)
	})
}

// holdAnswer holds the answer to the first request that matches. The request has
// been applied by then.
func (s *fixture) holdAnswer(p *faultproxy.Proxy, m faultproxy.Match) *heldRequest {
	return s.hold(p, m, faultproxy.CallAfter)
}

func (s *fixture) hold(p *faultproxy.Proxy, m faultproxy.Match, fault func(func(faultproxy.Request)) faultproxy.Fault) *heldRequest {
	reached, over := make(chan struct{}), make(chan struct{})
	at := &heldRequest{s: s, reached: reached, release: sync.OnceFunc(func() { close(over) })}
	s.t.Cleanup(at.release)
	m.Times = 1
	p.On(m, fault(func(faultproxy.Request) { close(reached); <-over }))
	return at
}

// await waits until the run has sent the request.
func (m *heldRequest) await(run *process) {
	m.s.t.Helper()
	select {
	case <-m.reached:
	case <-run.done:
		m.s.t.Fatalf("%s ended with %s before it came to where it was to be held", run.verb, run.wait(runLimit).process)
	case <-time.After(runLimit):
		m.s.t.Fatalf("%s did not come to where it was to be held within %s", run.verb, runLimit)
	}
}

// kill ends the run, as kill -9 does, while its request is held, then releases the
// request.
func (m *heldRequest) kill(run *process) {
	m.s.t.Helper()
	m.await(run)
	run.kill()
	m.release()
}

// killBefore runs a verb and kills it at the first request that matches, which
// never reaches the API server.
func (s *fixture) killBefore(p *faultproxy.Proxy, m faultproxy.Match, verb string, flags ...string) {
	s.t.Helper()
	at := s.holdRequest(p, m, faultproxy.Refuse())
	at.kill(s.start(verb, flags...))
}

// killAfter runs a verb and kills it when the first request that matches has
// been applied and before its answer arrives.
func (s *fixture) killAfter(p *faultproxy.Proxy, m faultproxy.Match, verb string, flags ...string) {
	s.t.Helper()
	at := s.holdAnswer(p, m)
	at.kill(s.start(verb, flags...))
}

// Requests that rows wait for.
var (
	recordCreate   = faultproxy.Match{Verb: "create", Resource: "secrets", Name: "sh.helm.release.v1.*"}
	finalUpdate    = faultproxy.Match{Verb: "update", Resource: "secrets", Status: "deployed"}
	rollbackCreate = faultproxy.Match{Verb: "create", Resource: "secrets", Status: "pending-rollback"}
)

// creationOf matches the creation of an object.
func creationOf(resource, name string) faultproxy.Match {
	return faultproxy.Match{Verb: "create", Resource: resource, Name: name}
}

// deletionOf matches the deletion of an object of that resource.
func deletionOf(resource string) faultproxy.Match {
	return faultproxy.Match{Verb: "delete", Resource: resource}
}
