// Package transport holds what every request to the API server passes: the wait
// for an answer, the count of requests and the server's clock (Transport), a look at
// every refusal before anybody believes or shows it (refusal.go), the repetition of
// reads (RetryReads), a memory of objects read a moment ago (GetCache), and the fence
// that ends a Helm operation for good (Fence).
package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/berth-dev/berth/internal/requestinfo"
	"github.com/berth-dev/berth/internal/result"
)

// Transport is what every request of a run goes through, fenced or not. It
// bounds the wait for an answer, counts requests and reads the server's clock.
// It is safe for concurrent use.
type Transport struct {
	next    http.RoundTripper // TLS, HTTP/2, keep-alive and credentials
	server  *url.URL
	prefix  string // path of the server's own URL
	timeout time.Duration
	log     func(format string, args ...any)
	traffic traffic
	clock   serverClock
}

// New returns a Transport over next to the API server at that URL. Its requests, which
// next puts credentials on, go nowhere else.
// timeout bounds the time from sending a request to the header of its answer;
// the body may take as long as it likes. log takes one line per request.
func New(next http.RoundTripper, server *url.URL, timeout time.Duration, log func(string, ...any)) *Transport {
	return &Transport{next: next, server: server, prefix: strings.TrimSuffix(server.Path, "/"), timeout: timeout, log: log}
}

// Prefix is the path of the server's own URL, without a slash at its end.
func (t *Transport) Prefix() string { return t.prefix }

// ServerTime returns the API server's present time by the Date of its answers, or a
// little less: the earliest that it can be. It is false before the second answer.
func (t *Transport) ServerTime() (time.Time, bool) { return t.clock.earliest(time.Now()) }

// LatestServerTime returns the latest that the API server's present time can be. It
// is false before the second answer.
func (t *Transport) LatestServerTime() (time.Time, bool) { return t.clock.latestAt(time.Now()) }

// Requests counts what was sent so far, by resource, then verb. Bytes are those
// of the bodies, decompressed.
func (t *Transport) Requests() []result.Requests { return t.traffic.requests() }

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.isServer(req.URL) {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, fmt.Errorf("a request to %s://%s is none to the API server", req.URL.Scheme, req.URL.Host)
	}
	info := requestinfo.Of(req.Method, strings.TrimPrefix(req.URL.Path, t.prefix), req.URL.Query())
	op := requestKind{info.Verb, info.QualifiedResource()}
	t.traffic.add(op, 1, max(req.ContentLength, 0), 0)
	start := time.Now()

	ctx, cancel := context.WithCancelCause(req.Context())
	timedOut := &responseTimeout{t.timeout}
	timer := time.AfterFunc(t.timeout, func() { cancel(timedOut) })
	resp, err := t.next.RoundTrip(req.WithContext(ctx))
	inTime := timer.Stop()
	took := time.Since(start).Round(time.Millisecond)

	if err == nil && !inTime { // the timer fired as the header came: the body's context has ended
		_ = resp.Body.Close()
		err = timedOut
	}
	if err != nil {
		if errors.Is(context.Cause(ctx), timedOut) {
			err = timedOut
		}
		cancel(nil)
		t.log("%s %s: %v after %s", req.Method, req.URL.Path, err, took)
		return nil, err
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		t.clock.observe(date, start, time.Now())
	}
	t.log("%s %s: %d after %s", req.Method, req.URL.Path, resp.StatusCode, took)
	if err := t.checkServer(req, resp); err != nil {
		_ = resp.Body.Close()
		cancel(nil)
		return nil, err
	}
	resp.Body = &bodyTap{
		ReadCloser: resp.Body,
		onRead:     t.bounded(req, info, func(n int) { t.traffic.add(op, 0, 0, int64(n)) }),
		onEnd:      func() { cancel(nil) },
	}
	if err := vetRefusal(req, info, resp); err != nil {
		return nil, err
	}
	return resp, nil
}

// WrappedRoundTripper lets utilnet find the idle connections underneath.
func (t *Transport) WrappedRoundTripper() http.RoundTripper { return t.next }

// responseTimeout is the error for a server that did not answer in time. It is a
// net.Error, so that client-go sees the timeout that it is.
type responseTimeout struct{ after time.Duration }

func (e *responseTimeout) Error() string   { return fmt.Sprintf("no answer within %s", e.after) }
func (e *responseTimeout) Timeout() bool   { return true }
func (e *responseTimeout) Temporary() bool { return true }
