package transport

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/apifailure"
)

func TestReadsAreSentAgain(t *testing.T) {
	for name, c := range map[string]struct {
		method, path string
		answers      []int // 0: the connection is cut
		want, asked  int
	}{
		"well":                       {"GET", "/", []int{200}, 200, 1},
		"two hiccups":                {"GET", "/", []int{503, 500, 200}, 200, 3},
		"a cut connection":           {"GET", "/", []int{0, 200}, 200, 2},
		"too many requests":          {"GET", "/", []int{429, 200}, 200, 2},
		"for ever":                   {"GET", "/", []int{503, 503, 503, 503, 503}, 503, readTries},
		"a refusal stands":           {"GET", "/", []int{403, 200}, 403, 1},
		"absence stands":             {"GET", "/", []int{404, 200}, 404, 1},
		"a write is not sent again":  {"PUT", "/", []int{503, 200}, 503, 1},
		"nor is a create":            {"POST", "/", []int{503, 200}, 503, 1},
		"a watch is its user's work": {"GET", "/?watch=true", []int{503, 200}, 503, 1},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				answer := c.answers[min(asked, len(c.answers)-1)]
				if asked++; answer == 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(answer)
			}))
			defer server.Close()
			client := &http.Client{Transport: RetryReads(http.DefaultTransport, t.Logf)}
			req, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != c.want || asked != c.asked {
				t.Errorf("status %d after %d requests, want %d after %d", resp.StatusCode, asked, c.want, c.asked)
			}
		})
	}
}

func TestReadsEndWithTheirContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	resp, err := RetryReads(http.DefaultTransport, t.Logf).RoundTrip(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestRetryReason(t *testing.T) {
	answer := func(code int, header string) *http.Response {
		resp := &http.Response{StatusCode: code, Header: http.Header{}}
		if header != "" {
			resp.Header.Set(header, "1")
		}
		return resp
	}
	unknownHost := &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "k8s.example", IsNotFound: true}}
	tests := map[string]struct {
		resp *http.Response
		err  error
		want string
	}{
		"an answer":                         {answer(200, ""), nil, ""},
		"a refusal":                         {answer(403, ""), nil, ""},
		"too many requests":                 {answer(429, ""), nil, "status 429"},
		"a server that starts":              {answer(503, ""), nil, "status 503"},
		"what client-go repeats itself":     {answer(503, "Retry-After"), nil, ""},
		"a lost connection":                 {nil, io.ErrUnexpectedEOF, "unexpected EOF"},
		"a refused connection":              {nil, syscall.ECONNREFUSED, "connection refused"},
		"a proxy out of reach":              {nil, &net.OpError{Op: "proxyconnect", Err: syscall.EHOSTUNREACH}, "proxyconnect: no route to host"},
		"a host that does not exist":        {nil, unknownHost, ""},
		"a proxy that does not exist":       {nil, &net.OpError{Op: "proxyconnect", Err: unknownHost}, ""},
		"no answer in the whole timeout":    {nil, &responseTimeout{time.Minute}, ""},
		"a certificate that is not trusted": {nil, x509.UnknownAuthorityError{}, ""},
		"a fence":                           {nil, &apifailure.FencedError{Reason: io.EOF}, ""},
	}
	for name, tt := range tests {
		if got := retryReason(tt.resp, tt.err); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
