package faultproxy

import (
	"slices"
	"sync"
	"testing"
)

func TestMatch(t *testing.T) {
	update := Request{
		Verb: "update", Resource: "secrets", Namespace: "a", Name: "sh.helm.release.v1.web.v2",
		Status: "deployed", Agent: "berth/1.0 (linux)",
	}
	all := Match{
		Verb: "update", Resource: "secrets", Namespace: "a", Name: "sh.helm.release.v1.*.v2",
		Status: "deployed", Agent: "berth/",
	}
	dry := Request{Verb: "patch", Resource: "deployments", DryRun: true}
	logs := Request{Verb: "get", Resource: "pods", Subresource: "log"}
	tests := []struct {
		match   Match
		request Request
		want    bool
	}{
		{Match{}, update, true},
		{all, update, true},
		{Match{Verb: "write"}, update, true},
		{Match{Verb: "create"}, update, false},
		{Match{Resource: "leases"}, update, false},
		{Match{Namespace: "b"}, update, false},
		{Match{Name: "*.v1"}, update, false},
		{Match{Status: "failed"}, update, false},
		{Match{Agent: "Helm/"}, update, false},
		{Match{}, dry, true},
		{Match{Verb: "patch"}, dry, false},
		{Match{Verb: "write"}, dry, false},
		{Match{Verb: "write"}, logs, false},
		{Match{Resource: "pods/log"}, logs, true},
		{Match{Resource: "pods"}, logs, false},
	}
	for _, tt := range tests {
		if got := tt.match.matches(tt.request); got != tt.want {
			t.Errorf("%+v on %s: %v, want %v", tt.match, tt.request, got, tt.want)
		}
	}
}

// The first rule that matches and is not used up acts; the n-th match is the
// n-th over the proxy, whoever acts on the others.
func TestRulesInOrder(t *testing.T) {
	var j requestLog
	rule := func(name string, nth, times int, verb string) *Rule {
		return j.add(&Rule{matches: Match{Verb: verb}.matches, nth: nth, times: times, fault: Fault{name: name}, reached: make(chan struct{})})
	}
	once := rule("once", 0, 1, "get")
	third := rule("third", 3, 1, "get")
	always := rule("always", 0, 0, "")

	var active sync.WaitGroup
	var seen []string
	enter := func(verb string) {
		r := Request{Verb: verb}
		fault, ok := j.enter(&r, &active)
		if !ok || r.N != len(seen)+1 || r.Fault != fault.name {
			t.Errorf("request %d entered as %d, ok %v, fault %q", len(seen)+1, r.N, ok, r.Fault)
		}
		seen = append(seen, fault.name)
		active.Done()
	}
	for _, verb := range []string{"get", "list", "get", "get", "get"} {
		enter(verb)
	}
	always.Off()
	enter("get")

	if want := []string{"once", "always", "always", "third", "always", ""}; !slices.Equal(seen, want) {
		t.Errorf("the faults were %q, want %q", seen, want)
	}
	for _, r := range []struct {
		rule *Rule
		want int
	}{{once, 1}, {third, 1}, {always, 3}} {
		if got := r.rule.Hits(); got != r.want {
			t.Errorf("%s acted %d times, want %d", r.rule.fault.name, got, r.want)
		}
		select {
		case <-r.rule.Reached():
		default:
			t.Errorf("%s says that it was not reached", r.rule.fault.name)
		}
	}
	j.close()
	if _, ok := j.enter(&Request{}, &active); ok {
		t.Error("a request entered after the end")
	}
	if got := len(j.requests()); got != len(seen) {
		t.Errorf("%d requests in the log, want %d", got, len(seen))
	}
}
