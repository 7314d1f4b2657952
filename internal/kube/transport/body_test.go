package transport

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/problem"
)

// zeros is an answer that never ends by itself.
type zeros struct{ io.Closer }

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

type answersZeros struct{}

func (answersZeros) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: zeros{io.NopCloser(nil)}, Request: req}, nil
}

// An answer without end is not read for ever, whoever sends it. A watch and a log are
// read in parts, and may go on.
func TestAnswersWithoutEnd(t *testing.T) {
	before := maxAnswer
	t.Cleanup(func() { maxAnswer = before })
	maxAnswer = 1 << 20
	server := &url.URL{Scheme: "https", Host: "api.example"}
	transport := New(answersZeros{}, server, time.Minute, func(string, ...any) {})
	for path, ends := range map[string]bool{
		"/api/v1/namespaces/a":                        true,
		"/api/v1/namespaces/a/secrets":                true,
		"/api/v1/namespaces/a/pods?watch=true":        false,
		"/api/v1/namespaces/a/pods/b/log?container=c": false,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example"+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		read, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 4*maxAnswer))
		_ = resp.Body.Close()
		if p := problem.Of(err); errors.Is(err, errAnswerTooLarge) != ends || ends && p.Reason != problem.Unanswered {
			t.Errorf("%s: after %d bytes %v", path, read, err)
		}
	}
}
