//go:build cluster

package e2e

import (
	"maps"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// trap is a loopback server that counts who connects, and hangs up on them.
func trap(t *testing.T) (url string, touched *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	touched = new(atomic.Int32)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			touched.Add(1)
			_ = conn.Close()
		}
	}()
	return "https://" + listener.Addr().String(), touched
}

// wrong is one kind of wrong input.
type wrong struct {
	verb string   // empty: deploy
	args []string // beside what a deploy takes
	only bool     // args are all there is
	env  map[string]string
	says []string
}

var wrongInputs = map[string]wrong{
	"no verb":              {only: true, says: []string{"berth --help"}},
	"an unknown verb":      {only: true, args: []string{"deplyo"}, says: []string{"deplyo"}},
	"an argument too much": {args: []string{"surplus"}, says: []string{"surplus"}},

	"an unknown flag":        {args: []string{"--naemspace", "x"}, says: []string{"--naemspace", "did you mean --namespace"}},
	"a flag of another verb": {verb: "check", args: []string{"--repo", "https://x"}, says: []string{"--repo", "only deploy"}},
	"a secret as a flag":     {args: []string{"--kube-token", "s3cret"}, says: []string{"kube-token", "BERTH_KUBE_TOKEN"}},
	"a misspelt variable":    {env: map[string]string{"BERTH_NAMSPACE": "x"}, says: []string{"BERTH_NAMSPACE", "BERTH_NAMESPACE"}},
	"a misspelt action input": {env: map[string]string{"GITHUB_ACTIONS": "true", "INPUT_KUBE-CONTEXTS": "x"},
		says: []string{"input kube-contexts", "did you mean kube-context?"}},

	"no chart":      {args: []string{"--chart", ""}, says: []string{"chart", "BERTH_CHART"}},
	"no branch":     {env: map[string]string{"BERTH_BRANCH": ""}, says: []string{"branch", "BERTH_BRANCH"}},
	"no repository": {env: map[string]string{"BERTH_REPOSITORY": ""}, says: []string{"repository", "BERTH_REPOSITORY"}},

	"a duration without unit":   {args: []string{"--timeout", "90"}, says: []string{"--timeout", `"90"`, "90s"}},
	"no time at all":            {args: []string{"--check-timeout", "0s"}, says: []string{"--check-timeout", "above 0"}},
	"a number below the least":  {args: []string{"--confirm", "0"}, says: []string{"--confirm", "from 1"}},
	"no number":                 {env: map[string]string{"BERTH_MAX_HISTORY": "many"}, says: []string{"BERTH_MAX_HISTORY", `"many"`}},
	"no choice":                 {args: []string{"--on-stuck", "pray"}, says: []string{"--on-stuck", "promote"}},
	"neither true nor false":    {args: []string{"--adopt=perhaps"}, says: []string{"--adopt", "true or false"}},
	"an exit code of another":   {args: []string{"--soft-fail", "1"}, says: []string{"--soft-fail", "from 20 to 33"}},
	"no pair":                   {args: []string{"--set", "replicas"}, says: []string{"--set", "key=value"}},
	"no template":               {args: []string{"--namespace", "review-{{ .Slug"}, says: []string{"--namespace", "template"}},
	"a template of nothing":     {args: []string{"--release", "web-{{ .Nothing }}"}, says: []string{"Nothing", ".Slug"}},
	"a name too long":           {args: []string{"--release", strings.Repeat("a", 54)}, says: []string{"release", "53"}},
	"a name out of form":        {args: []string{"--namespace", "Review_1"}, says: []string{"Review_1"}},
	"a URL out of form":         {args: []string{"--url", "ftp://{{ .Slug }}"}, says: []string{"ftp://", "https://"}},
	"a label that is Berth's":   {args: []string{"--namespace-label", "berth.dev/app=x"}, says: []string{"berth.dev/app=x", "not yours"}},
	"a branch Git would refuse": {env: map[string]string{"BERTH_BRANCH": "a..b"}, says: []string{"BERTH_BRANCH", "a..b"}},
	"a tag for a branch":        {env: map[string]string{"BERTH_BRANCH": "refs/tags/v1"}, says: []string{"a ref and no branch"}},
	"no commit":                 {args: []string{"--sha", "HEAD"}, says: []string{"--sha", "HEAD"}},
	"no repository's name":      {env: map[string]string{"BERTH_REPOSITORY": "shop"}, says: []string{}},
	"a driver without swap":     {env: map[string]string{"HELM_DRIVER": "sql"}, says: []string{"sql", "secret or configmap"}},

	"two ways to a cluster":   {args: []string{"--kubeconfig", "x.yaml"}, says: []string{"kubeconfig", "kube-apiserver"}},
	"a version of a folder":   {args: []string{"--version", "1.0.0"}, says: []string{"--version", "folder"}},
	"a folder in a repo":      {args: []string{"--chart", "./web", "--repo", "https://x"}, says: []string{"--repo"}},
	"a user without password": {args: []string{"--registry-username", "me"}, says: []string{"BERTH_REGISTRY_PASSWORD"}},
	"a password in a URL":     {args: []string{"--repo", "https://me:s3cret@x"}, says: []string{"--repo", "without user and password"}},
	"a context of no file": {args: []string{"--kube-apiserver", "", "--kube-context", "prod", "--kubeconfig", "testdata/two-contexts.yaml"},
		says: []string{`"prod"`, "one, two"}},
	"no kubeconfig": {args: []string{"--kube-apiserver", "", "--kubeconfig", "./nowhere.yaml"}, says: []string{"nowhere.yaml"}},
	"kubeconfig garbage": {args: []string{"--kube-apiserver", ""}, env: map[string]string{"BERTH_KUBECONFIG": "s3cret\n\tgarbage"},
		says: []string{"kubeconfig", "base64"}},
	"no way to a cluster": {args: []string{"--kube-apiserver", ""}, env: map[string]string{"KUBERNETES_SERVICE_HOST": ""},
		says: []string{"kubeconfig", "kube-apiserver"}},
}

