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
	{ID: "S260", Setup: "an app prints what a variable, a ConfigMap and the fields of its own kind call secret or credentials, one of " +
		"which a Secret holds, too; and a value below what is called secrets",
		Action: "deploy, check", End: "each is masked, by every verb", Exit: "23, 23", Slow: true, run: func(s *fixture) {
			s.asAdmin()
			s.defineOpen("Client")
			s.quote(calledSecret, "hunter2-of-a-variable, hunter2-of-credentials, hunter2-of-a-key, hunter2-of-a-client, hunter2-of-oauth, "+
				"hunter2-below", "--set", "secrets.stripe.key=hunter2-below")
		}},
	{ID: "S261", Setup: "an app prints what is called a secret within its files, variables and commands: on a line, in YAML, JSON and " +
		"XML, behind a flag, in an address without a scheme",
		Action: "deploy, check", End: "each is masked, by every verb", Exit: "23, 23", Slow: true, run: func(s *fixture) {
			s.quote(inTexts, "hunter2-of-a-file, hunter2-with-a-comment, hunter2-in-braces, hunter2-in-a-block, hunter2-in-a-list, hunter2-in-xml, "+
				"hunter2-in-a-script, hunter2-in-json, hunter2-of-a-dsn, hunter2-of-mysql, hunter2-of-java, hunter2-in-shell, hunter2-behind-a-flag")
		}},
}

// calledSecret are objects of which GROUP is the row's own. What their names do not say otherwise
// is a secret, and not a Secret's name.
const calledSecret = `
apiVersion: GROUP/v1
kind: Client
metadata: {name: shop}
spec: {client: {secret: hunter2-of-a-client}, clientSecret: hunter2-of-oauth}
---
apiVersion: v1
kind: Secret
metadata: {name: creds}
stringData: {client: hunter2-of-a-client}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: keys}
data: {SESSION_SECRET: hunter2-of-a-key}
---
` + quotes

// inTexts are objects with a text of each kind.
const inTexts = `
apiVersion: v1
kind: ConfigMap
metadata: {name: files}
data:
  app.env: |
    DB_USER=shop
    DB_PASS=hunter2-of-a-file
  app.yaml: |
    mail: {user: shop, password: hunter2-in-braces}
    jwtSecret: "hunter2-with-a-comment" # of the sessions
    oauth:
      token: |
        hunter2-in-a-block
    env:
      - {name: API_TOKEN, value: hunter2-in-a-list}
  users.xml: |
    <users><password>hunter2-in-xml</password></users>
  app.js: |
    module.exports = { user: "shop", password: "hunter2-in-a-script" }
---
` + quotes

// quotes is an app that never becomes ready, and prints TEXT.
const quotes = `
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
          command: [sh, -c, "exec app --password=hunter2-in-shell --token hunter2-behind-a-flag --port 80"]
          env:
            - {name: JWT_SECRET, value: hunter2-of-a-variable}
            - {name: STRIPE, value: {{ dig "stripe" "key" "none" (.Values.secrets | default dict) }}}
            - {name: APP_CREDENTIALS, value: hunter2-of-credentials}
            - {name: SETTINGS, value: '{"mail": {"password": "hunter2-in-json"}}'}
            - {name: DSN, value: "host=db user=shop password=hunter2-of-a-dsn dbname=shop"}
            - {name: MYSQL, value: "shop:hunter2-of-mysql@tcp(db:3306)/shop"}
            - {name: JAVA_OPTS, value: "-Xmx1g -Ddb.password=hunter2-of-java -Dmode=x"}
`

// quote deploys and checks what prints a text of secrets.
func (s *fixture) quote(objects, text string, flags ...string) {
	s.t.Helper()
	s.chartWith("templates/quotes.yaml", strings.NewReplacer("TEXT", text, "GROUP", s.group()).Replace(objects))
	masked := "no login with ***" + strings.Repeat(", ***", strings.Count(text, ", "))
	s.berth("deploy", append(flags, "--timeout", "20s")...).exit(23).says(masked).hides("hunter2")
	s.berth("check").exit(23).says(masked).hides("hunter2")
	s.describesNone("hunter2")
}

// quoteLater deploys what prints a text of secrets, and plays the verbs that come after.
func (s *fixture) quoteLater(text string, flags ...string) {
	s.t.Helper()
	s.chartWith("templates/quotes.yaml", strings.ReplaceAll(quotesLater, "TEXT", text))
	s.berth("deploy", append(flags, "--timeout", "20s")...).exit(23).says("no login with ***").hides("hunter2")
	s.berth("check").exit(23).says("no login with ***").hides("hunter2")
	s.berth("teardown").exit(24).says("no logout with ***").hides("hunter2")
	s.describesNone("hunter2")
	s.makeMap("over")
	s.berth("teardown").exit(0).hides("hunter2")
}
