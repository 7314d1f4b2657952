package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/requestinfo"
)

// bodyTap is a response's body that reports how it is read.
type bodyTap struct {
	io.ReadCloser
	onRead func(n int, err error) error // called after each Read; returns the error that the reader is to see
	onEnd  func()                       // called once: read to the end, failed or closed
	end    sync.Once
}

// Read implements io.Reader.
func (t *bodyTap) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	err = t.onRead(n, err)
	if err != nil {
		t.end.Do(t.onEnd)
	}
	return n, err
}

// Close implements io.Closer.
func (t *bodyTap) Close() error {
	err := t.ReadCloser.Close()
	t.end.Do(t.onEnd)
	return err
}

// maxAnswer is how many bytes are read of an answer. It is more than any list of records
// has. client-go reads to the end, whatever comes, and what stands before an API server,
// or in its place, may send for ever.
var maxAnswer int64 = 512 << 20

// errAnswerTooLarge is why an answer is not read to its end.
var errAnswerTooLarge = errors.New("it is larger than any API server's")

// bounded returns what is called after each read of an answer's body: count, and the
// error of one that goes on for too long. A watch and a log may, and are read in parts.
func (t *Transport) bounded(req *http.Request, info requestinfo.Info, count func(n int)) func(n int, err error) error {
	left := maxAnswer
	inParts := requestinfo.IsWatch(req.URL.Query()) || info.Subresource == "log"
	return func(n int, err error) error {
		count(n)
		if left -= int64(n); left >= 0 || inParts {
			return err
		}
		return &problem.Problem{
			Reason: problem.Unanswered,
			Tried:  fmt.Sprintf("read the answer to %s %s at %s", req.Method, req.URL.Path, req.URL.Host),
			Cause:  fmt.Errorf("%w: more than %d MiB", errAnswerTooLarge, maxAnswer>>20),
			Next:   "Check the API server's address, and what stands before it: a proxy (HTTPS_PROXY, NO_PROXY) or a login page.",
		}
	}
}
