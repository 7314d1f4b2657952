package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const commit = "9f2c1e7d3b5a48f60712c9de4a1b8c3f5e6d7a90"

// serve starts a server that answers with the handler, and is silent about TLS errors.
func serve(t *testing.T, withTLS bool, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if withTLS {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func expecting(t *testing.T, lines ...string) Expectation {
	t.Helper()
	e, err := ParseExpectation(lines)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func version(t *testing.T, where string) Expectation {
	t.Helper()
	v, err := ParseVersion(where, commit)
	if err != nil {
		t.Fatal(err)
	}
	return Expectation{Version: v}
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		expect Expectation
		step   Step // "": it is good
		says   string
	}{
		"as it should":            {answer(200, "hello"), Expectation{}, "", ""},
		"no content":              {answer(204, ""), Expectation{}, "", ""},
		"an error":                {answer(500, "oops"), Expectation{}, StepExpect, "it answers 500 Internal Server Error"},
		"the app's own 404":       {answer(404, `{"error": "not found"}`), Expectation{}, StepExpect, "404 Not Found"},
		"a status that is wanted": {answer(401, ""), expecting(t, "status=2xx,401"), "", ""},
		"a login elsewhere": {answer(302, "", "Location: https://login.example.com/"), Expectation{}, StepExpect,
			"302 Found to https://login.example.com/"},
		"a login that is wanted": {answer(302, "", "Location: https://login.example.com/"), expecting(t, "status=302"), "", ""},
		"the default backend": {answer(404, "default backend - 404"), expecting(t, "status=404"), StepProxy,
			"default backend answers, and not the app"},
		"nginx without a pod":     {answer(503, "<h1>503</h1><hr><center>nginx</center>"), Expectation{}, StepProxy, "nginx answers"},
		"nginx's own page":        {answer(200, "<title>Welcome to nginx!</title>"), Expectation{}, StepProxy, "nginx answers"},
		"Traefik without a route": {answer(404, "404 page not found\n"), Expectation{}, StepProxy, "Traefik answers"},
		"Envoy without a pod":     {answer(503, "no healthy upstream"), Expectation{}, StepProxy, "Envoy answers"},
		"a text":                  {answer(200, "all is well"), expecting(t, "body=is well"), "", ""},
		"another text":            {answer(200, "all is lost"), expecting(t, "body=is well"), StepExpect, `does not hold "is well"`},
		"a header":                {answer(200, "", "X-App: shop 1"), expecting(t, "header=x-app: shop"), "", ""},
		"a header of any value":   {answer(200, "", "X-App: shop 1"), expecting(t, "header=X-App"), "", ""},
		"another header": {answer(200, "", "X-App: till"), expecting(t, "header=X-App: shop"), StepExpect,
			`X-App of its answer is "till"`},
		"no header":              {answer(200, ""), expecting(t, "header=X-App: shop"), StepExpect, "no header X-App"},
		"this commit":            {answer(200, "", "X-Commit: "+commit), version(t, "header=X-Commit"), "", ""},
		"this commit, shortened": {answer(200, "", "X-Commit: 1.2.3-9f2c1e7"), version(t, "header=X-Commit"), "", ""},
		"another commit": {answer(200, "", "X-Commit: 9f2c1e7ffff"), version(t, "header=X-Commit"), StepVersion,
			"and not commit " + commit},
		"no commit":              {answer(200, ""), version(t, "header=X-Commit"), StepVersion, "is not there"},
		"this commit in JSON":    {answer(200, `{"build": {"commit": "`+commit+`"}}`), version(t, "json=build.commit"), "", ""},
		"another commit in JSON": {answer(200, `{"build": {"commit": "abc"}}`), version(t, "json=.build.commit"), StepVersion, `is "abc"`},
		"no such path":           {answer(200, `{"build": "x"}`), version(t, "json=build.commit"), StepVersion, "there is no build.commit"},
		"no JSON":                {answer(200, "<html>"), version(t, "json=commit"), StepVersion, "no JSON"},
		"a list":                 {answer(200, `{"commit": []}`), version(t, "json=commit"), StepVersion, "no text"},
	} {
		t.Run(name, func(t *testing.T) {
			_, failure := Prober{URL: serve(t, false, c.answer).URL, Expect: c.expect}.try(t.Context())
			switch {
			case c.step == "" && failure != nil:
				t.Errorf("got %s: %s", failure.Step, failure.Said)
			case c.step != "" && (failure == nil || failure.Step != c.step || !strings.Contains(failure.Said, c.says)):
				t.Errorf("got %+v, want %s: %s", failure, c.step, c.says)
			}
		})
	}
}

// Every step of the way is told apart.
func TestSteps(t *testing.T) {
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	_ = closed.Close()
	for name, c := range map[string]struct {
		url  string
		step Step
		says string
	}{
		"no such name":       {"https://no-such-host.invalid/", StepName, "no-such-host.invalid"},
		"nobody listens":     {"http://" + nobody, StepConnect, "nothing accepts a connection at " + nobody},
		"of nobody we trust": {serve(t, true, answer(200, "")).URL, StepTLS, "its certificate is not trusted"},
		"no TLS":             {strings.Replace(serve(t, false, answer(200, "")).URL, "http:", "https:", 1), StepTLS, "does not speak TLS"},
		"no answer in time":  {serve(t, false, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }).URL, StepAnswer, "gave no answer in time"},
		"it hangs up": {serve(t, false, func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}).URL, StepAnswer, "gave no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, failure := Prober{URL: c.url, Each: 3 * time.Second}.try(t.Context())
			if failure == nil || failure.Step != c.step || !strings.Contains(failure.Said, c.says) {
				t.Errorf("got %+v, want %s: %s", failure, c.step, c.says)
			}
		})
	}
}

