package transport

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
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
			req, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, nil)
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
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
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
