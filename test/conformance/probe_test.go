//go:build conformance

package conformance

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
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
	{ID: "T188", Setup: "a chart with a test that passes; then with one that fails; then with one whose name somebody's Job has; then without any",
		Action: "deploy with helm-test, each time", End: "deployed each time", Exit: "0, 31, 27, 0", run: func(s *fixture) {
			s.berth("deploy", "--helm-test", "--set", "hooks.test.behaviour=complete").exit(0).says("The chart's tests pass: 1 of 1")
			s.stored("v1 deployed")
			s.berth("deploy", "--helm-test", "--set", "hooks.test.behaviour=fail").exit(31).says("A test of", "revision 2 is deployed")
			s.stored("v1 superseded, v2 deployed")
			s.jobOfOthers(s.release + "-test")
			s.berth("deploy", "--helm-test", "--set", "hooks.test.behaviour=complete").exit(27).says("was not tested")
			s.berth("deploy", "--helm-test").exit(0).says("no hook of the event test")
			s.oneDeployed(4)
		}},
	{ID: "S204", Setup: "what answers at the URL sends on to addresses with a password, a token and a code; says tokens where a commit belongs, " +
		"in what the runner takes for commands", Action: "deploy with probe, each time", End: "deployed, the place is said, and none of them",
		Exit: "31, 31, 31, 31", run: func(s *fixture) {
			s.env["GITHUB_ACTIONS"] = "true"
			var answer http.HandlerFunc
			server := s.listens(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) }))
			for _, c := range []struct{ to, says string }{
				{"https://robot:hunter2-a@idp.example.com/login?state=hunter2-b&token=hunter2-c#hunter2-d",
					"302 Found to https://idp.example.com/login"},
				{"//idp.example.com/login?code=hunter2-e", "302 Found to //idp.example.com/login"},
				{"https://robot:hunter2-f@idp.example.com:x/?code=hunter2-g", "gave no answer"},
			} {
				answer = func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Location", c.to)
					w.WriteHeader(http.StatusFound)
				}
				s.berth("deploy", "--url", server.URL, "--probe", "true", "--probe-timeout", "2s").exit(31).says(c.says).hides("hunter2")
			}
			answer = func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"commit": "::error::x ##[error]y token=hunter2-h\n::error::z"}`)
			}
			run := s.berth("deploy", "--url", server.URL, "--probe", "true", "--probe-timeout", "2s", "--probe-version", "json=commit",
				"--sha", commit)
			run.exit(31).says("and not commit " + commit).hides("hunter2")
			run.printsNoLine("::error::")
		}},
	{ID: "T187", Setup: "inputs of the probe that do not fit", Action: "deploy", End: "nothing stored", Exit: "64, 64, 64", Gone: true,
		run: func(s *fixture) {
			s.berth("deploy", "--probe", "true").exit(64).says("it needs url")
			s.berth("deploy", "--probe", "true", "--url", "https://x.example.com", "--probe-expect", "status=9xx", "--probe-version", "yaml=x",
				"--sha", commit).exit(64).says("probe-expect", "probe-version")
			s.berth("deploy", "--probe-expect", "status=200").exit(64).says("it needs probe")
		}},
}

// jobOfOthers puts a Job that somebody made in the place of a hook's.
func (s *fixture) jobOfOthers(name string) {
	s.t.Helper()
	jobs, foreground := s.Client().BatchV1().Jobs(s.namespace), metav1.DeletePropagationForeground
	if err := jobs.Delete(s.t.Context(), name, metav1.DeleteOptions{PropagationPolicy: &foreground}); err != nil {
		s.t.Fatal(err)
	}
	theirs := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name}}
	theirs.Spec.Template.Spec = corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever,
		Containers: []corev1.Container{{Name: "their", Image: "registry.example/theirs:1"}}}
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		_, err := jobs.Create(s.t.Context(), theirs, metav1.CreateOptions{FieldManager: "kubectl-create"})
		return err == nil, fmt.Sprint("the Job is not made: ", err)
	})
}
