//go:build cluster

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/kube/lease"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/report"
)

// wentRound is a round that is over.
type wentRound struct {
	ended
	report.FleetDocument
	dir, summary string
}

// goRound runs a verb on many apps as a scheduled run does.
func (o *orchard) goRound(code int, args ...string) (r wentRound) {
	o.t.Helper()
	env := o.env()
	return o.goRoundWith(env, code, args...)
}

func (o *orchard) goRoundWith(env map[string]string, code int, args ...string) (r wentRound) {
	o.t.Helper()
	r.dir = o.t.TempDir()
	r.ended = runBerth(o.t, env, append(args, "--report-dir", r.dir, "--check-timeout", "6s")...).exit(o.t, code)
	data, err := os.ReadFile(filepath.Join(r.dir, "fleet.json"))
	if err == nil {
		err = json.Unmarshal(data, &r.FleetDocument)
	}
	if err != nil || r.Ended == nil {
		o.t.Fatalf("fleet.json: %v; it said:\n%s", err, r.stdout)
	}
	summary, err := os.ReadFile(env["GITHUB_STEP_SUMMARY"])
	if r.summary = string(summary); err != nil {
		o.t.Error(err)
	}
	for _, name := range []string{"fleet.md", "fleet.html", "junit.xml"} {
		if _, err := os.Stat(filepath.Join(r.dir, name)); err != nil {
			o.t.Error(err)
		}
	}
	return r
}

// found is what was found of an app, with its state.
func (r wentRound) found(a *appOf) string {
	for _, one := range r.Apps {
		if one.Namespace == a.namespace && one.Release == a.release && one.Visit != nil {
			return fmt.Sprintf("%s, %s", one.Visit.Found, one.State)
		}
	}
	return "not listed"
}

// blindUpgrade leaves an app as an upgrade does whose account may create records and not update
// them: everything is in place, and the record says that it is not.
func (o *orchard) blindUpgrade(a *appOf) {
	o.t.Helper()
	rules := append(o.SecretRules("get", "list", "create"), o.LeaseRules()...)
	rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"*"}})
	account := o.ServiceAccount(o.t, a.namespace, "deployer", rules...)
	account.GrantCluster(o.t, namespaceGet)
	dir := o.t.TempDir()
	env := map[string]string{"HOME": dir, "PATH": os.Getenv("PATH"), "KUBECONFIG": account.Kubeconfig, "GIT_DIR": dir}
	runBerth(o.t, env, "deploy", "--repository", "https://"+o.host+"/"+a.repository, "--branch", a.branch, "--app", o.app, "--namespace",
		a.namespace, "--release", a.release, "--chart", o.chart, "--preflight", "off", "--set", "ref=next").exit(o.t, 20)
}

// edit changes what an app's ConfigMap says, as a person does.
func (o *orchard) edit(a *appOf) {
	o.t.Helper()
	_, err := o.Client().CoreV1().ConfigMaps(a.namespace).Patch(o.t.Context(), a.release+"-settings", types.MergePatchType,
		[]byte(`{"data":{"ref":"by hand"}}`), metav1.PatchOptions{FieldManager: "kubectl-edit"})
	if err != nil {
		o.t.Fatal(err)
	}
}

// leases returns the version of each app's lock.
func (o *orchard) leases() map[string]string {
	o.t.Helper()
	all := map[string]string{}
	for _, a := range o.apps {
		l, err := o.Client().CoordinationV1().Leases(a.namespace).Get(o.t.Context(), lease.Name(a.release), metav1.GetOptions{})
		if err != nil {
			o.t.Fatal(err)
		}
		all[a.name] = l.Annotations["berth.dev/run"]
	}
	return all
}

