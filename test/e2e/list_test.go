//go:build cluster

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/cli"
	"github.com/berth-dev/berth/internal/kube/lease"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/test/kubetest"
)

// fleetOf is what the tests of lists work with: a repository of its own in a cluster that other
// tests deploy to at the same time.
type fleetOf struct {
	*kubetest.Cluster
	t          *testing.T
	repository string
	env        map[string]string
}

func newFleet(t *testing.T) *fleetOf {
	t.Helper()
	t.Parallel()
	c, dir := kubetest.Connect(t), t.TempDir()
	return &fleetOf{Cluster: c, t: t, repository: "acme/" + c.Name(t, "fl"),
		env: map[string]string{"HOME": dir, "GIT_DIR": dir, "PATH": os.Getenv("PATH"), "KUBECONFIG": c.Kubeconfig()}}
}

// deploy deploys a branch of the repository.
func (f *fleetOf) deploy(branch string, flags ...string) ended {
	f.t.Helper()
	return runBerth(f.t, f.env, append([]string{"deploy", "--repository", f.repository, "--branch", branch,
		"--chart", "testdata/small"}, flags...)...)
}

// list returns the apps of the repository, by branch.
func (f *fleetOf) list(flags ...string) map[string]report.FleetApp {
	f.t.Helper()
	d := f.document(append([]string{"--repository", f.repository}, flags...)...)
	apps := map[string]report.FleetApp{}
	for _, a := range d.Apps {
		apps[a.Branch] = a
	}
	return apps
}

// document returns the JSON that a list prints, which is all of its standard output.
func (f *fleetOf) document(flags ...string) (d report.FleetDocument) {
	f.t.Helper()
	var out, errs bytes.Buffer
	e := runBerthOn(f.t, &out, &errs, f.env, append([]string{"list", "--output", "json"}, flags...)...)
	if e.code != 0 {
		f.t.Fatalf("exit code %d: %s%s", e.code, out.String(), errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), &d); err != nil || d.Schema != report.FleetSchema {
		f.t.Fatalf("%v: %s", err, out.String())
	}
	return d
}

func TestListOfABranchesOwnAndASharedNamespace(t *testing.T) {
	f := newFleet(t)
	shared := f.Namespace(t)
	f.deploy("a", "--ttl", "7d", "--sha", "0123456789", "--pull-request", "7", "--url", "https://{{ .Slug }}.example.com").exit(t, 0)
	f.deploy("b", "--namespace", shared, "--ttl", "36h", "--sha", "abcdef0").exit(t, 0)
	f.deploy("c", "--namespace", shared, "--set", missingImage, "--timeout", "20s").exit(t, 23)
	other := *f
	other.repository += "-other"
	other.deploy("a").exit(t, 0)

	apps := f.list()
	if len(apps) != 3 {
		t.Fatalf("%d apps: %+v", len(apps), apps)
	}
	a, b, c := apps["a"], apps["b"], apps["c"]
	if a.Shared || a.State != "deployed" || a.PullRequest != 7 || a.Commit != "0123456789" || a.URL == "" || a.Revision != 1 || !a.Dated ||
		a.Expires.Sub(a.Deployed) != 7*24*time.Hour || a.Verdict != "consistent" || a.Requests == nil || a.Created.IsZero() {
		t.Errorf("in its own namespace: %+v", a)
	}
	if !b.Shared || b.Namespace != shared || b.Commit != "abcdef0" || b.Expires.Sub(b.Deployed) != 36*time.Hour || b.Verdict != "consistent" {
		t.Errorf("in a shared namespace: %+v", b)
	}
	if c.State != "failed" || !c.Bad || c.Verdict != "deploy-failed" || !c.Expires.IsZero() {
		t.Errorf("failed: %+v", c)
	}
	if since := time.Since(a.Deployed); since < -5*time.Second || since > 5*time.Minute {
		t.Errorf("deployed %s ago", since)
	}
	if in := f.list("--namespace", shared); len(in) != 2 {
		t.Errorf("in one namespace: %+v", in)
	}
	if all := f.document("--all-repositories"); !has(all, other.repository) || !has(all, f.repository) {
		t.Errorf("of all repositories: %d", len(all.Apps))
	}
	if all := f.document(); !has(all, other.repository) { // by hand, and none is named
		t.Errorf("of no repository: %d", len(all.Apps))
	}

	dir := filepath.Join(t.TempDir(), "report")
	runBerth(t, f.env, "list", "--repository", f.repository, "--report-dir", dir).exit(t, 0).
		says(t, "STATE", "✓ deployed", "✗ failed", "0123456", "in 7d", "3 review apps of github.com/"+f.repository+": 1 failed")
	for _, name := range []string{"fleet.json", "fleet.md", "fleet.html"} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Contains(data, []byte("0123456")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	runBerth(t, f.env, "list", "--repository", f.repository, "-o", "markdown").exit(t, 0).says(t, "| ✗ | failed |")

	// In CI, it is about the run's own repository.
	ci := &fleetOf{Cluster: f.Cluster, t: t, env: map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": f.repository,
		"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REF_TYPE": "tag", "GITHUB_REF": "refs/tags/v1", "KUBECONFIG": f.Kubeconfig()}}
	if d := ci.document(); len(d.Apps) != 3 {
		t.Errorf("in CI: %d apps", len(d.Apps))
	}
}

