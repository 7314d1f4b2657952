//go:build conformance

package conformance

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// quotesLater are an app that never becomes ready, and a hook of a teardown that fails until there is a
// ConfigMap called over. Both print TEXT, and have the secrets in the places where a chart has such.
const quotesLater = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {DB_PASSWORD: hunter2-of-a-configmap, url: "postgres://app:hunter2-of-an-address@db/app"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: quotes}
spec:
  selector: {matchLabels: {app: quotes}}
  template:
    metadata:
      labels: {app: quotes}
      annotations: {sim.berth.dev/behaviour: unready, sim.berth.dev/log: "FATAL: no login with TEXT"}
    spec:
      containers:
        - name: app
          image: registry.example.com/app:1
          args: ["--password=hunter2-of-an-argument"]
          env: [{name: API_TOKEN, value: hunter2-of-a-variable}, {name: GREETING, value: {{ .Values.motto | default "hello" | quote }}}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: goodbye, annotations: {helm.sh/hook: pre-delete, helm.sh/hook-delete-policy: before-hook-creation}}
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations: {sim.berth.dev/behaviour: fail, sim.berth.dev/until: ConfigMap/over, sim.berth.dev/log: "FATAL: no logout with TEXT"}
    spec:
      restartPolicy: Never
      containers: [{name: hook, image: "registry.example.com/app:1", env: [{name: LOGOUT_TOKEN, value: hunter2-of-a-hook}]}]
`

// laterRuns are the rows about secrets that a deploy knows, and the runs after it have to find out.
var laterRuns = []row{
	{ID: "S113c", Setup: "an app and a hook that print the secrets of their variables, arguments, addresses and ConfigMaps, " +
		"as the records have them",
		Action: "deploy, check, teardown, teardown", End: "each is masked, by every verb", Exit: "23, 23, 24, 0", Gone: true, Slow: true,
		run: func(s *fixture) {
			s.quoteLater("hunter2-of-a-variable, hunter2-of-an-argument, hunter2-of-an-address, hunter2-of-a-configmap, hunter2-of-a-hook")
		}},
	{ID: "S113d", Setup: "the same, with the value of a Secret that copy-secret has copied",
		Action: "deploy with copy-secret; check and teardown without, teardown",
		End:    "it is masked, by every verb", Exit: "23, 23, 24, 0", Gone: true, Slow: true, run: func(s *fixture) {
			s.asAdmin()
			_, input := s.source(corev1.SecretTypeOpaque, "hunter2-of-a-copy")
			s.quoteLater("hunter2-of-a-copy", "--copy-secret", input)
		}},
	{ID: "S113e", Setup: "the same, with a text of values-content, which every job of the CI is given",
		Action: "deploy, check, teardown, teardown",
		End:    "it is masked, by every verb", Exit: "23, 23, 24, 0", Gone: true, Slow: true, run: func(s *fixture) {
			s.env["BERTH_VALUES_CONTENT"] = "motto: hunter2-of-the-content\n"
			s.quoteLater("hunter2-of-the-content")
		}},
	{ID: "S113f", Setup: "an app prints the value that somebody has given to a Secret of the release since it was deployed",
		Action: "deploy; check", End: "it is masked, and that the Secret differs is said", Exit: "23, 23", Slow: true, run: func(s *fixture) {
			quotes, _, _ := strings.Cut(strings.ReplaceAll(quotesLater, "TEXT", "hunter2-by-hand"), "---\napiVersion: batch/v1")
			s.chartWith("templates/quotes.yaml", quotes)
			s.chartWith("templates/creds.yaml", credentials)
			s.berth("deploy", "--timeout", "10s").exit(23)
			s.patch("editor", object{"v1", "secrets", "creds"}, `{"stringData": {"password": "hunter2-by-hand"}}`)
			s.berth("check").exit(23).says("no login with ***", "Secret/creds: data.password is not what the record says").hides("hunter2")
		}},
}

// quoteLater deploys what prints a text of secrets, and plays the verbs that come after.
func (s *fixture) quoteLater(text string, flags ...string) {
	s.t.Helper()
	s.chartWith("templates/quotes.yaml", strings.ReplaceAll(quotesLater, "TEXT", text))
	s.berth("deploy", append(flags, "--timeout", "10s")...).exit(23).says("no login with ***").hides("hunter2")
	s.berth("check").exit(23).says("no login with ***").hides("hunter2")
	s.berth("teardown").exit(24).says("no logout with ***").hides("hunter2")
	s.describesNone("hunter2")
	s.makeMap("over")
	s.berth("teardown").exit(0).hides("hunter2")
}
