//go:build conformance

package conformance

import (
	"sync"
	"time"

	"github.com/berth-dev/berth/test/faultproxy"
)

// proxy puts a fault proxy between the API server and the runs of Berth that
// start from now on. When the row fails, it prints what went over it.
func (s *scene) proxy(options ...faultproxy.Option) *faultproxy.Proxy {
	s.t.Helper()
	p := faultproxy.New(s.t, s.Config(), options...)
	s.through(p)
	return p
}

// through sends the runs that start from now on over a proxy.
func (s *scene) through(p *faultproxy.Proxy) {
	s.t.Helper()
	s.kubeconfig = p.Kubeconfig(s.t, s.user())
}

// moment is a request at which the proxy holds who made it, so that a row can
// do something at that very point.
type moment struct {
	s       *scene
	reached chan struct{}
	goOn    func()
}

// before holds the first request that matches before it is forwarded; what
// happens to it then is that it is forwarded, or the faults.
func (s *scene) before(p *faultproxy.Proxy, m faultproxy.Match, then ...faultproxy.Fault) *moment {
	return s.hold(p, m, func(callback func(faultproxy.Request)) faultproxy.Fault {
		return faultproxy.Sequence(append([]faultproxy.Fault{faultproxy.Call(callback)}, then...)...)
	})
}

// after holds the answer to the first request that matches, which is applied.
func (s *scene) after(p *faultproxy.Proxy, m faultproxy.Match) *moment {
	return s.hold(p, m, faultproxy.CallAfter)
}

func (s *scene) hold(p *faultproxy.Proxy, m faultproxy.Match, fault func(func(faultproxy.Request)) faultproxy.Fault) *moment {
	reached, over := make(chan struct{}), make(chan struct{})
	at := &moment{s: s, reached: reached, goOn: sync.OnceFunc(func() { close(over) })}
	s.t.Cleanup(at.goOn)
	m.Times = 1
	p.On(m, fault(func(faultproxy.Request) { close(reached); <-over }))
	return at
}

// await waits until the run has come to the moment.
func (m *moment) await(run *process) {
	m.s.t.Helper()
	select {
	case <-m.reached:
	case <-run.done:
		m.s.t.Fatalf("%s ended with %s before it came to where it was to be held", run.verb, run.wait(runLimit).process)
	case <-time.After(runLimit):
		m.s.t.Fatalf("%s did not come to where it was to be held within %s", run.verb, runLimit)
	}
}

// kill ends the run at the moment, as kill -9 does.
func (m *moment) kill(run *process) {
	m.s.t.Helper()
	m.await(run)
	run.kill()
	m.goOn()
}

// killBefore runs a verb and kills it at the first request that matches, which
// never reaches the API server.
func (s *scene) killBefore(p *faultproxy.Proxy, m faultproxy.Match, verb string, flags ...string) {
	s.t.Helper()
	at := s.before(p, m, faultproxy.Refuse())
	at.kill(s.start(verb, flags...))
}

// killAfter runs a verb and kills it when the first request that matches has
// been applied and before its answer arrives.
func (s *scene) killAfter(p *faultproxy.Proxy, m faultproxy.Match, verb string, flags ...string) {
	s.t.Helper()
	at := s.after(p, m)
	at.kill(s.start(verb, flags...))
}

// What rows look out for.
var (
	recordPost   = faultproxy.Match{Verb: "create", Resource: "secrets", Name: "sh.helm.release.v1.*"}
	lastPut      = faultproxy.Match{Verb: "update", Resource: "secrets", Status: "deployed"}
	rollbackPost = faultproxy.Match{Verb: "create", Resource: "secrets", Status: "pending-rollback"}
)

// created matches the creation of an object.
func created(resource, name string) faultproxy.Match {
	return faultproxy.Match{Verb: "create", Resource: resource, Name: name}
}

// deleted matches the deletion of an object of that resource.
func deleted(resource string) faultproxy.Match {
	return faultproxy.Match{Verb: "delete", Resource: resource}
}
