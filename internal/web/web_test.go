package web

import (
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/report"
)

// stage is a server whose view and clock a test sets.
type stage struct {
	mu    sync.Mutex
	view  View
	clock time.Time
	*Server
}

var begin = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func newStage() *stage {
	s := &stage{clock: begin}
	s.view = View{Version: 1, Survey: report.Survey{Whole: true, Live: true, Now: begin,
		Fleet: report.Fleet{At: begin, Apps: []fleet.App{{Name: "shop", Namespace: "review-a", Release: "shop", Host: "github.com",
			Origin: facts.Origin{Repository: "acme/shop", Branch: `a"b\c`}, Revision: 1, Status: facts.StatusDeployed}}}}}
	s.Server = &Server{
		Look:  func() View { s.mu.Lock(); defer s.mu.Unlock(); return s.view },
		Clock: func() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.clock },
	}
	return s
}

// ask sends one request to the handler.
func (s *stage) ask(t *testing.T, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func TestPaths(t *testing.T) {
	s := newStage()
	for _, tt := range []struct {
		method, path string
		code         int
		kind, has    string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8", "<!DOCTYPE html>"},
		{"GET", "/fleet.json", 200, "application/json", report.FleetSchema},
		{"GET", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "berth_survey_up 1\n"},
		{"GET", "/healthz", 200, "text/plain; charset=utf-8", "ok\n"},
		{"HEAD", "/", 200, "text/html; charset=utf-8", ""},
		{"POST", "/", 405, "text/plain; charset=utf-8", ""},
		{"DELETE", "/fleet.json", 405, "text/plain; charset=utf-8", ""},
		{"GET", "/index.html", 404, "text/plain; charset=utf-8", ""},
		{"GET", "/debug/pprof/", 404, "text/plain; charset=utf-8", ""},
		{"GET", "/%2e%2e/etc/passwd", 404, "text/plain; charset=utf-8", ""},
	} {
		w := s.ask(t, tt.method, tt.path)
		if w.Code != tt.code || w.Header().Get("Content-Type") != tt.kind || !strings.Contains(w.Body.String(), tt.has) {
			t.Errorf("%s %s: %d, %q:\n%.200s", tt.method, tt.path, w.Code, w.Header(), w.Body)
		}
		for name, has := range map[string]string{"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff",
			"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"} {
			if !strings.Contains(w.Header().Get(name), has) {
				t.Errorf("%s %s: %s is %q", tt.method, tt.path, name, w.Header().Get(name))
			}
		}
	}
	if page := s.ask(t, "GET", "/").Body.String(); !strings.Contains(page, `content="`+report.FleetPolicy()+`"`) {
		t.Error("the header and the page have policies that differ")
	}
}

func TestNotUpToDate(t *testing.T) {
	s := newStage()
	s.view.Live, s.view.Fleet.Stale, s.view.Trouble = false, true, "could not watch secrets"
	if w := s.ask(t, "GET", "/healthz"); w.Code != 503 || w.Body.String() != "could not watch secrets\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.ask(t, "GET", "/"); w.Code != 200 || !strings.Contains(w.Body.String(), `role="alert"`) {
		t.Errorf("the page does not say it: %d", w.Code)
	}
	if w := s.ask(t, "GET", "/metrics"); !strings.Contains(w.Body.String(), "berth_survey_up 0\n") ||
		!strings.Contains(w.Body.String(), `state="deployed"} 1`) {
		t.Errorf("%s", w.Body)
	}
	s.view = View{Trouble: "not yet"}
	for _, path := range []string{"/", "/fleet.json", "/healthz"} {
		if w := s.ask(t, "GET", path); w.Code != 503 || w.Body.String() != "not yet\n" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s %v", path, w.Code, w.Body, w.Header())
		}
	}
	if w := s.ask(t, "GET", "/metrics"); w.Code != 200 || strings.Contains(w.Body.String(), "berth_review_apps") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Metrics are written once a second at most, but at once when nothing is known any more.
