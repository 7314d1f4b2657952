package kube

import (
	"context"
	"io"
	"net/http"

	"github.com/berth-dev/berth/internal/requestinfo"
)

// fencedTransport is the base transport behind a fence. Helm makes its requests
// with context.Background(), so the transport is the only thing that tells the
// operations apart: there is one for each.
type fencedTransport struct {
	fence *Fence
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *fencedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	write := requestinfo.IsWrite(req.Method)
	if err := t.fence.admit(write); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	if write {
		return t.write(req)
	}
	return t.read(req)
}

// write counts as under way until its answer has been read.
func (t *fencedTransport) write(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		t.fence.leave()
		return nil, err
	}
	resp.Body = &tap{
		ReadCloser: resp.Body,
		onRead:     func(_ int, err error) error { return err },
		onEnd:      t.fence.leave,
	}
	return resp, nil
}

// read ends with the fence, a watch in the middle of its body included.
func (t *fencedTransport) read(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	untie := context.AfterFunc(t.fence.ctx, cancel)
	end := func() { untie(); cancel() }

	resp, err := t.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		end()
		return nil, t.explain(err)
	}
	resp.Body = &tap{
		ReadCloser: resp.Body,
		onRead:     func(_ int, err error) error { return t.explain(err) },
		onEnd:      end,
	}
	return resp, nil
}

// explain says that it was the fence, where it was.
func (t *fencedTransport) explain(err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // a reader's end is io.EOF itself
		return err
	}
	if closed := t.fence.Err(); closed != nil {
		return closed
	}
	return err
}

// WrappedRoundTripper lets the idle connections underneath be found.
func (t *fencedTransport) WrappedRoundTripper() http.RoundTripper { return t.next }
