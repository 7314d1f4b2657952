package transport

import (
	"cmp"
	"slices"
	"sync"

	"github.com/berth-dev/berth/internal/result"
)

// requestKind is what requests are counted by.
type requestKind struct {
	verb     string // as RBAC names it
	resource string // with group and subresource: "deployments.apps/scale"
}

// traffic counts requests by operation.
type traffic struct {
	mu     sync.Mutex
	counts map[requestKind]*result.Requests
}

// add counts requests and the bytes of their bodies. A response's bytes are
// added as they are read, since a watch may last as long as the run.
func (t *traffic) add(op requestKind, requests int, sent, received int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, ok := t.counts[op]
	if !ok {
		c = &result.Requests{Verb: op.verb, Resource: op.resource}
		if t.counts == nil {
			t.counts = map[requestKind]*result.Requests{}
		}
		t.counts[op] = c
	}
	c.Count += requests
	c.Sent += sent
	c.Received += received
}

// requests returns the counts, by resource, then verb.
func (t *traffic) requests() []result.Requests {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]result.Requests, 0, len(t.counts))
	for _, c := range t.counts {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b result.Requests) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Verb, b.Verb))
	})
	return all
}
