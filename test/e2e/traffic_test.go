//go:build cluster

package e2e

import (
	"strings"
	"testing"
)

// The example is what people deploy first: it must not cost more than it has to.
func TestDeployOfTheExample(t *testing.T) {
	s := newAdminFixture(t)
	s.chart = "../../examples/web"
	flags := []string{"--values", "../../examples/values-review.yaml", "--url", "https://{{ .Slug }}.review.example.com",
		"--set-string", "host={{ .Host }}", "--set-string", "config.BRANCH={{ .Branch }}", "--log-level", "debug"}
	for range 2 {
		e := s.berth("deploy", flags...).exit(t, 0).checksHold(t).
			says(t, "debug: GET /apis: 200", "debug: requests: create secrets: 1", "debug: record: create sh.helm.release.v1.web.v",
				"to the API server")
		e.atMost(t, "discovery", 2)
		e.atMost(t, "version", 1)
		e.atMost(t, "openapi", 0)
		// To see whose it is before the hook runs, to make it or to patch it after, and to
		// check it; the rollout is watched.
		e.atMost(t, "get deployments.apps", 3)
		e.atMost(t, "get services", 3)
		e.atMost(t, "create selfsubjectaccessreviews.authorization.k8s.io", 12)
	}
	s.helmReads("deployed")
}

// atMost fails the test if more requests for the resource were made, or more of
// one verb.
func (e ended) atMost(t *testing.T, what string, most float64) {
	t.Helper()
	verb, resource, one := strings.Cut(what, " ")
	if !one {
		verb, resource = "", what
	}
	requests, _ := e.report["requests"].([]any)
	if len(requests) == 0 {
		t.Error("the report counts no requests")
	}
	count := 0.0
	for _, r := range requests {
		if request, _ := r.(map[string]any); request["resource"] == resource && (!one || request["verb"] == verb) {
			n, _ := request["count"].(float64)
			count += n
		}
	}
	if count > most {
		t.Errorf("%v requests for %s, want at most %v", count, what, most)
	}
}
