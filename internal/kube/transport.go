package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/requestinfo"
)

// transport is what every request of a run goes through, fenced or not. It
// bounds the wait for an answer, counts, and reads the server's clock.
type transport struct {
	wire     http.RoundTripper // TLS, HTTP/2, keep-alive and credentials
	prefix   string            // path of the server's own URL
	patience time.Duration
	log      func(format string, args ...any)
	traffic  traffic
	clock    serverClock
}

func newTransport(wire http.RoundTripper, prefix string, patience time.Duration, log func(string, ...any)) *transport {
	return &transport{wire: wire, prefix: strings.TrimSuffix(prefix, "/"), patience: patience, log: log}
}

// silence is the error for a server that did not answer in time. It is a
// net.Error, so client-go takes it for the timeout that it is.
type silence struct{ after time.Duration }

func (s *silence) Error() string   { return fmt.Sprintf("no answer within %s", s.after) }
func (s *silence) Timeout() bool   { return true }
func (s *silence) Temporary() bool { return true }

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	info := requestinfo.Of(req.Method, strings.TrimPrefix(req.URL.Path, t.prefix), req.URL.Query())
	op := operation{info.Verb, info.QualifiedResource()}
	t.traffic.add(op, 1, max(req.ContentLength, 0), 0)
	start := time.Now()

	ctx, cancel := context.WithCancelCause(req.Context())
	tooLong := &silence{t.patience}
	timer := time.AfterFunc(t.patience, func() { cancel(tooLong) })
	resp, err := t.wire.RoundTrip(req.WithContext(ctx))
	inTime := timer.Stop()
	took := time.Since(start).Round(time.Millisecond)

	if err == nil && !inTime { // the header came with the bell; its body cannot be read any more
		_ = resp.Body.Close()
		err = tooLong
	}
	if err != nil {
		if errors.Is(context.Cause(ctx), tooLong) {
			err = tooLong
		}
		cancel(nil)
		t.log("%s %s: %v after %s", req.Method, req.URL.Path, err, took)
		return nil, err
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		t.clock.observe(date, time.Now())
	}
	t.log("%s %s: %d after %s", req.Method, req.URL.Path, resp.StatusCode, took)
	resp.Body = &tap{
		ReadCloser: resp.Body,
		onRead:     func(n int, err error) error { t.traffic.add(op, 0, 0, int64(n)); return err },
		onEnd:      func() { cancel(nil) },
	}
	return resp, nil
}

// WrappedRoundTripper lets the idle connections underneath be found.
func (t *transport) WrappedRoundTripper() http.RoundTripper { return t.wire }

// tap listens to a body being read.
type tap struct {
	io.ReadCloser
	onRead func(n int, err error) error // gives the error that the reader is to see
	onEnd  func()                       // called once: read to the end, failed or closed
	end    sync.Once
}

// Read implements io.Reader.
func (t *tap) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	err = t.onRead(n, err)
	if err != nil {
		t.end.Do(t.onEnd)
	}
	return n, err
}

// Close implements io.Closer.
func (t *tap) Close() error {
	err := t.ReadCloser.Close()
	t.end.Do(t.onEnd)
	return err
}
