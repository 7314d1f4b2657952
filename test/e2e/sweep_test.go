//go:build cluster

package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/test/platform"
)

const (
	days = 24 * time.Hour
	long = 10 * days // ago
)

// plant deploys an app for each reason and each kind of app.
func (o *orchard) plant() {
	o.t.Helper()
	shared := o.Name(o.t, "shared")
	words := map[string]string{"expired": "expired", "closed": "pull-request-closed", "merged": "pull-request-merged", "gone": "branch-gone",
		"idle": "idle", "failed": "failed", "stuck": "stuck"}
	number := 100
	for _, reason := range slices.Sorted(maps.Keys(words)) {
		for _, kind := range []string{"own", "shared", "keep", "foreign", "unknown"} {
			a := &appOf{name: reason + "-" + kind, branch: reason + "-" + kind, fate: "went", reason: words[reason]}
			switch kind {
			case "shared":
				a.namespace, a.release = shared, a.name
			case "keep":
				a.fate, a.reason = "kept", "keep"
			case "foreign":
				a.repository, a.fate, a.reason = "acme/other", "", ""
			case "unknown":
				a.fate, a.reason = "kept", "unknown-to-the-platform"
			}
			switch reason {
			case "closed", "merged":
				number++
				a.number = number
				o.hub.Set(number, platform.Pull{State: reason, Branch: a.branch, From: "acme/shop"})
			case "gone":
			default:
				o.hub.Push(a.branch)
			}
			since := long
			if reason == "idle" {
				since = 30 * days
			}
			o.deploy(a, since)
			if status := map[string]string{"failed": "failed", "stuck": "pending-upgrade"}[reason]; status != "" {
				o.label(a, status)
			}
			if kind == "keep" {
				o.annotate(a, map[string]string{ownership.Prefix + "/keep": "true"})
			}
		}
	}
}

// Each reason takes down what it is about, in a namespace of its own and in one that branches
// share, and nothing else. What is marked, another repository's, or not known to the platform
// stays, and so does everything while the platform does not answer.
func TestSweepByEachReason(t *testing.T) {
	o := newOrchard(t)
	o.plant()
	fine := &appOf{name: "fine", branch: "fine", fate: "kept", reason: "no-reason"}
	o.hub.Push("fine")
	o.deploy(fine, long)
	policy := []string{"--idle", "20d", "--failed", "1s", "--stuck", "1s", "--yes-many", "--max-deletions", "100", "--assume-dead-after", "1s"}
	before := o.objects()

	for _, code := range []int{403, 404, 429, 500} {
		o.hub.Instead(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(code); return true })
		o.sweep(policy...).exit(t, 32).says(t, "would go, and were kept, since the platform has not answered")
		o.untouched(before, o.objects(), func(*appOf) bool { return false })
	}
	// The census is answered, and not what is asked of an app alone.
	o.hub.Instead(func(w http.ResponseWriter, r *http.Request) bool {
		alone := strings.Contains(r.URL.Path, "/pulls/") || r.URL.Query().Get("head") != "" || strings.Contains(r.URL.Path, "matching-refs")
		if alone {
			w.WriteHeader(http.StatusInternalServerError)
		}
		return alone
	})
	o.sweep(policy...).exit(t, 32).says(t, "would go, and were kept, since the platform has not answered")
	o.untouched(before, o.objects(), func(*appOf) bool { return false })

	unknown := func(r *http.Request) bool {
		for _, a := range o.apps {
			if a.reason == "unknown-to-the-platform" && (strings.HasSuffix(r.URL.Path, fmt.Sprintf("/pulls/%d", a.number)) ||
				strings.HasSuffix(r.URL.Query().Get("head"), ":"+a.branch) || strings.HasSuffix(r.URL.Path, "/"+a.branch)) {
				return true
			}
		}
		return false
	}
	o.hub.Instead(func(w http.ResponseWriter, r *http.Request) bool {
		if unknown(r) {
			w.WriteHeader(http.StatusNotFound)
		}
		return unknown(r)
	})
	o.sweep(append(policy, "--dry-run")...).exit(t, 0).says(t, "Dry run")
	o.untouched(before, o.objects(), func(*appOf) bool { return false })
	e := o.sweep(policy...).exit(t, 32)
	got := e.swept(t)
	for _, a := range o.apps {
		want := a.fate + ", " + a.reason
		if a.fate == "" {
			want = ""
		}
		if is := got[a.namespace+"/"+a.release]; is != want {
			t.Errorf("%s: %q, want %q", a.name, is, want)
		}
	}
	if t.Failed() {
		t.Log(e.stdout)
	}
	o.untouched(before, o.objects(), func(a *appOf) bool { return a.fate == "went" })
	o.sweep(policy...).exit(t, 32).says(t, "would go, and were kept")
	o.untouched(before, o.objects(), func(a *appOf) bool { return a.fate == "went" })
}