// has returns whether there is an app of the repository.
func has(d report.FleetDocument, repository string) bool {
	for _, a := range d.Apps {
		if a.Repository == repository {
			return true
		}
	}
	return false
}

func TestStampsOfTheLastDeployCount(t *testing.T) {
	f := newFleet(t)
	f.deploy("a", "--ttl", "7d", "--sha", "0123456", "--pull-request", "7", "--url", "https://a.example.com").exit(t, 0)
	first := f.list()["a"]
	f.deploy("a", "--sha", "abcdef0").exit(t, 0)
	ns, err := f.Client().CoreV1().Namespaces().Get(t.Context(), first.Namespace, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"expires-at": "", "pull-request": "", "url": "", "commit": "abcdef0"} {
		if got := ns.Annotations["berth.dev/"+key]; got != want {
			t.Errorf("the namespace says %s %q, want %q", key, got, want)
		}
	}
	second := f.list()["a"]
	if second.Revision != 2 || !second.Expires.IsZero() || second.Commit != "abcdef0" || second.Deployed.Before(first.Deployed) {
		t.Errorf("deployed again: %+v", second)
	}
	// What a rollback brings back was deployed before, and by another commit.
	f.deploy("a", "--sha", "fedcba9", "--ttl", "24h", "--set", missingImage, "--timeout", "20s", "--on-failure", "rollback").exit(t, 23)
	third := f.list()["a"]
	if third.State != "deployed" || third.Revision != 4 || third.Commit != "" || third.Expires.IsZero() || third.Verdict != "deploy-failed" {
		t.Errorf("rolled back: %+v", third)
	}
	runBerth(t, f.env, "check", "--repository", f.repository, "--branch", "a").exit(t, 0)
	if now := f.list()["a"]; now.Verdict != "consistent" || now.VerdictAt.Before(third.VerdictAt) {
		t.Errorf("checked: %+v", now)
	}
	// Somebody's own helm upgrade copies labels and no annotations.
	if out, errs, code := f.HelmRun(t, kubetest.Helm(t, 3), f.Kubeconfig(), first.Namespace, "upgrade", first.Release,
		"testdata/small"); code != 0 {
		t.Fatal(out, errs)
	}
	if now := f.list()["a"]; now.Revision != 5 || now.Commit != "" || now.State != "deployed" || now.Expires.Before(third.Expires) {
		t.Errorf("upgraded by hand: %+v", now)
	}
}

