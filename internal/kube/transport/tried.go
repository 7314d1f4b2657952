package transport

import (
	"fmt"
	"net/http"
	"strings"
)

// TriedAlone returns a transport that sends no write but one that the API server only tries, as its query says.
// What asks whether something may be done is none: nothing is stored of it.
func TriedAlone(next http.RoundTripper) http.RoundTripper { return tried{next} }

type tried struct{ next http.RoundTripper }

// WrappedRoundTripper lets utilnet find the idle connections underneath.
func (t tried) WrappedRoundTripper() http.RoundTripper { return t.next }

// RoundTrip implements http.RoundTripper.
func (t tried) RoundTrip(req *http.Request) (*http.Response, error) {
	asks := strings.Contains(req.URL.Path, "/apis/authorization.k8s.io/") || strings.Contains(req.URL.Path, "/apis/authentication.k8s.io/")
	switch {
	case req.Method == http.MethodGet, req.Method == http.MethodHead:
	case req.Method == http.MethodPost && asks:
	case req.URL.Query().Get("dryRun") == "All":
	default:
		return nil, fmt.Errorf("%s %s was not sent: it would write, and this run writes nothing; please report this as a bug",
			req.Method, req.URL.Path)
	}
	return t.next.RoundTrip(req)
}
