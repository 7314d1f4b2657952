//go:build cluster

// Package e2e runs the verbs end to end on the real control plane, with real
// RBAC, and has the real Helm command lines judge what Berth leaves behind.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/berth-dev/berth/internal/cli"
	"github.com/berth-dev/berth/test/kubetest"
)

// TestMain runs more tests at a time than there are processors: most of a test
// is waiting for the cluster.
func TestMain(m *testing.M) {
	if os.Getenv(asBerth) != "" { // a process of its own, which can be killed
		os.Exit(cli.Main(context.Background(), cli.Process{Args: os.Args[1:], Environ: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr,
			Version: "test", OwnLogs: true}))
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "6")
	m.Run()
}

// asBerth has the binary of these tests be Berth.
const asBerth = "BERTH_TEST_AS_BERTH"

// fixture is what one test works with: a namespace, a user and a chart.
type fixture struct {
	*kubetest.Cluster
	t          *testing.T
	namespace  string
	release    string
	branch     string
	kubeconfig string
	chart      string
	env        map[string]string // beside the usual environment, or over it
}

// newFixture creates a namespace and a user who may deploy the usual kinds of
// object in it and do what the rules say. Without rules, the user may also read and
// write records and Leases.
func newFixture(t *testing.T, rules ...[]rbacv1.PolicyRule) *fixture {
	t.Helper()
	t.Parallel()
	c := kubetest.Connect(t)
	s := &fixture{Cluster: c, t: t, namespace: c.Namespace(t), release: "web", branch: "feature/login", chart: "testdata/small"}
	all := c.DeployerRules()
	if len(rules) == 0 {
		rules = [][]rbacv1.PolicyRule{c.SecretRules(), c.LeaseRules()}
	}
	for _, r := range rules {
		all = append(all, r...)
	}
	account := c.ServiceAccount(t, s.namespace, "deployer", all...)
	account.GrantCluster(t, namespaceGet)
	s.kubeconfig = account.Kubeconfig
	return s
}

// namespaceGet permits the first request of every run.
var namespaceGet = rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}}

// newAdminFixture returns a fixture whose user may do everything and whose
// namespace does not exist: Berth has to create it.
func newAdminFixture(t *testing.T) *fixture {
	t.Helper()
	t.Parallel()
	c := kubetest.Connect(t)
	return &fixture{Cluster: c, t: t, namespace: c.Name(t, "review"), release: "web", branch: "feature/login",
		kubeconfig: c.Kubeconfig(), chart: "testdata/small"}
}

// ended is how a run of Berth ended.
type ended struct {
	code   int
	stdout string
	report map[string]any
}

// berth runs a verb through the real main function.
func (s *fixture) berth(verb string, flags ...string) ended {
	s.t.Helper()
	env, args := s.command(verb, flags...)
	return runBerth(s.t, env, args...)
}

// command is the environment and the arguments that a verb is run with.
func (s *fixture) command(verb string, flags ...string) (env map[string]string, args []string) {
	s.t.Helper()
	dir := s.t.TempDir()
	args = []string{verb, "--report-dir", dir, "--namespace", s.namespace, "--release", s.release}
	if verb == "deploy" {
		args = append(args, "--chart", s.chart)
	}
	env = map[string]string{
		"HOME": dir, "PATH": os.Getenv("PATH"), "KUBECONFIG": s.kubeconfig,
		"BERTH_REPOSITORY": "acme/shop", "BERTH_BRANCH": s.branch, "BERTH_APP": "shop",
		"GIT_DIR": dir, // the checkout of these tests says nothing of what they are about
	}
	maps.Copy(env, s.env)
	return env, append(args, flags...)
}

// runBerth runs the main function in this process, so that the race detector
// sees all of it.
func runBerth(t *testing.T, env map[string]string, args ...string) ended {
	t.Helper()
	var out bytes.Buffer
	return runBerthOn(t, &out, &out, env, args...).withOutput(&out)
}

// runBerthOn is runBerth with the caller's streams.
func runBerthOn(t *testing.T, stdout, stderr io.Writer, env map[string]string, args ...string) ended {
	t.Helper()
	environ := make([]string, 0, len(env))
	for k := range maps.Keys(env) {
		environ = append(environ, k+"="+env[k])
	}
	e := ended{code: cli.Main(t.Context(), cli.Process{Args: args, Environ: environ, Stdout: stdout, Stderr: stderr, Version: "test"})}
	for i, a := range args {
		if a != "--report-dir" {
			continue
		}
		if data, err := os.ReadFile(filepath.Join(args[i+1], "report.json")); err == nil {
			if err := json.Unmarshal(data, &e.report); err != nil {
				t.Errorf("report.json: %v", err)
			}
		}
	}
	return e
}

// withOutput returns the run with what it printed.
func (e ended) withOutput(out *bytes.Buffer) ended {
	e.stdout = out.String()
	return e
}

// exit fails the test unless the run ended with the code.
func (e ended) exit(t *testing.T, code int) ended {
	t.Helper()
	if e.code != code {
		t.Fatalf("exit code %d, want %d; it said:\n%s", e.code, code, e.stdout)
	}
	return e
}

// says fails the test unless every part was printed.
func (e ended) says(t *testing.T, parts ...string) ended {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(e.stdout, p) {
			t.Errorf("it does not say %q; it said:\n%s", p, e.stdout)
		}
	}
	return e
}

// helmReads fails the test unless both Helm command lines read the record as
// status and can upgrade the release.
func (s *fixture) helmReads(status string) {
	s.t.Helper()
	for _, version := range []int{3, 4} {
		helm := kubetest.Helm(s.t, version)
		if got := s.helmStatus(helm); got != status {
			s.t.Errorf("helm %d reads status %q, want %q", version, got, status)
		}
		if out, errs, code := s.helm(helm, "history", s.release); code != 0 {
			s.t.Errorf("helm %d history: %s%s", version, out, errs)
		}
	}
	for _, version := range []int{3, 4} {
		if out, errs, code := s.helm(kubetest.Helm(s.t, version), "upgrade", s.release, s.chart); code != 0 {
			s.t.Errorf("helm %d cannot upgrade the release: %s%s", version, out, errs)
		}
	}
}

// helm runs a Helm command line as the administrator, with the fixture's storage
// driver.
func (s *fixture) helm(helm string, args ...string) (stdout, stderr string, code int) {
	s.t.Helper()
	args = append([]string{"HELM_DRIVER=" + s.env["HELM_DRIVER"], helm}, args...)
	return s.HelmRun(s.t, "env", s.Kubeconfig(), s.namespace, args...)
}

// helmStatus is the status that a Helm command line reads, or what it said.
func (s *fixture) helmStatus(helm string) string {
	s.t.Helper()
	out, errs, code := s.helm(helm, "status", s.release, "-o", "json")
	if code != 0 {
		return errs
	}
	var status unstructured.Unstructured
	if err := json.Unmarshal([]byte(out), &status.Object); err != nil {
		s.t.Fatalf("helm status: %v in %s", err, out)
	}
	got, _, _ := unstructured.NestedString(status.Object, "info", "status")
	return got
}
