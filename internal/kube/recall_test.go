package kube

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRecall(t *testing.T) {
	const object, collection = "/api/v1/namespaces/n/configmaps/a", "/api/v1/namespaces/n/configmaps"
	for name, c := range map[string]struct {
		requests string // of the clients, in a row
		asked    string // what reached the server
	}{
		"read again":                    {"open GET GET GET", "GET"},
		"absence, too":                  {"open GET:missing GET:missing", "GET:missing"},
		"not before it is opened":       {"GET GET", "GET GET"},
		"not once it is closed":         {"open GET close GET", "GET GET"},
		"opened twice":                  {"open open GET close GET close GET", "GET GET"},
		"written":                       {"open GET PATCH GET", "GET PATCH GET"},
		"deleted":                       {"open GET DELETE GET", "GET DELETE GET"},
		"another one written":           {"open GET PATCH:other GET", "GET PATCH:other"},
		"made":                          {"open GET:missing POST GET:missing", "GET:missing POST GET:missing"},
		"a failure is not kept":         {"open GET:broken GET:broken", "GET:broken GET:broken"},
		"a list is asked for each time": {"open LIST LIST", "LIST LIST"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				what := r.Method
				switch {
				case r.URL.RawQuery != "":
					what = "LIST"
				case r.URL.Path != object && r.URL.Path != collection:
					what += ":" + r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
				}
				asked = append(asked, what)
				switch {
				case strings.HasSuffix(what, ":missing"):
					w.WriteHeader(http.StatusNotFound)
				case strings.HasSuffix(what, ":broken"):
					w.WriteHeader(http.StatusInternalServerError)
				}
				_, _ = io.WriteString(w, what)
			}))
			defer server.Close()
			memory := &recall{next: http.DefaultTransport}
			var ends []func()
			for _, step := range strings.Fields(c.requests) {
				switch step {
				case "open":
					ends = append(ends, memory.begin())
					continue
				case "close":
					ends[len(ends)-1]()
					ends = ends[:len(ends)-1]
					continue
				}
				if got := ask(t, memory, server.URL, step, object, collection); got != step {
					t.Errorf("%s was answered with %q", step, got)
				}
			}
			if got := strings.Join(asked, " "); got != c.asked {
				t.Errorf("asked for %q, want %q", got, c.asked)
			}
		})
	}
}

// ask sends a step and returns the answer's body.
func ask(t *testing.T, rt http.RoundTripper, host, step, object, collection string) string {
	t.Helper()
	method, name, _ := strings.Cut(step, ":")
	path := object
	switch {
	case step == "LIST":
		method, path = http.MethodGet, collection+"?limit=500"
	case step == http.MethodPost:
		path = collection
	case name != "":
		path = collection + "/" + name
	}
	req, err := http.NewRequestWithContext(t.Context(), method, host+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
