//go:build conformance

package conformance

import (
	"io"
	"net/http"
	"sync/atomic"
)

// probes are deploys whose URL is asked, of a real server.
var probes = []row{
	{ID: "T185", Setup: "an app whose URL is answered by the ingress controller's default backend twice, then by the app",
		Action: "deploy with probe, probe-expect and probe-version", End: "v1 deployed, and the URL is an output", Exit: "0",
		run: func(s *fixture) {
			var asked atomic.Int32
			server := s.listens(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) < 3 || r.URL.Path != "/healthz" {
					w.WriteHeader(http.StatusNotFound)
					_, _ = io.WriteString(w, "default backend - 404")
					return
				}
				w.Header().Set("X-Commit", commit[:8])
				_, _ = io.WriteString(w, "all is well")
			}))
			s.berth("deploy", "--url", server.URL, "--probe", "/healthz", "--probe-expect", "status=200", "--probe-expect", "body=is well",
				"--probe-version", "header=X-Commit", "--sha", commit).exit(0).says("The URL answers as it should: 200 OK", "3 tries").
				reports(server.URL)
		}},
	{ID: "T186", Setup: "the URL is answered by another commit; then by nobody; then with another certificate",
		Action: "deploy with probe, each time", End: "deployed, and 31 with the step that fails; the URL is no output",
		Exit: "31, 31, 31", run: func(s *fixture) {
			server := s.listens(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Commit", "0000000")
			}))
			probe := []string{"--probe", "true", "--probe-timeout", "3s", "--sha", commit}
			s.berth("deploy", append(probe, "--url", server.URL, "--probe-version", "header=X-Commit")...).exit(31).
				says("does not answer as it should", "and not commit "+commit)
			server.Close()
			s.berth("deploy", append(probe, "--url", server.URL)...).exit(31).says("nothing accepts a connection")
			s.berth("deploy", append(probe, "--url", s.Config().Host)...).exit(31).says("its certificate is not trusted")
			s.oneDeployed(3)
		}},
	{ID: "T187", Setup: "inputs of the probe that do not fit", Action: "deploy", End: "nothing stored", Exit: "64, 64, 64", Gone: true,
		run: func(s *fixture) {
			s.berth("deploy", "--probe", "true").exit(64).says("it needs url")
			s.berth("deploy", "--probe", "true", "--url", "https://x.example.com", "--probe-expect", "status=9xx", "--probe-version", "yaml=x",
				"--sha", commit).exit(64).says("probe-expect", "probe-version")
			s.berth("deploy", "--probe-expect", "status=200").exit(64).says("it needs probe")
		}},
}
