package faultproxy

import (
	"path"
	"strings"
	"sync"
)

// Match says which requests a rule is about. What is empty matches all.
type Match struct {
	// Verb is get, list, watch, create, update, patch, delete, deletecollection;
	// or write, for all that change something. A dry run matches only "".
	Verb string
	// Resource is the plural without the group; "pods/log" with a subresource.
	Resource  string
	Namespace string
	Name      string // a pattern as in path.Match
	Status    string // the label "status" in the request's body, as on Helm's records
	Agent     string // prefix of the User-Agent
	Nth       int    // acts from the n-th match on, from 1
	Times     int    // how often it acts; 0 is for ever
}

func (m Match) matches(r Request) bool {
	named, _ := path.Match(m.Name, r.Name)
	return m.matchesVerb(r) &&
		(m.Resource == "" || m.Resource == r.fullResource()) &&
		(m.Namespace == "" || m.Namespace == r.Namespace) &&
		(m.Name == "" || named) &&
		(m.Status == "" || m.Status == r.Status) &&
		strings.HasPrefix(r.Agent, m.Agent)
}

func (m Match) matchesVerb(r Request) bool {
	switch m.Verb {
	case "":
		return true
	case "write":
		return r.Writes()
	}
	return m.Verb == r.Verb && !r.DryRun
}

// Rule is a fault for some requests.
type Rule struct {
	matches    func(Request) bool
	nth, times int
	fault      Fault
	reached    chan struct{}

	mu   sync.Mutex
	seen int
	hits int
	off  bool
}

// Hits is how often the rule acted.
func (r *Rule) Hits() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hits
}

// Reached is closed when the rule acts for the first time.
func (r *Rule) Reached() <-chan struct{} { return r.reached }

// Off ends the rule. What it already acts on goes on.
func (r *Rule) Off() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.off = true
}

// try counts the request and says whether the rule acts on it. One that another
// rule has taken counts, so that the n-th is the n-th over the proxy.
func (r *Rule) try(request Request, taken bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.matches(request) {
		return false
	}
	r.seen++
	if taken || r.off || r.seen < r.nth || r.times > 0 && r.hits >= r.times {
		return false
	}
	r.hits++
	if r.hits == 1 {
		close(r.reached)
	}
	return true
}
