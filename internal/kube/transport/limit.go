package transport

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/berth-dev/berth/internal/requestinfo"
)

// Limit bounds how many requests are under way at the same time, over all clients that it
// stands before. A watch, and a log that is followed, count until their answer begins. Requests
// about one Lease, which are short, wait for each other alone: a lock that is renewed late is
// lost. A nil Limit bounds nothing.
type Limit struct{ locks, others chan struct{} }

// NewLimit returns a Limit of n requests, two at least, a fifth of which are for locks; nil of 0.
func NewLimit(n int) *Limit {
	if n <= 0 {
		return nil
	}
	locks := max(1, n/5)
	return &Limit{locks: make(chan struct{}, locks), others: make(chan struct{}, max(1, n-locks))}
}

// writeWait is how long a write waits for its turn. Whoever sends it has looked whether it may
// a moment ago, such as whether it still holds a lock, so that it is not sent much later. On a
// busy API server it is several seconds until it is a request's turn.
const writeWait = 10 * time.Second

// Before returns a RoundTripper over next whose requests wait for their turn. It stands before
// a fence, so that what waits is looked at once it is sent.
func (l *Limit) Before(next http.RoundTripper) http.RoundTripper {
	if l == nil {
		return next
	}
	return &limited{l, next}
}

// unlimited is the key of what WithoutLimit puts into a context.
type unlimited struct{}

// WithoutLimit returns a context whose requests do not wait for their turn: those that have little time, and are
// few.
func WithoutLimit(ctx context.Context) context.Context {
	return context.WithValue(ctx, unlimited{}, true)
}

type limited struct {
	limit *Limit
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Context().Value(unlimited{}) != nil {
		return t.next.RoundTrip(req)
	}
	slots := t.limit.others
	info := requestinfo.Of(req.Method, req.URL.Path, req.URL.Query())
	if info.Resource == "leases" && (info.Name != "" || info.Verb == "create") {
		slots = t.limit.locks
	}
	if err := wait(req, slots); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	leave := func() { <-slots }
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		leave()
		return nil, err
	}
	if requestinfo.IsWatch(req.URL.Query()) || req.URL.Query().Get("follow") != "" {
		leave()
		return resp, nil
	}
	resp.Body = &bodyTap{ReadCloser: resp.Body, onRead: func(_ int, err error) error { return err }, onEnd: leave}
	return resp, nil
}

// wait returns once it is the request's turn, or why it is not sent.
func wait(req *http.Request, slots chan<- struct{}) error {
	select {
	case slots <- struct{}{}:
		return nil
	default:
	}
	var late <-chan time.Time
	if requestinfo.IsWrite(req.Method) && !asks(req) {
		timer := time.NewTimer(writeWait)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case slots <- struct{}{}:
		return nil
	case <-req.Context().Done():
		return req.Context().Err()
	case <-late:
		return fmt.Errorf("it was not sent: %d other requests had no answer within %s", cap(slots), writeWait)
	}
}

// asks reports whether a request is a question in the form of a write, such as whether the run may
// do something: it changes nothing, however late it is.
func asks(req *http.Request) bool {
	group := requestinfo.Of(req.Method, req.URL.Path, req.URL.Query()).Group
	return group == "authorization.k8s.io" || group == "authentication.k8s.io"
}

// WrappedRoundTripper lets utilnet find the idle connections underneath.
func (t *limited) WrappedRoundTripper() http.RoundTripper { return t.next }
