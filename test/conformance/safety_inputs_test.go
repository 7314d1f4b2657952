//go:build conformance

package conformance

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// hostileInputs are the rows about hostile charts, registries, API servers and credentials.
var hostileInputs = []row{
	{ID: "S104b", Setup: "a chart of which a hook changes the API server for the whole cluster, or makes a Secret in kube-system",
		Action: "deploy of each; teardown with delete-hooks, then without", End: "what is missing is named, and no RBAC for it is printed",
		Exit: "20, 20, 20, 0", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/webhook.yaml", "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\n"+
				"metadata: {name: berth-row-s104b, annotations: {helm.sh/hook: \"pre-install,pre-upgrade\"}}\nwebhooks: []\n")
			s.berth("deploy", "--rbac-wait", "0s").exit(20).
				says("create mutatingwebhookconfigurations.admissionregistration.k8s.io", "Grant by hand").grantsNothing()
			s.chartWith("templates/webhook.yaml", "apiVersion: v1\nkind: Secret\n"+
				"metadata: {name: berth-row-s104b, namespace: kube-system, annotations: {helm.sh/hook: \"pre-install,pre-upgrade\"}}\n")
			s.berth("deploy", "--rbac-wait", "0s").exit(20).says("create secrets in namespace kube-system", "Grant by hand").grantsNothing()
			s.berth("teardown", "--delete-hooks").exit(20).says("get secrets in namespace kube-system", "Grant by hand").grantsNothing()
			s.berth("teardown").exit(0)
		}},
	{ID: "S130", Setup: "registry credentials are given, and the chart's dependency lives in a registry that only the chart names",
		Action: "deploy; with registry-host; with registry-config", End: "that registry is shown no credentials before it is named",
		Exit: "30, 0, 0", run: func(s *fixture) {
			private := s.registry("dep", s.packed("dep"), demandsPassword)
			s.registryCredentials()
			s.chartWith("Chart.yaml", "apiVersion: v2\nname: app\nversion: 0.1.0\n"+
				"dependencies: [{name: dep, version: 1.0.0, repository: \"oci://"+private.host()+"/charts\"}]\n")
			s.berth("deploy").exit(30).says(private.host(), "registry-host")
			private.shownNothing()
			s.stored("nothing")
			s.berth("deploy", "--registry-host", private.host()).exit(0)
			delete(s.env, "BERTH_REGISTRY_USERNAME")
			delete(s.env, "BERTH_REGISTRY_PASSWORD")
			config := filepath.Join(s.t.TempDir(), "config.json")
			s.write(config, `{"auths":{"`+private.host()+`":{"auth":"`+encodedCredentials+`"}}}`)
			s.berth("deploy", "--registry-config", config).exit(0)
			s.oneDeployed(2)
			s.chart = "testdata/app" // Helm's own upgrade builds no dependencies
		}},
	{ID: "S131", Setup: "the chart's registry names another host as the place to log in",
		Action: "deploy; with registry-host", End: "that host is shown no credentials before it is named; then v1 deployed", Exit: "30, 0",
		run: func(s *fixture) {
			elsewhere := s.listens(http.HandlerFunc(giveToken))
			hostile := s.registry("app", s.packedApp(), demandsToken(elsewhere.URL+"/token"))
			s.registryCredentials()
			s.chart = "oci://" + hostile.host() + "/charts/app"
			s.berth("deploy").exit(30).says(hostile.host(), elsewhere.host(), "registry-host").hides(registryPassword)
			elsewhere.shownNothing()
			s.stored("nothing")
			s.berth("deploy", "--registry-host", elsewhere.host()).exit(0)
			s.chart = "testdata/app"
		}},
	{ID: "S132", Setup: "the chart's repository sends the download on to another port, and that one once more",
		Action: "deploy", End: "the other port is shown no credentials; v1 deployed", Exit: "0", run: func(s *fixture) {
			archive := s.packedApp()
			elsewhere := s.listens(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/one" {
					http.Redirect(w, r, "/two", http.StatusFound)
					return
				}
				_, _ = w.Write(archive)
			}))
			named := s.listens(demandsPassword(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, elsewhere.URL+"/one", http.StatusFound)
			})))
			s.registryCredentials()
			s.chart = named.URL + "/app-0.1.0.tgz"
			s.berth("deploy").exit(0)
			elsewhere.shownNothing()
			s.stored("v1 deployed")
			s.chart = "testdata/app"
		}},
	{ID: "S133", Setup: "a chart's folder with a link to a file of the machine, a FIFO, a dependency with such a link, one in Chart.lock alone",
		Action: "deploy, each in turn", End: "refused, the file named; nothing stored", Exit: "30, 30, 30, 30", Gone: true,
		run: func(s *fixture) {
			without := s.chart
			s.chartWith("templates/files.yaml", `{{ .Files.Get "files/key" }}`)
			s.link("/proc/self/environ", "files/key")
			s.berth("deploy").exit(30).says("files/key", "leads out of the chart's folder").hides("BERTH_REPOSITORY=")
			s.chart = without
			s.chartWith("files/x", "")
			if err := syscall.Mkfifo(filepath.Join(s.chart, "files/pipe"), 0o600); err != nil {
				s.t.Fatal(err)
			}
			s.berth("deploy").exit(30).says("files/pipe", "a FIFO")
			s.chart = without
			s.chartWith("../lib/Chart.yaml", "apiVersion: v2\nname: lib\nversion: 1.0.0\n")
			s.link("/proc/self/environ", "../lib/templates/_x.tpl")
			s.write(filepath.Join(s.chart, "Chart.yaml"), "apiVersion: v2\nname: app\nversion: 0.1.0\n"+
				"dependencies: [{name: lib, version: 1.0.0, repository: \"file://../lib\"}]\n")
			s.berth("deploy").exit(30).says("lib", "templates/_x.tpl", "leads out")
			hostile := filepath.Join(filepath.Dir(s.chart), "lib")
			s.chartWith("../good/Chart.yaml", "apiVersion: v2\nname: lib\nversion: 1.0.0\n")
			s.lockedElsewhere("file://../good", "file://"+hostile)
			s.berth("deploy").exit(30).says("Chart.lock", "other places")
			s.stored("nothing")
		}},
	{ID: "S133b", Setup: "a chart's folder that is a checkout, whose .helmignore does not name git's files, in which there is its token",
		Action: "deploy, deploy with set-file of a link to them", End: "the token is not in the release; refused, and not told", Exit: "0, 64",
		run: func(s *fixture) {
			const token = "hunter2-of-the-checkout"
			s.chartWith(".git/config", token)
			s.write(filepath.Join(s.chart, ".helmignore"), "*.md\n")
			s.write(filepath.Join(s.chart, "templates/token.yaml"),
				"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: token}\ndata: {is: {{ .Files.Get \".git/config\" | quote }}}\n")
			s.berth("deploy").exit(0).hides(token)
			s.has(object{"v1", "configmaps", "token"}, "data.is", `""`)
			s.link(filepath.Join(s.chart, ".git/config"), "app.conf")
			s.berth("deploy", "--set-file", "greeting="+filepath.Join(s.chart, "app.conf")).exit(64).hides(token)
		}},
	{ID: "S134", Setup: "a chart with a template that has no end", Action: "deploy --timeout; SIGINT",
		End: "ended in time, nothing stored", Exit: "30, 130", Gone: true, run: func(s *fixture) {
			s.chartWith("templates/loop.yaml", "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}")
			s.within(30*time.Second, func() { s.berth("deploy", "--timeout", "3s").exit(30).says("the timeout of 3s has passed") })
			run := s.start("deploy")
			s.until(run, "Render the chart")
			s.within(10*time.Second, func() {
				run.interrupt()
				run.wait(runLimit).exit(130)
			})
			s.stored("nothing")
		}},
	{ID: "S134b", Setup: "a chart with a template that calls itself without end once there is a lock, which Helm renders then",
		Action: "deploy, deploy without that template", End: "ended in time with a report, the lock let go; v1 deployed", Exit: "30, 0",
		run: func(s *fixture) {
			without := s.chart
			s.chartWith("templates/later.yaml", `{{ if (lookup "coordination.k8s.io/v1" "Lease" .Release.Namespace "").items }}`+
				`{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ $d }}{{ end }}`)
			s.within(30*time.Second, func() { s.berth("deploy").exit(30).says("it calls itself without end") })
			s.stored("nothing")
			s.chart = without
			s.berth("deploy").exit(0)
			s.oneDeployed(1)
		}},
	{ID: "S135", Setup: "values without an end: a FIFO that nobody writes to, a device; and a file behind a link that leaves the checkout",
		Action: "deploy, each in turn; SIGTERM", End: "ended in time, nothing stored", Exit: "64, 64, 64, 143", Gone: true,
		run: func(s *fixture) {
			pipe := filepath.Join(s.t.TempDir(), "values.yaml")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				s.t.Fatal(err)
			}
			s.within(30*time.Second, func() {
				s.berth("deploy", "--values", pipe, "--timeout", "3s").exit(64).says("the timeout of 3s has passed")
			})
			s.berth("deploy", "--values", "/dev/zero").exit(64).says("16 MiB")
			link := s.inWorkingFolder("/proc/self/environ")
			s.berth("deploy", "--set-file", "greeting="+link).exit(64).says("links lead from it out of").hides("BERTH_REPOSITORY=")
			run := s.start("deploy", "--values", pipe)
			s.until(run, "Prepare chart")
			s.within(10*time.Second, func() {
				run.terminate()
				run.wait(runLimit).exit(143)
			})
			s.stored("nothing")
		}},
	{ID: "S136", Setup: "a chart with archives within archives; a registry whose chart is said to be 1 TiB",
		Action: "deploy, each in turn", End: "refused, the limit named; nothing stored", Exit: "30, 30", Gone: true, run: func(s *fixture) {
			s.chart = s.nested(12)
			s.berth("deploy").exit(30).says("8 deep")
			hostile := s.registry("app", nil, func(h http.Handler) http.Handler { return h })
			s.chart = "oci://" + hostile.host() + "/charts/app:1.0.0"
			s.berth("deploy").exit(30).says("128 MiB")
			s.stored("nothing")
		}},
	{ID: "S137", Setup: "a branch named null", Action: "deploy with its name in each form of set", End: "it is that text in each", Exit: "0",
		run: func(s *fixture) { s.staysText("null") }},
	{ID: "S138", Setup: "a branch named 12345", Action: "deploy with its name in each form of set", End: "it is that text in each", Exit: "0",
		run: func(s *fixture) { s.staysText("12345") }},
	{ID: "S139", Setup: "a branch named like more values of set", Action: "deploy with its name through printf, js and slice",
		End: "it stays one value", Exit: "0 + warning", run: func(s *fixture) {
			s.branch = "x,replicas=0"
			s.berth("deploy", "--set", `greeting={{ printf "%q" .Branch }}`, "--set", "extras[0]=one,padding={{ js .Branch }}",
				"--set-json", `{"unused":"{{ slice .Branch 0 1 }}"}`).exit(0).
				warned("Values that do not fit the chart")
			s.greets(`"x,replicas=0"`)
			s.has(object{"apps/v1", "deployments", "web"}, "spec.replicas", "1")
		}},
	{ID: "S140", Setup: "an API server's address in clear text, however its scheme is written, and a token",
		Action: "check, repair, deploy and teardown; deploy with kube-apiserver", End: "refused, nothing sent",
		Exit: "64, 64, 64, 64, 64", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.kubeconfigFor("HTTP://192.0.2.1:8080", "")
			for _, verb := range []string{"check", "repair", "deploy", "teardown"} {
				s.berth(verb).exit(64).says("in the clear").hidesFromOutput(kubeToken)
			}
			s.env["KUBECONFIG"], s.env["BERTH_KUBE_APISERVER"], s.env["BERTH_KUBE_TOKEN"] = "", "HTTP://192.0.2.1", kubeToken
			s.berth("deploy").exit(64).says("in the clear").hidesFromOutput(kubeToken)
		}},
	{ID: "S141", Setup: "what answers at the API server's address sends every request on to another server",
		Action: "check, repair, deploy, teardown", End: "no API server, and the other one is shown no token", Exit: "26, 26, 26, 26", Gone: true,
		run: func(s *fixture) {
			elsewhere := s.listens(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"x"}}`))
			}))
			s.kubeconfig = s.otherServer(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
			})
			for _, verb := range []string{"check", "repair", "deploy", "teardown"} {
				s.berth(verb).exit(26).says("a redirect to").hides(kubeToken)
			}
			elsewhere.shownNothing()
		}},
	{ID: "S142", Setup: "what answers at the API server's address says 404 to everything",
		Action: "check, repair, deploy, teardown; the same in JSON", End: "no API server, and not nothing to take down",
		Exit: "26, 26, 26, 26, 26, 26, 26, 26", Gone: true, run: func(s *fixture) {
			for _, answer := range []string{"404 page not found\n", `{"error":"not found","code":404}`} {
				s.kubeconfig = s.otherServer(func(w http.ResponseWriter, _ *http.Request) {
					if answer[0] == '{' {
						w.Header().Set("Content-Type", "application/json")
					}
					w.WriteHeader(http.StatusNotFound)
					_, _ = w.Write([]byte(answer))
				})
				for _, verb := range []string{"check", "repair", "deploy", "teardown"} {
					s.berth(verb).exit(26).says("a 404 that is none of Kubernetes'")
				}
			}
		}},
	{ID: "S143", Setup: "the kubeconfig says insecure-skip-tls-verify", Action: "deploy, check",
		End: "v1 deployed, and said that the server was not verified", Exit: "0 + warning, 0 + warning", run: func(s *fixture) {
			s.kubeconfig = s.insecure(s.user())
			s.berth("deploy").exit(0).warned("The API server is not verified")
			s.berth("check").exit(0).warned("The API server is not verified")
			s.stored("v1 deployed")
		}},
	{ID: "S144", Setup: "a credential plugin that fails, and prints what a CI takes for a command",
		Action: "check, deploy, teardown", End: "it is run twice by each, within seconds, and its text stays text", Exit: "20, 20, 20",
		Gone: true, run: func(s *fixture) {
			plugin := filepath.Join(s.t.TempDir(), "plugin")
			s.script(plugin, "echo run >> "+plugin+".runs\nprintf '::warning::hacked\\n%0100000d\\n' 0 >&2\nexit 1\n")
			s.kubeconfig = s.kubeconfigFor(s.Config().Host, plugin)
			for i, verb := range []string{"check", "deploy", "teardown"} {
				s.within(15*time.Second, func() {
					s.berth(verb).exit(20).says("credential plugin", "exit status 1: ::warning::hacked").printsNoLine("::warning::hacked")
				})
				if runs, err := os.ReadFile(plugin + ".runs"); err != nil || strings.Count(string(runs), "run") != 2*(i+1) {
					s.t.Errorf("after %s the plugin was run %d times, %v", verb, strings.Count(string(runs), "run"), err)
				}
			}
		}},
	{ID: "S145", Setup: "a credential plugin that hangs; one that prints without end", Action: "deploy and SIGINT; deploy",
		End: "ended in time", Exit: "130, 20", Gone: true, run: func(s *fixture) {
			hangs, endless := filepath.Join(s.t.TempDir(), "hangs"), filepath.Join(s.t.TempDir(), "endless")
			s.script(hangs, "touch "+hangs+".runs\nexec sleep 600\n")
			s.script(endless, "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done\n")
			s.kubeconfig = s.kubeconfigFor(s.Config().Host, hangs)
			run := s.start("deploy")
			s.untilFile(run, hangs+".runs")
			s.within(10*time.Second, func() {
				run.interrupt()
				run.wait(runLimit).exit(130)
			})
			s.kubeconfig = s.kubeconfigFor(s.Config().Host, endless)
			s.within(30*time.Second, func() { s.berth("deploy").exit(20).says("more than 1 MiB") })
		}},
}

// staysText deploys a branch of that name, with which Helm would set something else than
// text.
func (s *fixture) staysText(branch string) {
	s.t.Helper()
	s.branch = branch
	s.chartWith("templates/kinds.yaml", `
apiVersion: v1
kind: ConfigMap
metadata: {name: kinds}
data:
  {{- range $form, $value := .Values.forms }}
  {{ $form }}: {{ printf "%s %v" (kindOf $value) $value | quote }}
  {{- end }}
`)
	s.berth("deploy", "--set", "forms.set={{ .Branch }}", "--set-string", "forms.string={{ .Branch }}",
		"--set-json", `forms.inside="{{ .Branch }}"`, "--set-json", "forms.outside={{ .Branch }}",
		"--set", "forms.printed={{ printf \"%s\" .Branch }}").exit(0)
	for _, form := range []string{"set", "string", "inside", "outside", "printed"} {
		s.has(object{"v1", "configmaps", "kinds"}, "data."+form, `"string `+branch+`"`)
	}
	s.chart = "testdata/app"
}