// Wrong input stops a run before it sends anything at all.
func TestWrongInput(t *testing.T) {
	t.Parallel()
	server, touched := trap(t)
	for name, w := range wrongInputs {
		t.Run(name, func(t *testing.T) {
			e := w.run(t, server).exit(t, 64).says(t, w.says...)
			if strings.Contains(e.stdout, "s3cret") {
				t.Errorf("it gives a secret away:\n%s", e.stdout)
			}
			if got := touched.Load(); got > 0 {
				t.Errorf("it connected to the API server %d times", got)
			}
		})
	}
	// The trap is a trap.
	(&wrong{}).run(t, server).exit(t, 26)
	if touched.Load() == 0 {
		t.Error("a run with right input did not connect")
	}
}

func (w *wrong) run(t *testing.T, server string) ended {
	t.Helper()
	home := t.TempDir()
	env := map[string]string{"HOME": home, "GIT_DIR": home, "BERTH_REPOSITORY": "acme/shop", "BERTH_BRANCH": "feature/login"}
	maps.Copy(env, w.env)
	if w.only {
		return runBerth(t, env, w.args...)
	}
	args := []string{"deploy", "--chart", "testdata/small"}
	if w.verb != "" {
		args = []string{w.verb}
	}
	args = append(args, "--kube-apiserver", server, "--timeout", "1s")
	return runBerth(t, env, slices.Concat(args, w.args)...)
}

// What only shows when files are read or the namespace is looked at stops the
// run before anything is written.
func TestWrongInputWritesNothing(t *testing.T) {
	s := newAdminFixture(t)
	for name, c := range map[string]struct{ flags, says []string }{
		"no values file":       {[]string{"--values", "./nowhere.yaml"}, []string{"./nowhere.yaml"}},
		"no values":            {[]string{"--values", "harness_test.go"}, []string{"harness_test.go"}},
		"set out of form":      {[]string{"--set", "a[=b"}, []string{"set", "a[=…"}},
		"set of no file":       {[]string{"--set-file", "greeting=./nowhere.txt"}, []string{"nowhere.txt"}},
		"no JSON":              {[]string{"--set-json", "greeting={s3cret"}, []string{"set-json", "greeting=…"}},
		"a template's mistake": {[]string{"--set", "greeting={{ .Nothing }}"}, []string{"set (greeting=…)"}},
		"no namespace":         {[]string{"--create-namespace=false"}, []string{s.namespace, "create-namespace"}},
	} {
		e := s.berth("deploy", c.flags...)
		if e.code != 64 || strings.Contains(e.stdout, "s3cret") {
			t.Errorf("%s: exit code %d, want 64; it said:\n%s", name, e.code, e.stdout)
		}
		e.says(t, c.says...)
	}
	if !s.namespaceGone() {
		t.Error("the namespace was made")
	}
}

// Who reads the report as JSON, or collects its folder, is told of a wrong
// input there too.
func TestWrongInputIsReportedWhereAsked(t *testing.T) {
	t.Parallel()
	env := map[string]string{"HOME": t.TempDir(), "BERTH_OUTPUT": "json"}
	e := runBerth(t, env, "deploy", "--timeout", "soon", "--report-dir", t.TempDir()).exit(t, 64)
	if e.report["verdict"] != "wrong-input" {
		t.Errorf("the report in the folder says %v", e.report["verdict"])
	}
	if !strings.Contains(e.stdout, `"verdict": "wrong-input"`) {
		t.Errorf("standard output has no JSON:\n%s", e.stdout)
	}
}
