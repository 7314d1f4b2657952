//go:build conformance

package conformance

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// hostileAnswers are the rows about what plugins, registries, API servers and links of a
// checkout would have told, or taken.
var hostileAnswers = []row{
	{ID: "S146", Setup: "a credential plugin that fails, and quotes the secrets that the kubeconfig gives it, and a token",
		Action: "check, deploy, teardown", End: "what it says is shown, and none of them", Exit: "20, 20, 20", Gone: true, run: func(s *fixture) {
			plugin := filepath.Join(s.t.TempDir(), "plugin")
			s.script(plugin, `echo "client $CLIENT_SECRET of $2 is wrong: {\"token\": \"half-a-token\"}" >&2; exit 1`)
			s.kubeconfig = s.kubeconfigOf(&clientcmdapi.Cluster{Server: s.Config().Host, CertificateAuthorityData: s.Config().CAData},
				&clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{Command: plugin, APIVersion: "client.authentication.k8s.io/v1",
					InteractiveMode: clientcmdapi.NeverExecInteractiveMode, Args: []string{"--client-secret", "hunter2-of-args"},
					Env: []clientcmdapi.ExecEnvVar{{Name: "CLIENT_SECRET", Value: "hunter2-of-env"}}}})
			for _, verb := range []string{"check", "deploy", "teardown"} {
				s.berth(verb, "--log-level", "debug").exit(20).says("is wrong").hides("hunter2", "half-a-token")
			}
		}},
	{ID: "S147", Setup: "passwords in the kubeconfig's addresses: of a proxy that is none, of the API server",
		Action: "check, each time; deploy", End: "refused, and not shown; nothing sent", Exit: "64, 64, 64, 64", Gone: true,
		run: func(s *fixture) {
			elsewhere := s.listens(http.NotFoundHandler())
			nobody := &clientcmdapi.AuthInfo{Token: kubeToken}
			for _, proxy := range []string{"ftp://u:hunter2@proxy", "http://u:%zzhunter2@proxy"} {
				s.kubeconfig = s.kubeconfigOf(&clientcmdapi.Cluster{Server: s.Config().Host, ProxyURL: proxy}, nobody)
				s.berth("check").exit(64).says("proxy-url").hidesFromOutput("hunter2")
			}
			s.kubeconfig = s.kubeconfigOf(&clientcmdapi.Cluster{Server: "http://u:hunter2@" + elsewhere.host()}, &clientcmdapi.AuthInfo{})
			for _, verb := range []string{"check", "deploy"} {
				s.berth(verb).exit(64).says("the server's address holds credentials").hidesFromOutput("hunter2")
			}
			elsewhere.shownNothing()
		}},
	{ID: "S148", Setup: "a registry that refuses the credentials of registry-config, and quotes them; values at an address with a password " +
		"and a signature", Action: "deploy, each in turn", End: "that they were refused is said, and none of them", Exit: "30, 64", Gone: true,
		run: func(s *fixture) {
			without := s.chart
			quoting := s.listens(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") == "" {
					w.Header().Set("WWW-Authenticate", `Basic realm="charts"`)
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprintf(w, `{"errors":[{"code":"DENIED","message":"refused %s"}]}`, r.Header.Get("Authorization"))
			}))
			config := filepath.Join(s.t.TempDir(), "config.json")
			s.write(config, `{"auths":{"`+quoting.host()+`":{"auth":"`+encodedCredentials+`"}}}`)
			s.chart = "oci://" + quoting.host() + "/charts/app"
			s.berth("deploy", "--registry-config", config, "--version", "1.0.0", "--log-level", "debug").exit(30).says("refused Basic").
				hides(registryPassword, encodedCredentials)
			s.chart = without
			s.berth("deploy", "--values", "https://u:it's@hunter2@127.0.0.1:1/values.yaml?sig=a'hunter2").exit(64).says("127.0.0.1:1/values.yaml").
				hides("hunter2", "it's", "it%27s")
			s.stored("nothing")
		}},
	{ID: "S149", Setup: "links of the checkout to a kubeconfig and to a folder of the machine",
		Action: "deploy with each of them, the second time with a wrong input beside it, too",
		End:    "refused, and nothing is written there", Exit: "64, 64, 64", Gone: true, run: func(s *fixture) {
			s.berth("deploy", "--kubeconfig", s.inWorkingFolder(s.user())).exit(64).says("kubeconfig: ", "links lead from it out of")
			folder := s.t.TempDir()
			link := s.inWorkingFolder(folder)
			s.berth("deploy", "--report-dir", link+"/berth").exit(64).says("report-dir: ", "links lead from it out of")
			s.berth("deploy", "--report-dir", link, "--confirm", "0").exit(64).says("--confirm")
			if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
				s.t.Errorf("in the folder are %v, %v", left, err)
			}
			s.stored("nothing")
		}},
	{ID: "S155", Setup: "a chart that looks up a Secret of somebody else, for its notes, and in a template that fails", Action: "deploy, each in turn",
		End: "its value is masked, whoever renders", Exit: "0, 30", run: func(s *fixture) {
			secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "somebodys"}, StringData: map[string]string{"pw": longPassword}}
			if _, err := s.Client().CoreV1().Secrets(s.namespace).Create(s.t.Context(), secret, metav1.CreateOptions{}); err != nil {
				s.t.Fatal(err)
			}
			const look = `{{ $s := lookup "v1" "Secret" .Release.Namespace "somebodys" }}`
			summary := s.t.TempDir() + "/summary"
			s.env = map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary, "GITHUB_OUTPUT": summary}
			s.chartWith("templates/NOTES.txt", look+`it has {{ $s.data }} {{ b64dec $s.data.pw }} in it`)
			s.chartWith("templates/fails.yaml", look+`{{ if .Values.tell }}{{ fail (printf "it has %v %s" $s.data (b64dec $s.data.pw)) }}{{ end }}`)
			s.berth("deploy", "--log-level", "debug").exit(0).hides(quotations(longPassword)...)
			failed := s.berth("deploy", "--set", "tell=true").exit(30).says("it has map[pw:")
			failed.hides(quotations(longPassword)...)
			failed.publishesNone(quotations(longPassword)...)
			s.holdsNone(summary, quotations(longPassword)...)
			s.describesNone(quotations(longPassword)...)
		}},
	{ID: "S156", Setup: "a schema that refers to a file of the machine, by itself and by what it refers to", Action: "deploy, each in turn",
		End: "refused, and nothing of the file is told", Exit: "30, 30", Gone: true, run: func(s *fixture) {
			file := filepath.Join(s.t.TempDir(), "config.json")
			s.write(file, `{"enum": ["`+longPassword+`"]}`)
			server := s.listens(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(w, `{"$ref": "file://%s"}`, file)
			}))
			for _, ref := range []string{"file://" + file, "http://" + server.host() + "/schema.json"} {
				s.chartWith("values.schema.json", `{"$ref": "`+ref+`"}`)
				s.berth("deploy").exit(30).says("not to files of this machine").hides(longPassword)
			}
			s.stored("nothing")
		}},
	{ID: "S150", Setup: "what answers at the API server's address sends JSON that has no end", Action: "check",
		End: "no API server, and neither memory nor time is used up", Exit: "26", Gone: true, run: func(s *fixture) {
			s.kubeconfig = s.otherServer(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, err := w.Write([]byte(`{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"`))
				for part := []byte(strings.Repeat("a", 1<<20)); err == nil; {
					_, err = w.Write(part)
				}
			})
			s.berth("check").exit(26).says("more than 512 MiB").hides(kubeToken)
		}},
}
