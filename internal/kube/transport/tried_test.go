package transport

import (
	"net/http"
	"strings"
	"testing"
)

func TestTriedAlone(t *testing.T) {
	sent := 0
	next := answering(func(*http.Request) (*http.Response, error) {
		sent++
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})
	for request, want := range map[string]bool{
		"GET /api/v1/namespaces/a/secrets": true, "HEAD /version": true,
		"POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews":             true,
		"POST /prefix/apis/authentication.k8s.io/v1/selfsubjectreviews":           true,
		"POST /api/v1/namespaces/a/configmaps?dryRun=All":                         true,
		"PATCH /apis/apps/v1/namespaces/a/deployments/web?dryRun=All&force=false": true,
		"POST /api/v1/namespaces/a/configmaps":                                    false,
		"POST /api/v1/namespaces/a/configmaps?dryRun=":                            false,
		"PUT /api/v1/namespaces/a/secrets/b":                                      false,
		"PATCH /api/v1/namespaces/a":                                              false,
		"DELETE /apis/authorization.k8s.io/v1/a":                                  false,
	} {
		method, url, _ := strings.Cut(request, " ")
		req, err := http.NewRequestWithContext(t.Context(), method, "https://cluster.example"+url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		sent = 0
		resp, err := TriedAlone(next).RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		if (err == nil) != want || (sent == 1) != want {
			t.Errorf("%s: sent %d times, %v", request, sent, err)
		}
	}
}

type answering func(*http.Request) (*http.Response, error)

func (f answering) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
