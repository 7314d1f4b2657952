package kube

import (
	"bytes"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
)

// recall answers the GET of an object from memory that was read a moment ago.
// Helm reads each object up to three times before it patches it, and one at a
// time before it installs it.
//
// It remembers only between open and close, so that who reads for a decision of
// their own reads afresh, and forgets an object with the first write to it.
type recall struct {
	next http.RoundTripper

	mu      sync.Mutex
	open    int
	answers map[string]recalled // by path and, after a NUL, Accept
}

// recalled is an answer as it was read.
type recalled struct {
	response http.Response // its Body is empty
	body     []byte
}

// begin opens a time of remembering, which the function that it returns closes.
func (r *recall) begin() (end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open++
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.open--; r.open == 0 {
			r.answers = nil
		}
	})
}

// RoundTrip implements http.RoundTripper.
func (r *recall) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet {
		defer r.forget(req.URL.Path) // also what was read while it was under way
		r.forget(req.URL.Path)
		return r.next.RoundTrip(req)
	}
	if req.URL.RawQuery != "" { // a list, a watch, a log
		return r.next.RoundTrip(req)
	}
	key := req.URL.Path + "\x00" + req.Header.Get("Accept")
	if known, ok := r.known(key); ok {
		return known.answer(req), nil
	}
	resp, err := r.next.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotFound || !r.remembers() {
		return resp, err
	}
	return r.keep(key, resp, req)
}

func (r *recall) remembers() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open > 0
}

func (r *recall) known(key string) (recalled, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.answers[key]
	return known, ok
}

// keep reads the answer to its end and remembers it.
func (r *recall) keep(key string, resp *http.Response, req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	known := recalled{*resp, body}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open > 0 {
		if r.answers == nil {
			r.answers = map[string]recalled{}
		}
		r.answers[key] = known
	}
	return known.answer(req), nil
}

// forget drops what a write to this path may change: the object, or those of the
// collection.
func (r *recall) forget(written string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key := range r.answers {
		if at, _, _ := strings.Cut(key, "\x00"); at == written || path.Dir(at) == written {
			delete(r.answers, key)
		}
	}
}

func (k recalled) answer(req *http.Request) *http.Response {
	resp := k.response
	resp.Request, resp.Body = req, io.NopCloser(bytes.NewReader(k.body))
	return &resp
}

// WrappedRoundTripper lets the idle connections underneath be found.
func (r *recall) WrappedRoundTripper() http.RoundTripper { return r.next }
