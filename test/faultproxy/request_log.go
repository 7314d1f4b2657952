package faultproxy

import (
	"slices"
	"sync"
)

// requestLog holds the rules and every request that they were asked about.
type requestLog struct {
	mu     sync.Mutex
	rules  []*Rule
	log    []Request
	closed bool
}

func (j *requestLog) add(r *Rule) *Rule {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rules = append(j.rules, r)
	return r
}

// enter numbers and logs the request and chooses its fault. It is not ok after
// the end of the test; before, it is active from now on.
func (j *requestLog) enter(r *Request, active *sync.WaitGroup) (fault Fault, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return Fault{}, false
	}
	active.Add(1)
	r.N = len(j.log) + 1
	j.log = append(j.log, r.withoutBody()) // before a rule says that it was reached
	taken := false
	for _, rule := range j.rules {
		if rule.try(*r, taken) {
			fault, taken = rule.fault, true
		}
	}
	r.Fault = fault.name
	j.log[r.N-1].Fault = fault.name
	return fault, true
}

// answered brings the entry up to date.
func (j *requestLog) answered(r Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.log[r.N-1] = r.withoutBody()
}

func (j *requestLog) requests() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.log)
}

func (j *requestLog) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
}
