// Package platformapi guards every request to the API of GitHub or GitLab: a token goes
// over HTTPS to the host that the environment names, and to none that an answer names;
// answers have bounds in time and size.
package platformapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Limits are how long a request may take, and how many bytes are read of its answer.
type Limits struct {
	Time  time.Duration
	Bytes int64
}

// NewClient returns a client for the API at base. It follows no redirect, which would
// send the token along.
func NewClient(base string, transport http.RoundTripper, l Limits) *http.Client {
	return &http.Client{
		Transport:     &guard{next: transport, host: hostOf(base), bytes: l.Bytes},
		Timeout:       l.Time,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Host
}

// guard sends requests to one host, and ends answers that are too long.
type guard struct {
	next  http.RoundTripper
	host  string
	bytes int64
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	switch {
	case r.URL.Scheme != "https":
		return nil, errors.New("a token is not sent in the clear")
	case g.host == "" || r.URL.Host != g.host:
		return nil, fmt.Errorf("a token is sent to the API at %q only", g.host)
	}
	response, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = &bounded{ReadCloser: response.Body, left: g.bytes}
	return response, nil
}

// errTooLong is what reading an answer ends with that has more bytes than are read.
var errTooLong = errors.New("the answer is too long")

type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	if int64(n) > b.left {
		n, err = int(b.left), errTooLong
	}
	b.left -= int64(n)
	return n, err
}