// On a schedule, auto sweeps.
func TestAutoSweepsOnASchedule(t *testing.T) {
	o := newOrchard(t)
	a := &appOf{name: "gone", branch: "gone"}
	o.deploy(a, long)
	dir := t.TempDir()
	env := o.env()
	runBerth(t, env, "auto", "--report-dir", dir).exit(t, 0).says(t, "auto: sweep, since a schedule came due", ", 1 went.")
	summary, err := os.ReadFile(env["GITHUB_STEP_SUMMARY"])
	if err != nil || !strings.Contains(string(summary), "### Went: 1") || !strings.Contains(string(summary), "| Its branch is gone. |") {
		t.Errorf("%v\n%s", err, summary)
	}
	delete(env, "BERTH_GITHUB_TOKEN")
	runBerth(t, env, "auto").exit(t, 0).says(t, "a schedule sweeps, and neither a token nor ttl")
}

// One that was deployed since the sweep looked is kept, and one that cannot be taken down stops
// no other.
func TestSweepTellsWhatFailed(t *testing.T) {
	o := newOrchard(t)
	for _, name := range []string{"expired-a", "expired-b"} {
		o.hub.Push(name)
		o.deploy(&appOf{name: name, branch: name}, long)
	}
	kept := map[string]string{ownership.Prefix + "/keep": "true"}
	notes := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "notes", Annotations: kept}}
	if _, err := o.Client().CoreV1().ConfigMaps(o.apps[0].namespace).Create(t.Context(), notes, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	e := o.sweep().exit(t, 32).says(t, "1 went and 1 could not be taken down", "ConfigMap/notes")
	if got := e.swept(t); got[o.apps[0].namespace+"/"+o.app] != "failed, expired" || got[o.apps[1].namespace+"/"+o.app] != "went, expired" {
		t.Errorf("%v", got)
	}
}

// A deploy of one app too many is refused, and one of a branch that runs is not.
func TestMaxApps(t *testing.T) {
	o := newOrchard(t)
	for _, name := range []string{"a", "b"} {
		o.deploy(&appOf{name: name, branch: name}, long)
	}
	before := o.objects()
	dir := t.TempDir()
	deploy := func(branch string) ended {
		env := map[string]string{"HOME": dir, "PATH": os.Getenv("PATH"), "KUBECONFIG": o.Kubeconfig(), "GIT_DIR": dir}
		return runBerth(t, env, "deploy", "--repository", "https://"+o.host+"/acme/shop", "--branch", branch, "--app", o.app,
			"--chart", o.chart, "--max-apps", "2")
	}
	name := o.own("c")
	deploy("c").exit(t, 32).says(t, "has 2 review apps already, and max-apps is 2", o.apps[0].namespace, o.apps[1].namespace)
	o.untouched(before, o.objects(), func(*appOf) bool { return false })
	if _, err := o.Client().CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{}); err == nil {
		t.Error("the namespace was made")
	}
	deploy("a").exit(t, 0)
}

// What went is told where its deploys were told.
func TestSweepEndsDeployments(t *testing.T) {
	o := newOrchard(t)
	teller := platform.New(t, false)
	o.hub.Instead(func(w http.ResponseWriter, r *http.Request) bool {
		told := strings.HasPrefix(r.URL.Path, "/api/v3/repos/acme/shop/deployments")
		if told {
			teller.Server.Config.Handler.ServeHTTP(w, r)
		}
		return told
	})
	a := &appOf{name: "gone", branch: "gone"}
	o.deploy(a, long)
	env := o.env()
	delete(env, "GITHUB_EVENT_NAME")
	runBerth(t, env, "deploy", "--branch", "gone", "--app", o.app, "--namespace", a.namespace, "--release", a.release, "--chart", o.chart,
		"--deployment").exit(t, 0)
	since := time.Now().Add(-long).UTC().Format(time.RFC3339)
	o.annotate(a, map[string]string{ownership.AnnotationLastDeployed: since})
	patch := []byte(`{"metadata":{"annotations":{"` + ownership.AnnotationLastDeployed + `":"` + since + `"}}}`)
	last := strings.TrimSuffix(o.record(a), "1") + "2"
	_, err := o.Client().CoreV1().Secrets(a.namespace).Patch(t.Context(), last, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if made := teller.Deployments(); len(made) != 1 || made[0].States[len(made[0].States)-1] != "success" {
		t.Fatalf("%+v", made)
	}
	o.sweep("--deployment").exit(t, 0).says(t, ", 1 went.")
	if made := teller.Deployments(); len(made) != 1 || made[0].States[len(made[0].States)-1] != "inactive" {
		t.Errorf("%+v", made)
	}
}