// A look at apps in every way that one can be; then all is repaired that may be.
func TestRoundOfManyApps(t *testing.T) {
	o := newOrchard(t)
	shared, byHand := o.Name(t, "shared"), o.Namespace(t)
	plant := func(name string, change func(*appOf), flags ...string) *appOf {
		a := &appOf{name: name, branch: name}
		if change != nil {
			change(a)
		}
		o.deploy(a, 0, flags...)
		return a
	}
	inShared := func(a *appOf) { a.namespace, a.release = shared, a.name }
	fine, alsoFine := plant("fine", nil), plant("also-fine", inShared)
	drifted, driftedToo := plant("drifted", nil), plant("drifted-too", inShared)
	stuck, unsafe, held := plant("stuck", nil), plant("unsafe", nil), plant("held", nil)
	relabelled, failed := plant("relabelled", nil), plant("failed", nil)
	doubtful, foreign := plant("doubtful", nil), plant("foreign", func(a *appOf) { a.repository = "acme/other" })
	unmarked := plant("unmarked", func(a *appOf) { a.namespace = byHand }, "--create-namespace=false")

	o.edit(drifted)
	o.edit(driftedToo)
	o.blindUpgrade(stuck)
	o.blindUpgrade(unsafe)
	o.edit(unsafe)
	o.blindUpgrade(held)
	o.label(relabelled, "pending-upgrade")
	o.annotate(doubtful, map[string]string{ownership.AnnotationBranch: "another"})
	runBerth(t, map[string]string{"HOME": t.TempDir(), "GIT_DIR": t.TempDir(), "KUBECONFIG": o.Kubeconfig()},
		"deploy", "--repository", "https://"+o.host+"/acme/shop", "--branch", failed.branch, "--app", o.app, "--namespace", failed.namespace,
		"--release", failed.release, "--chart", "testdata/small", "--renamed-from", "shop", "--set", missingImage, "--timeout", "10s").exit(t, 23)
	lock, err := lease.Acquire(t.Context(), o.Client(),
		lease.Options{Namespace: held.namespace, Release: held.release, Holder: "a run", Run: "r"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Remove(t.Context()) }()

	want := map[*appOf]string{
		fine: "consistent, deployed", alsoFine: "consistent, deployed",
		drifted: "inconsistent, inconsistent", driftedToo: "inconsistent, inconsistent",
		stuck: "inconsistent, stuck", unsafe: "inconsistent, stuck", held: "busy, busy",
		relabelled: "inconsistent, inconsistent", failed: "inconsistent, failed",
		doubtful: "unchecked, deployed", foreign: "not listed", unmarked: "unchecked, deployed",
	}
	same := func(r wentRound) {
		t.Helper()
		for a, what := range want {
			if got := r.found(a); got != what {
				t.Errorf("%s: %s, want %s", a.name, got, what)
			}
		}
		if t.Failed() {
			t.Fatal(r.stdout)
		}
	}
	before, locks := o.objects(), o.leases()
	for range 2 {
		r := o.goRound(24, "list", "--check")
		same(r)
		r.says(t, "11 review apps of "+o.host+"/acme/shop: 6 not as they should be, 2 not checked, 1 busy, 2 consistent",
			"::error title=Stuck%3A "+stuck.namespace, "::error title=Failed%3A "+failed.namespace, "::error title=Drifted%3A "+drifted.namespace,
			"ConfigMap/"+o.app+"-settings: data.ref", "berth repair --on-stuck promote")
		for _, part := range []string{"### Not as it should be: 6", "### Not checked: 2",
			"Berth neither made nor adopted", "Busy: 1", "| ✗ | stuck |"} {
			if !strings.Contains(r.summary, part) {
				t.Errorf("the summary has no %q:\n%s", part, r.summary)
			}
		}
		o.untouched(before, o.objects(), func(*appOf) bool { return false })
	}
	if after := o.leases(); !maps.Equal(after, locks) {
		t.Errorf("locks were taken: %v, %v", locks, after)
	}

	r := o.goRound(24, "repair", "--all")
	want[stuck], want[relabelled] = "repaired, deployed", "repaired, deployed"
	same(r)
	r.says(t, "Repaired: 2", "promote", "relabel", "Deploy again")
	after := o.objects()
	for object, was := range before {
		mended := strings.Contains(object, " "+stuck.namespace+"/sh.helm") || strings.Contains(object, " "+relabelled.namespace+"/sh.helm")
		if !mended && after[object] != was {
			t.Errorf("%s was %q, and is %q", object, was, after[object])
		}
	}
	now := o.leases()
	for _, a := range []*appOf{fine, alsoFine, drifted, driftedToo, failed, held, doubtful, foreign, unmarked} {
		if now[a.name] != locks[a.name] {
			t.Errorf("%s: its lock was taken", a.name)
		}
	}
	want[stuck], want[relabelled] = "consistent, deployed", "consistent, deployed"
	same(o.goRound(24, "repair", "--all"))
	// What is named is done, and to what is stuck alone.
	want[unsafe] = "inconsistent, failed"
	same(o.goRound(24, "repair", "--all", "--on-stuck", "unlock"))
}

func TestRoundOfAppsThatAreWell(t *testing.T) {
	o := newOrchard(t)
	a, b := &appOf{name: "a", branch: "a"}, &appOf{name: "b", branch: "b"}
	o.deploy(a, 0)
	o.deploy(b, 0)
	r := o.goRound(0, "list", "--check")
	r.says(t, "2 review apps of "+o.host+"/acme/shop: 2 consistent")
	if slices.ContainsFunc(r.Apps, func(one report.FleetApp) bool { return one.Verdict != "consistent" || one.VerdictAt.IsZero() }) {
		t.Errorf("%+v", r.Apps)
	}
	before := o.leases()
	o.goRound(0, "repair", "--all").says(t, "2 consistent")
	if after := o.leases(); !maps.Equal(before, after) {
		t.Errorf("locks were taken: %v, %v", before, after)
	}
	o.blindUpgrade(b)
	r = o.goRound(0, "repair", "--all")
	if r.found(b) != "repaired, deployed" || r.Ended.Repair == "" || r.Ended.Counts.Repaired != 1 {
		t.Errorf("%s, %+v", r.found(b), r.Ended)
	}
	env := o.env()
	runBerth(t, env, "list").exit(t, 0)
	if summary, err := os.ReadFile(env["GITHUB_STEP_SUMMARY"]); err != nil || !strings.Contains(string(summary), "| ✓ | deployed |") {
		t.Errorf("the summary of a list: %v\n%s", err, summary)
	}
	for _, wrong := range [][]string{{"list", "--check", "--watch"}, {"repair", "--all", "--release", "shop"},
		{"repair", "--all", "--adopt"}} {
		runBerth(t, env, wrong...).exit(t, 64)
	}
}

// An install that made nothing is mended by deleting its record, which is not done unasked where
// many are repaired.
func TestRoundDeletesNothing(t *testing.T) {
	o := newOrchard(t)
	a := &appOf{name: "nothing", branch: "nothing"}
	o.deploy(a, 0)
	o.blindUpgrade(a)
	secrets, maps := o.Client().CoreV1().Secrets(a.namespace), o.Client().CoreV1().ConfigMaps(a.namespace)
	last, err := secrets.Get(t.Context(), strings.TrimSuffix(o.record(a), "1")+"2", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	last.Data["release"] = []byte("unreadable")
	if _, err := secrets.Update(t.Context(), last, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := maps.Delete(t.Context(), a.release+"-settings", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	before := o.objects()
	o.goRound(24, "repair", "--all").says(t, "not done unasked", "berth repair for it alone")
	o.untouched(before, o.objects(), func(*appOf) bool { return false })
}

// A permission that is missing for some apps is told for these, and the others are checked.
func TestRoundWithoutPermissions(t *testing.T) {
	o := newOrchard(t)
	a, b := &appOf{name: "a", branch: "a"}, &appOf{name: "b", branch: "b"}
	o.deploy(a, 0)
	o.deploy(b, 0)
	read := []string{"get", "list"}
	account := o.ServiceAccount(t, a.namespace, "checker",
		rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: read})
	account.GrantCluster(t, namespaceGet, rbacv1.PolicyRule{APIGroups: []string{"", "coordination.k8s.io"},
		Resources: []string{"namespaces", "secrets", "leases"}, Verbs: []string{"list"}})
	env := o.env()
	env["KUBECONFIG"] = account.Kubeconfig
	r := o.goRoundWith(env, 20, "list", "--check")
	if r.found(a) != "consistent, deployed" || r.found(b) != "unchecked, deployed" {
		t.Errorf("%s; %s\n%s", r.found(a), r.found(b), r.stdout)
	}
	r.says(t, "Missing: get secrets in namespace "+b.namespace, "Grant what is missing")
	if len(r.Ended.Missing) == 0 || !strings.Contains(r.Ended.RBAC, "kind: ClusterRole") {
		t.Errorf("%+v", r.Ended)
	}
}
