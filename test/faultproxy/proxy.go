package faultproxy

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

const (
	// stopTimeout bounds how long the end of a test waits for callbacks.
	stopTimeout = 10 * time.Second
	// maxLoggedRequests is how many requests a failed test shows.
	maxLoggedRequests = 200
)

// Proxy is one proxy in front of one API server. Its methods may be called from
// everywhere, callbacks included.
type Proxy struct {
	t         testing.TB
	url       string
	listener  *listener
	upstream  *url.URL
	transport *http.Transport
	journal   requestLog
	active    sync.WaitGroup // requests that are being served
}

// Option is a setting of New.
type Option func(*http.Protocols)

// HTTP1 has the proxy speak HTTP/1.1 alone, on both sides.
func HTTP1() Option { return func(protocols *http.Protocols) { protocols.SetHTTP2(false) } }

// New starts a proxy in front of the API server that upstream names, on a free
// port of the loopback interface; upstream's credentials are not used. It stops
// with the test and prints its requests if the test failed.
func New(t testing.TB, upstream *rest.Config, options ...Option) *Proxy {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	for _, option := range options {
		option(protocols)
	}
	anonymous := rest.AnonymousClientConfig(upstream)
	address, _, err := rest.DefaultServerUrlFor(anonymous)
	if err != nil {
		t.Fatalf("reading the API server's address %q: %v", upstream.Host, err)
	}
	trust, err := rest.TLSConfigFor(anonymous)
	if err != nil {
		t.Fatalf("reading the TLS settings for %s: %v", address, err)
	}
	p := &Proxy{
		t:        t,
		upstream: address,
		transport: &http.Transport{
			TLSClientConfig:     trust,
			Protocols:           protocols,
			DisableCompression:  true, // as the client asked for it
			MaxIdleConnsPerHost: 100,
		},
	}
	p.listener = &listener{address: "127.0.0.1:0", protocols: protocols, handler: http.HandlerFunc(p.serve)}
	if err := p.listener.up(); err != nil {
		t.Fatalf("starting the fault proxy: %v", err)
	}
	p.url = "https://" + p.listener.address
	t.Cleanup(p.stop)
	return p
}

// On adds a rule. Rules are tried in the order in which they were added; the
// first that matches and is not used up acts.
func (p *Proxy) On(m Match, f Fault) *Rule {
	p.t.Helper()
	if _, err := path.Match(m.Name, ""); err != nil {
		p.t.Errorf("the rule's name %q is no pattern: %v", m.Name, err)
	}
	return p.journal.add(&Rule{matches: m.matches, nth: m.Nth, times: m.Times, fault: f, reached: make(chan struct{})})
}

// OnNth adds a rule for the n-th request of any kind over the proxy, from 1.
func (p *Proxy) OnNth(n int, f Fault) *Rule {
	nth := func(r Request) bool { return r.N == n }
	return p.journal.add(&Rule{matches: nth, fault: f, reached: make(chan struct{})})
}

// Log is every request seen so far, in the order of arrival, without bodies.
func (p *Proxy) Log() []Request { return p.journal.requests() }

// Count is how many requests were seen so far.
func (p *Proxy) Count() int { return len(p.journal.requests()) }

// Down is a server that went away: every connection is cut, new ones are
// refused, and what was being forwarded is given up.
func (p *Proxy) Down() { p.listener.down() }

// Up serves again after Down, on the same port.
func (p *Proxy) Up() {
	if err := p.listener.up(); err != nil {
		p.t.Errorf("starting the fault proxy again: %v", err)
	}
}

// stop ends the proxy and shows a failed test what went over it.
func (p *Proxy) stop() {
	p.journal.close()
	p.listener.down()
	idle := make(chan struct{})
	go func() { p.active.Wait(); close(idle) }()
	select {
	case <-idle:
	case <-time.After(stopTimeout):
		p.t.Errorf("a callback of the fault proxy still runs %s after the test's end", stopTimeout)
	}
	p.transport.CloseIdleConnections()
	if p.t.Failed() {
		p.t.Log(p.history())
	}
}

func (p *Proxy) history() string {
	requests := p.Log()
	var text strings.Builder
	fmt.Fprintf(&text, "%d requests over the fault proxy:\n", len(requests))
	for _, r := range requests[max(0, len(requests)-maxLoggedRequests):] {
		fmt.Fprintln(&text, r)
	}
	return text.String()
}
