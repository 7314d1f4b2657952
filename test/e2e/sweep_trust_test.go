//go:build cluster

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/test/kubetest"
)

// Whoever may write Secrets in a namespace may write what passes for a record there. In one that
// Berth neither made nor adopted, none counts unless the namespace is named; and what such a
// namespace says is to be kept is kept.
func TestSweepOfANamespaceThatAPersonMade(t *testing.T) {
	o := newOrchard(t)
	namespace := o.Namespace(t)
	a := &appOf{name: "expired", branch: "expired", namespace: namespace, release: o.app + "-expired"}
	o.deploy(a, long, "--create-namespace=false")
	key := namespace + "/" + a.release
	kept := func(want string, flags ...string) {
		t.Helper()
		before := o.objects()
		if got := o.sweep(flags...).exit(t, 0).swept(t)[key]; got != want {
			t.Errorf("with %q: %s, want %s", flags, got, want)
		}
		o.untouched(before, o.objects(), func(*appOf) bool { return false })
	}
	kept("kept, namespace-not-marked")
	mark := func(patch string) {
		t.Helper()
		_, err := o.Client().CoreV1().Namespaces().Patch(t.Context(), namespace, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	mark(`{"metadata":{"annotations":{"berth.dev/keep":"true"}}}`)
	kept("kept, keep", "--namespace", namespace)
	mark(`{"metadata":{"annotations":{"berth.dev/keep":null}}}`)
	if got := o.sweep("--namespace", namespace).exit(t, 0).swept(t)[key]; got != "went, branch-gone" {
		t.Errorf("named, it is %s", got)
	}
}

// Whoever may write Secrets in a review namespace may write a hook into a record there, which a sweep would
// make with rights of its own. It makes none outside of the app's namespace, and touches nothing of that app.
// A teardown of that branch alone does as the chart says.
func TestSweepOfAppsWithHooksElsewhere(t *testing.T) {
	o := newOrchard(t)
	hook := filepath.Join(o.chart, "templates", "hook.yaml")
	other := o.Namespace(t)
	write := func(manifest string) {
		t.Helper()
		if err := os.WriteFile(hook, []byte("apiVersion: "+manifest+", annotations: {helm.sh/hook: pre-delete}}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("v1\nkind: ConfigMap\nmetadata: {name: made, namespace: " + other)
	elsewhere := &appOf{name: "expired", branch: "elsewhere"}
	o.deploy(elsewhere, long)
	write("rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: " + o.app)
	nowhere := &appOf{name: "expired", branch: "nowhere"}
	o.deploy(nowhere, long)
	write("v1\nkind: ConfigMap\nmetadata: {name: made")
	own := &appOf{name: "expired", branch: "own"}
	o.deploy(own, long)
	before := o.objects()
	swept := o.sweep("--yes-many").exit(t, 32)
	swept.says(t, "the hook ConfigMap/made is in namespace "+other, "the hook ClusterRole/"+o.app+" is in no namespace")
	for a, want := range map[*appOf]string{elsewhere: "failed", nowhere: "failed", own: "went"} {
		if got := swept.swept(t)[a.namespace+"/"+a.release]; got != want+", branch-gone" {
			t.Errorf("%s: %s", a.branch, got)
		}
	}
	o.untouched(before, o.objects(), func(a *appOf) bool { return a == own })
	made := func() bool {
		_, err := o.Client().CoreV1().ConfigMaps(other).Get(t.Context(), "made", metav1.GetOptions{})
		return err == nil
	}
	if made() {
		t.Error("the hook ran")
	}
	byHand := map[string]string{"HOME": t.TempDir(), "PATH": os.Getenv("PATH"), "KUBECONFIG": o.Kubeconfig(), "GIT_DIR": t.TempDir()}
	runBerth(t, byHand, "teardown", "--repository", "https://"+o.host+"/acme/shop", "--branch", elsewhere.branch, "--app", o.app,
		"--release", elsewhere.release, "--namespace", elsewhere.namespace).exit(t, 0)
	if !made() {
		t.Error("an ordinary teardown has not run the hook")
	}
}

// The default branch has no review app that a sweep may take.
func TestSweepLeavesTheDefaultBranch(t *testing.T) {
	o := newOrchard(t)
	a := &appOf{name: "expired", branch: "main"}
	o.deploy(a, long)
	before := o.objects()
	if got := o.sweep().exit(t, 0).swept(t)[a.namespace+"/"+a.release]; got != "kept, default-branch" {
		t.Errorf("it is %s", got)
	}
	o.untouched(before, o.objects(), func(*appOf) bool { return false })
}

// Where nobody is asked, the deploy has noted that it is the default branch's, and git knows by hand.
func TestSweepLeavesTheDefaultBranchWithoutAToken(t *testing.T) {
	o := newOrchard(t)
	byHand := func(dir string) map[string]string {
		return map[string]string{"HOME": t.TempDir(), "PATH": os.Getenv("PATH"), "KUBECONFIG": o.Kubeconfig(), "GIT_DIR": dir}
	}
	noted := &appOf{name: "noted", branch: "main", namespace: o.own("main"), release: o.app}
	runBerth(t, o.env(), "deploy", "--branch", noted.branch, "--app", o.app, "--release", noted.release, "--chart", o.chart).exit(t, 0)
	o.backdate(noted, long)
	known := &appOf{name: "known", branch: "main", namespace: o.Namespace(t), release: o.app + "-known"}
	o.deploy(known, long, "--create-namespace=false")
	clone := t.TempDir()
	for _, args := range []string{"init --quiet --bare --initial-branch work " + clone, "remote add origin https://" + o.host + "/acme/shop",
		"symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main"} {
		if out, err := exec.Command("git", append([]string{"--git-dir", clone}, strings.Fields(args)...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", args, err, out)
		}
	}
	for _, run := range []struct {
		app  *appOf
		env  map[string]string
		args []string
	}{
		{noted, byHand(t.TempDir()), []string{"--all-repositories"}},
		{known, byHand(clone), []string{"--namespace", known.namespace}},
	} {
		args := append([]string{"sweep", "--report-dir", t.TempDir(), "--dry-run", "--ttl", "1d"}, run.args...)
		if got := runBerth(t, run.env, args...).exit(t, 0).swept(t)[run.app.namespace+"/"+run.app.release]; got != "kept, default-branch" {
			t.Errorf("%s: %q", run.app.name, got)
		}
	}
}

// Somebody gives an app more time than its ttl, where it is seen first.
func TestSweepLeavesWhatIsPutOff(t *testing.T) {
	o := newOrchard(t)
	o.hub.Push("expired")
	a := &appOf{name: "expired", branch: "expired"}
	o.deploy(a, long, "--ttl", "1h")
	key := a.namespace + "/" + a.release
	for value, want := range map[string]string{`"2199-01-01T00:00:00Z"`: "kept, no-reason", `null`: "kept, no-reason"} {
		patch := []byte(`{"metadata":{"annotations":{"berth.dev/expires-at":` + value + `}}}`)
		_, err := o.Client().CoreV1().Namespaces().Patch(t.Context(), a.namespace, types.MergePatchType, patch, metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := o.sweep().exit(t, 0).swept(t)[key]; got != want {
			t.Errorf("until %s: %s, want %s", value, got, want)
		}
	}
	o.annotate(a, map[string]string{"berth.dev/expires-at": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)})
	if got := o.sweep().exit(t, 0).swept(t)[key]; got != "went, expired" {
		t.Errorf("after its end: %s", got)
	}
}

// Of two apps of a branch in its namespace, each goes by its own time.
func TestSweepOfTwoAppsInANamespace(t *testing.T) {
	o := newOrchard(t)
	web, api := &appOf{name: "web", branch: "login"}, &appOf{name: "api", branch: "login", release: o.app + "-api"}
	o.deploy(web, 0)
	api.namespace = web.namespace
	o.deploy(api, 0, "--ttl", "1s")
	kubetest.Eventually(t, 30*time.Second, func() (bool, string) {
		got := o.sweep().exit(t, 0).swept(t)
		if got[web.namespace+"/"+web.release] == "went, expired" {
			t.Fatal("web, which has no ttl, is expired")
		}
		is := got[api.namespace+"/"+api.release]
		return is == "went, expired", is
	})
}

// auto at a schedule is given what the teardown of one app may let go, and lets go none of it.
func TestAutoSweepsWithoutWhatAPersonDecides(t *testing.T) {
	o := newOrchard(t)
	a := &appOf{name: "expired", branch: "expired"}
	o.deploy(a, long)
	_, err := o.Client().CoreV1().ConfigMaps(a.namespace).Patch(t.Context(), a.release+"-settings", types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"berth.dev/keep":"true"}}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	e := runBerth(t, o.env(), "auto", "--report-dir", dir, "--delete-kept", "--delete-foreign", "--ttl", "1h").exit(t, 32)
	if got := e.swept(t)[a.namespace+"/"+a.release]; got != "failed, branch-gone" {
		t.Errorf("it is %s", got)
	}
	if _, err := o.Client().CoreV1().ConfigMaps(a.namespace).Get(t.Context(), a.release+"-settings", metav1.GetOptions{}); err != nil {
		t.Errorf("what is to be kept is gone: %v", err)
	}
}