func TestMetricsAreKept(t *testing.T) {
	s := newStage()
	get := func() string { return s.ask(t, "GET", "/metrics").Body.String() }
	first := get()
	s.view.Age += time.Hour
	if now := get(); now != first {
		t.Errorf("written anew at once:\n%s", now)
	}
	s.clock = s.clock.Add(renderEvery)
	second := get()
	if second == first {
		t.Errorf("still the same a second later:\n%s", second)
	}
	s.view.Live = false
	if now := get(); now == second {
		t.Errorf("what is no longer true is kept:\n%s", now)
	}
}

// A document is written once for each change, and not more often than each second.
func TestDocumentsAreKept(t *testing.T) {
	s := newStage()
	written := 0
	render := func(f report.Fleet) ([]byte, error) { written++; return report.FleetJSON(f) }
	get := func() document {
		d, err := s.json.of(s.view, s.clock, render)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := get()
	s.clock = begin.Add(time.Hour)
	if again := get(); again.tag != first.tag || written != 1 {
		t.Errorf("nothing has changed, and it was written %d times", written)
	}
	s.view.Fleet.Apps, s.view.Version = nil, 2
	changed := get()
	s.view.Version = 3
	if within := get(); written != 2 || within.tag != changed.tag || changed.tag == first.tag {
		t.Errorf("it was written %d times", written)
	}
	s.clock = s.clock.Add(renderEvery)
	if get(); written != 3 {
		t.Errorf("it was written %d times, a second later", written)
	}
}

func TestTagsAndCompression(t *testing.T) {
	s := newStage()
	plain, zipped := s.ask(t, "GET", "/"), s.ask(t, "GET", "/", "Accept-Encoding", "br, gzip;q=0.8")
	z, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil || string(body) != plain.Body.String() || zipped.Header().Get("Vary") != "Accept-Encoding" {
		t.Errorf("%v, %v", err, zipped.Header())
	}
	tag, other := plain.Header().Get("ETag"), zipped.Header().Get("ETag")
	if tag == "" || tag == other {
		t.Errorf("the tags are %s and %s", tag, other)
	}
	if w := s.ask(t, "GET", "/", "If-None-Match", tag); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
	if w := s.ask(t, "GET", "/", "If-None-Match", other); w.Code != 200 {
		t.Errorf("%d for the tag of what is compressed", w.Code)
	}
	if w := s.ask(t, "GET", "/", "Range", "bytes=0-3"); w.Code != 200 {
		t.Errorf("%d for a part", w.Code)
	}
	for accepted, want := range map[string]bool{"": false, "gzip": true, "GZIP ; q=1": true, "gzip;q=0": false, "gzip; q=0.000": false,
		"deflate": false, "identity, gzip": true, "x-gzip": false} {
		if takesGzip(accepted) != want {
			t.Errorf("%q: %v", accepted, !want)
		}
	}
}

// Who is being answered when the end comes gets the answer, and nobody else does.
func TestServeEnds(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, asked, answer := newStage(), make(chan struct{}), make(chan struct{})
	look := s.Look
	s.Look = func() View { close(asked); <-answer; return look() }
	ended, got := make(chan error), make(chan int)
	go func() { ended <- s.Serve(ctx, listener) }()
	go func() {
		resp, err := http.Get("http://" + listener.Addr().String() + "/healthz")
		if err != nil {
			t.Error(err)
			got <- 0
			return
		}
		resp.Body.Close()
		got <- resp.StatusCode
	}()
	<-asked
	cancel()
	close(answer)
	if code := <-got; code != 200 {
		t.Errorf("it was answered %d", code)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String()); err == nil {
		t.Error("it still listens")
	}
}

func TestServeSaysWhyItEnds(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if err := newStage().Serve(t.Context(), listener); err == nil || !strings.Contains(err.Error(), listener.Addr().String()) {
		t.Errorf("%v", err)
	}
}
