package transport

import (
	"context"
	"io"
	"net/http"

	"github.com/berth-dev/berth/internal/requestinfo"
)

// fencedTransport is the transport of one Helm operation. Helm makes its requests
// with context.Background(), so nothing but the transport tells the operations
// apart.
type fencedTransport struct {
	fence *Fence
	next  http.RoundTripper
}

// Fenced returns a RoundTripper over next whose requests are refused once the
// fence is closed. Reads and watches under way are cut off then; writes are left
// to end.
func Fenced(next http.RoundTripper, fence *Fence) http.RoundTripper {
	return &fencedTransport{fence: fence, next: next}
}

// RoundTrip implements http.RoundTripper.
func (t *fencedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	write := requestinfo.IsWrite(req.Method)
	if err := t.fence.enter(write); err != nil {
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

// write sends a request that counts as under way until its answer has been read.
func (t *fencedTransport) write(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		t.fence.leave()
		return nil, err
	}
	resp.Body = &bodyTap{
		ReadCloser: resp.Body,
		onRead:     func(_ int, err error) error { return err },
		onEnd:      t.fence.leave,
	}
	return resp, nil
}

// read sends a request that ends with the fence, a watch in the middle of its
// body included.
func (t *fencedTransport) read(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	untie := context.AfterFunc(t.fence.ctx, cancel)
	end := func() { untie(); cancel() }

	resp, err := t.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		end()
		return nil, t.fencedOr(err)
	}
	resp.Body = &bodyTap{
		ReadCloser: resp.Body,
		onRead:     func(_ int, err error) error { return t.fencedOr(err) },
		onEnd:      end,
	}
	return resp, nil
}

// fencedOr returns the fence's error where the fence is closed, else err.
func (t *fencedTransport) fencedOr(err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // a reader's end is io.EOF itself
		return err
	}
	if closed := t.fence.Err(); closed != nil {
		return closed
	}
	return err
}

// WrappedRoundTripper lets utilnet find the idle connections underneath.
func (t *fencedTransport) WrappedRoundTripper() http.RoundTripper { return t.next }