func TestCheckNotesNothingWhereItMayNot(t *testing.T) {
	f := newFleet(t)
	f.deploy("a").exit(t, 0)
	before := f.list()["a"]
	read := []rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"get", "list"}}}
	account := f.ServiceAccount(t, f.Namespace(t), "reader")
	account.GrantCluster(t, read...)
	reader := map[string]string{"HOME": t.TempDir(), "GIT_DIR": t.TempDir(), "PATH": os.Getenv("PATH"), "KUBECONFIG": account.Kubeconfig}
	e := runBerth(t, reader, "check", "--repository", f.repository, "--branch", "a").exit(t, 0)
	if strings.Contains(e.stdout, "leases") || strings.Contains(e.stdout, "lock") {
		t.Errorf("it says:\n%s", e.stdout)
	}
	if after := f.list()["a"]; !after.VerdictAt.Equal(before.VerdictAt) {
		t.Errorf("it wrote: %+v", after)
	}
	// A lock that a run holds is that run's to write.
	held, err := lease.Acquire(t.Context(), f.Client(),
		lease.Options{Namespace: before.Namespace, Release: before.Release, Holder: "a run", Run: "r"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Remove(t.Context()) }()
	runBerth(t, f.env, "check", "--repository", f.repository, "--branch", "a").exit(t, 0)
	if now := f.list()["a"]; now.State != "busy" || !now.VerdictAt.Equal(before.VerdictAt) {
		t.Errorf("held: %+v", now)
	}
}

func TestListOfEveryRelease(t *testing.T) {
	f := newFleet(t)
	ns := f.Namespace(t)
	for _, version := range []int{3, 4} {
		if out, errs, code := f.HelmRun(t, kubetest.Helm(t, version), f.Kubeconfig(), ns, "install", fmt.Sprintf("by-hand-%d", version),
			"testdata/small"); code != 0 {
			t.Fatal(out, errs)
		}
	}
	if d := f.document("--namespace", ns); len(d.Apps) != 0 {
		t.Errorf("they are no review apps: %+v", d.Apps)
	}
	d := f.document("--namespace", ns, "--all-releases")
	if len(d.Apps) != 2 || d.Apps[0].Release != "by-hand-3" || d.Apps[1].Release != "by-hand-4" || d.Apps[1].State != "deployed" ||
		d.Apps[0].Deployed.IsZero() || d.Apps[0].Dated {
		t.Errorf("%+v", d.Apps)
	}
}

func TestListOfConfigMaps(t *testing.T) {
	f := newFleet(t)
	f.env["HELM_DRIVER"] = "configmap"
	f.deploy("a", "--sha", "0123456").exit(t, 0)
	if a := f.list()["a"]; a.Revision != 1 || a.Commit != "0123456" || a.Shared {
		t.Errorf("%+v", a)
	}
}

func TestListOfANamespaceThatHoldsNothing(t *testing.T) {
	f := newFleet(t)
	f.deploy("a").exit(t, 0)
	a := f.list()["a"]
	if err := f.Client().CoreV1().Secrets(a.Namespace).DeleteCollection(t.Context(), metav1.DeleteOptions{},
		metav1.ListOptions{LabelSelector: "owner=helm"}); err != nil {
		t.Fatal(err)
	}
	if now := f.list()["a"]; now.State != "empty" || now.Revision != 0 || now.Release != a.Release || now.Shared {
		t.Errorf("%+v", now)
	}
}

