package transport

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestGetCache(t *testing.T) {
	const object, collection = "/k8s/api/v1/namespaces/n/configmaps/a", "/k8s/api/v1/namespaces/n/configmaps"
	for name, c := range map[string]struct {
		requests string // of the clients, in a row
		sent     string // what reached the server
	}{
		"read again":                    {"enable GET GET GET", "GET"},
		"absence, too":                  {"enable GET:missing GET:missing", "GET:missing"},
		"not before it is enabled":      {"GET GET", "GET GET"},
		"not once it is disabled":       {"enable GET disable GET", "GET GET"},
		"enabled twice":                 {"enable enable GET disable GET disable GET", "GET GET"},
		"written":                       {"enable GET PATCH GET", "GET PATCH GET"},
		"deleted":                       {"enable GET DELETE GET", "GET DELETE GET"},
		"another one written":           {"enable GET PATCH:other GET", "GET PATCH:other"},
		"made":                          {"enable GET:missing POST GET:missing", "GET:missing POST GET:missing"},
		"a failure is not kept":         {"enable GET:broken GET:broken", "GET:broken GET:broken"},
		"a list is asked for each time": {"enable LIST LIST", "LIST LIST"},
		"so is a whole collection":      {"enable GET:all PATCH GET:all", "GET:all PATCH GET:all"},
		"so is a subresource":           {"enable GET:a/status GET:a/status", "GET:a/status GET:a/status"},
		"a subresource is written":      {"enable GET PUT:a/status GET", "GET PUT:a/status GET"},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				what := r.Method
				switch {
				case r.URL.RawQuery != "":
					what = "LIST"
				case what == "GET" && r.URL.Path == collection:
					what = "GET:all"
				case r.URL.Path != object && r.URL.Path != collection:
					what += ":" + strings.TrimPrefix(r.URL.Path, collection+"/")
				}
				sent = append(sent, what)
				switch {
				case strings.HasSuffix(what, ":missing"):
					w.WriteHeader(http.StatusNotFound)
				case strings.HasSuffix(what, ":broken"):
					w.WriteHeader(http.StatusInternalServerError)
				}
				_, _ = io.WriteString(w, what)
			}))
			defer server.Close()
			cache := NewGetCache(http.DefaultTransport, "/k8s")
			var ends []func()
			for _, step := range strings.Fields(c.requests) {
				switch step {
				case "enable":
					ends = append(ends, cache.Enable())
					continue
				case "disable":
					ends[len(ends)-1]()
					ends = ends[:len(ends)-1]
					continue
				}
				if got := send(t, cache, server.URL, step, object, collection); got != step {
					t.Errorf("%s was answered with %q", step, got)
				}
			}
			if got := strings.Join(sent, " "); got != c.sent {
				t.Errorf("sent %q, want %q", got, c.sent)
			}
		})
	}
}

// send sends a step and returns the answer's body.
func send(t *testing.T, rt http.RoundTripper, host, step, object, collection string) string {
	t.Helper()
	method, name, _ := strings.Cut(step, ":")
	path := object
	switch {
	case step == "LIST":
		method, path = http.MethodGet, collection+"?limit=500"
	case step == http.MethodPost, step == "GET:all":
		path = collection
	case name != "":
		path = collection + "/" + name
	}
	req, err := http.NewRequestWithContext(t.Context(), method, host+path, http.NoBody)
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