// It asks until the answer is good, and no longer.
func TestUntil(t *testing.T) {
	var asked atomic.Int32
	server := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 {
			answer(503, "no healthy upstream")(w, r)
			return
		}
		answer(200, "hello")(w, r)
	})
	got, err := Prober{URL: server.URL, Pause: time.Millisecond}.Until(t.Context())
	if err != nil || got.Tries != 3 || got.Status != 200 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// The last try that came to its end tells why, and not the one that the end of the time cut
// off.
func TestUntilItIsOver(t *testing.T) {
	var asked atomic.Int32
	ctx, cancel := context.WithCancel(t.Context())
	server := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 3 {
			cancel()
			<-r.Context().Done()
			return
		}
		answer(500, "")(w, r)
	})
	_, err := Prober{URL: server.URL, Pause: time.Millisecond}.Until(ctx)
	var failure *Failure
	if !errors.As(err, &failure) || failure.Step != StepExpect || failure.Tries != 3 || !strings.Contains(err.Error(), "it answers 500") {
		t.Errorf("got %v", err)
	}
	cancel()
	if _, err := (Prober{URL: server.URL}).Until(ctx); !errors.As(err, &failure) {
		t.Errorf("without time: %v", err)
	}
}

// Redirects are followed with the host, and never to another or out of TLS.
func TestRedirects(t *testing.T) {
	var elsewhere atomic.Int32
	other := serve(t, false, func(w http.ResponseWriter, r *http.Request) { elsewhere.Add(1); answer(200, "")(w, r) })
	otherHost := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	server := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			http.Redirect(w, r, "/home", http.StatusFound)
		case "/out":
			http.Redirect(w, r, otherHost, http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		default:
			answer(200, "")(w, r)
		}
	})
	got, failure := Prober{URL: server.URL}.try(t.Context())
	if failure != nil || got.URL != server.URL+"/home" {
		t.Errorf("got %+v, %v", got, failure)
	}
	for _, path := range []string{"/out", "/round"} {
		if _, failure := (Prober{URL: server.URL + path}).try(t.Context()); failure == nil || failure.Step != StepExpect {
			t.Errorf("%s: %+v", path, failure)
		}
	}
	if elsewhere.Load() > 0 {
		t.Error("another host was asked")
	}
}

// An answer without end is read to a limit.
func TestAnswerWithoutEnd(t *testing.T) {
	server := serve(t, false, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	if _, failure := (Prober{URL: server.URL}).try(t.Context()); failure != nil {
		t.Errorf("got %+v", failure)
	}
}

func TestParse(t *testing.T) {
	for _, lines := range [][]string{
		{"status"}, {"status="}, {"status=9xx"}, {"status=20"}, {"status=a"}, {"code=200"}, {"header=: x"}, {"header=a b: c"},
	} {
		if e, err := ParseExpectation(lines); err == nil {
			t.Errorf("%q: %+v", lines, e)
		}
	}
	for _, value := range []string{"", "header", "header=", "header=a b", "yaml=x", "json="} {
		if v, err := ParseVersion(value, commit); err == nil {
			t.Errorf("%q: %+v", value, v)
		}
	}
	if got := fmt.Sprint(expecting(t, "status=200, 3xx", "status=404").Statuses); got != "[{200 200} {300 399} {404 404}]" {
		t.Errorf("got %s", got)
	}
}