// Who may write annotations writes on the terminals of those who list.
func TestListOfHostileStamps(t *testing.T) {
	f := newFleet(t)
	f.deploy("a").exit(t, 0)
	a := f.list()["a"]
	hostile := "\x1b[31m\n::error::x\u202e|<img src=x>##[group]"
	patch := func(ns *corev1.Namespace) {
		ns.Annotations["berth.dev/url"], ns.Annotations["berth.dev/keep"] = hostile, hostile
		ns.Annotations["berth.dev/expires-at"] = hostile
	}
	ns, err := f.Client().CoreV1().Namespaces().Get(t.Context(), a.Namespace, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	patch(ns)
	if _, err := f.Client().CoreV1().Namespaces().Update(t.Context(), ns, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, output := range []string{"text", "markdown", "json"} {
		e := runBerth(t, f.env, "list", "--repository", f.repository, "-o", output).exit(t, 0)
		for _, bad := range []string{"\x1b[31m", "\n::error", "\u202e", "##[group]"} {
			if strings.Contains(e.stdout, bad) {
				t.Errorf("%s has %q: %q", output, bad, e.stdout)
			}
		}
	}
	if now := f.list()["a"]; now.URL != hostile || now.Doubt == "" || !now.Expires.IsZero() || now.Keep == "" {
		t.Errorf("%+v", now)
	}
}

func TestListWithoutPermission(t *testing.T) {
	f := newFleet(t)
	ns := f.Namespace(t)
	f.deploy("a", "--namespace", ns).exit(t, 0)
	account := f.ServiceAccount(t, ns, "lister", append(f.SecretRules("list"), rbacv1.PolicyRule{
		APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"list"}})...)
	one := &fleetOf{Cluster: f.Cluster, t: t, repository: f.repository,
		env: map[string]string{"HOME": t.TempDir(), "GIT_DIR": t.TempDir(), "KUBECONFIG": account.Kubeconfig}}
	runBerth(t, one.env, "list").exit(t, 20).
		says(t, "3 permissions missing", "list namespaces", "list secrets", "list leases.coordination.k8s.io", "give the namespace")
	if a := one.list("--namespace", ns)["a"]; a.Revision != 1 || a.Verdict != "consistent" {
		t.Errorf("in the namespace of its permissions: %+v", a)
	}
	runBerth(t, one.env, "list", "--namespace", "default").exit(t, 20).says(t, "2 permissions missing", "list secrets in namespace default")
	runBerth(t, one.env, "list", "--namespace", "{{ .Slug }}").exit(t, 64)
	runBerth(t, one.env, "list", "--watch", "--output", "json").exit(t, 64)
	nowhere := map[string]string{"HOME": t.TempDir(), "BERTH_KUBE_APISERVER": "https://127.0.0.1:1", "BERTH_KUBE_TOKEN": "x"}
	runBerth(t, nowhere, "list").exit(t, 26)
}

// buffer is a buffer that is read while it is written.
type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// watched is a list that is watched in a log.
type watched struct {
	t       *testing.T
	out     *buffer
	signals chan os.Signal
	ended   chan int
}

// watch begins to watch the repository's apps.
func (f *fleetOf) watch(kubeconfig string) *watched {
	w := &watched{t: f.t, out: &buffer{}, signals: make(chan os.Signal, 1), ended: make(chan int, 1)}
	environ := []string{"HOME=" + f.t.TempDir(), "GIT_DIR=" + f.t.TempDir(), "KUBECONFIG=" + kubeconfig}
	ctx, cancel := context.WithCancel(f.t.Context())
	go func() {
		w.ended <- cli.Main(ctx, cli.Process{Args: []string{"list", "--watch", "--repository", f.repository}, Environ: environ,
			Stdout: w.out, Stderr: w.out, Signals: w.signals, Version: "test"})
	}()
	f.t.Cleanup(cancel)
	return w
}

// shows waits until it says what.
func (w *watched) shows(what string) {
	w.t.Helper()
	kubetest.Eventually(w.t, 60*time.Second, func() (bool, string) {
		return strings.Contains(w.out.String(), what), what + " in " + w.out.String()
	})
}

// interrupt ends it.
func (w *watched) interrupt() {
	w.t.Helper()
	w.signals <- syscall.SIGINT
	select {
	case code := <-w.ended:
		if code != 130 {
			w.t.Errorf("exit code %d: %s", code, w.out)
		}
	case <-time.After(10 * time.Second):
		w.t.Fatal("it does not end")
	}
	if strings.Contains(w.out.String(), "nterrupted") {
		w.t.Errorf("it says more than that:\n%s", w.out)
	}
}

func TestWatch(t *testing.T) {
	f := newFleet(t)
	f.deploy("a").exit(t, 0)
	w := f.watch(f.Kubeconfig())
	w.shows("1 review app of github.com/" + f.repository)
	f.deploy("b").exit(t, 0)
	w.shows("deployed, revision 1, consistent")
	runBerth(t, f.env, "teardown", "--repository", f.repository, "--branch", "b").exit(t, 0)
	w.shows(": gone")
	w.interrupt()
}
