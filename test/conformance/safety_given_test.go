//go:build conformance

package conformance

import "strings"

// ofWorkflow are Secrets that a workflow, a person or an operator has put into the namespace, each of
// which the chart's pods are given in another way.
const ofWorkflow = `
apiVersion: v1
kind: Secret
metadata: {name: database}
stringData: {password: hunter2-of-a-variable}
---
apiVersion: v1
kind: Secret
metadata: {name: settings}
stringData: {GREETING: hunter2-of-the-environment}
---
apiVersion: v1
kind: Secret
metadata: {name: files}
stringData: {motto: hunter2-of-a-volume}
---
apiVersion: v1
kind: Secret
metadata: {name: projected}
stringData: {motto: hunter2-of-a-projection}
`

// givenSecrets has a pod be given them.
const givenSecrets = `
      containers:
        - name: app
          image: registry.example.com/app:1
          env: [{name: DB, valueFrom: {secretKeyRef: {name: database, key: password}}}]
          envFrom: [{secretRef: {name: settings}}]
      volumes:
        - {name: files, secret: {secretName: files}}
        - {name: projected, projected: {sources: [{secret: {name: projected}}]}}
`

// quotesGiven are an app that never becomes ready, a test that succeeds and one that fails, each of
// which prints what it is given.
const quotesGiven = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: quotes}
spec:
  selector: {matchLabels: {app: quotes}}
  template:
    metadata:
      labels: {app: quotes}
      annotations: {sim.berth.dev/behaviour: {{ .Values.behaviour | default "unready" }}, sim.berth.dev/log: "FATAL: no login with TEXT"}
    spec:GIVEN---
apiVersion: batch/v1
kind: Job
metadata:
  name: smoke
  annotations: {helm.sh/hook: test, helm.sh/hook-delete-policy: before-hook-creation}
spec:
  template:
    metadata: {annotations: {sim.berth.dev/log: "the smoke test logs in with TEXT"}}
    spec:
      restartPolicy: Never GIVEN`

// givenOfOthers are the rows about Secrets that are not the release's and that its pods are given.
var givenOfOthers = []row{
	{ID: "S300", Setup: "an app and a test print what they are given of Secrets that are not the release's, as existingSecret names them: " +
		"as a variable, as the environment, as a volume",
		Action: "deploy, check, deploy with helm-test", End: "each is masked, by every verb", Exit: "23, 23, 0", Slow: true,
		run: func(s *fixture) {
			const text = "hunter2-of-a-variable, hunter2-of-the-environment, hunter2-of-a-volume, hunter2-of-a-projection"
			s.put("kubectl-create", strings.Split(ofWorkflow, "---")...)
			s.chartWith("templates/quotes.yaml", strings.NewReplacer("TEXT", text, "GIVEN", givenSecrets).Replace(quotesGiven))
			s.berth("deploy", "--timeout", "15s").exit(23).says("no login with ***, ***, ***, ***").hides("hunter2")
			s.berth("check").exit(23).says("no login with ***, ***, ***, ***").hides("hunter2")
			s.berth("deploy", "--helm-test", "--set", "behaviour=ready").exit(0).says("logs in with ***, ***, ***, ***").hides("hunter2")
			s.describesNone("hunter2")
		}},
	{ID: "S301", Setup: "an app prints the value of a Secret as .NET, PHP, Gson, Go's templates, Handlebars and Python escape it",
		Action: "deploy, check", End: "each is masked, by every verb", Exit: "23, 23", Slow: true, run: func(s *fixture) {
			s.chartWith("templates/creds.yaml", credentials)
			escaped := `hunter2\\u002Bof/a=key, hunter2+of\\/a=key, hunter2+of/a\\u003dkey, hunter2&#43;of/a=key, hunter2+of/a&#x3D;key, ` +
				`hunter2%2Bof/a%3Dkey`
			s.quote(quotes, escaped, "--set", "password=hunter2+of/a=key")
		}},
	{ID: "S302", Setup: "a password with a comma and an equals sign in it, which set takes for another value",
		Action: "deploy; deploy with a schema that takes no others", End: "what stands behind the comma is not told, and that it is cut is",
		Exit: "0 + warning, 30", run: func(s *fixture) {
			was := s.chart
			const password = "settings.password=hunter2-before,hunter2-behind=x"
			s.berth("deploy", "--set", password).exit(0).says("settings.password is cut at a comma").hides("hunter2")
			s.chartWith("values.schema.json", `{"additionalProperties": false, "properties": {"settings": {}}}`)
			s.berth("deploy", "--set-string", password).exit(30).says("'***'").hides("hunter2")
			s.chart = was
		}},
}
