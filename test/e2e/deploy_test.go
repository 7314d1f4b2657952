//go:build cluster

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/test/kubetest"
)

// missingImage makes the simulated node unable to pull the image.
const missingImage = "image=registry.example/app:missing"

func TestDeployClean(t *testing.T) {
	s := newFixture(t) // whose user may not create namespaces, and need not
	e := s.berth("deploy", "--set", "hook=true").exit(t, 0).says(t, s.namespace).checksHold(t)
	if e.report["revision"] != 1.0 || e.text("status") != "deployed" || e.text("verdict") != "consistent" {
		t.Errorf("the report says revision %v, %s, %s", e.report["revision"], e.text("status"), e.text("verdict"))
	}
	if got := s.statuses(); len(got) != 1 || got[1] != "deployed" {
		t.Errorf("stored is %v, want 1 deployed", got)
	}
	if strings.Contains(e.stdout, "create namespaces") {
		t.Errorf("it speaks of a permission that it does not need:\n%s", e.stdout)
	}
	s.helmReads("deployed")
}

func TestDeployMakesTheBranchsNamespace(t *testing.T) {
	s := newAdminFixture(t)
	s.env = map[string]string{"BERTH_APP": kubetest.Connect(t).Name(t, "shop")}
	e := s.berth("deploy", "--namespace", "", "--release", "", "--namespace-label", "team=shop",
		"--url", "https://{{ .Slug }}.review.example.com").exit(t, 0)
	s.namespace, s.release = e.text("namespace"), e.text("release")
	namespaces := s.Client().CoreV1().Namespaces()
	t.Cleanup(func() { _ = namespaces.Delete(context.WithoutCancel(t.Context()), s.namespace, metav1.DeleteOptions{}) })

	if s.release != s.env["BERTH_APP"] || !strings.HasPrefix(s.namespace, "review-"+s.env["BERTH_APP"]+"-feature-login-") {
		t.Errorf("the release is %s/%s", s.namespace, s.release)
	}
	if url := e.text("url"); !strings.HasPrefix(url, "https://feature-login-") {
		t.Errorf("the URL is %q", url)
	}
	ns, err := namespaces.Get(t.Context(), s.namespace, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]string{"team": "shop", ownership.LabelManagedBy: ownership.ManagedByBerth,
		ownership.LabelApp: s.env["BERTH_APP"]} {
		if got := ns.Labels[label]; got != want {
			t.Errorf("label %s is %q, want %q", label, got, want)
		}
	}
	if ns.Labels[ownership.LabelIdentity] == "" || ns.Annotations[ownership.AnnotationBranch] != s.branch ||
		ns.Annotations[ownership.AnnotationRepository] != "acme/shop" {
		t.Errorf("the namespace does not say whose it is: %v, %v", ns.Labels, ns.Annotations)
	}

	// The branch finds it again; another branch may not use it.
	s.berth("deploy").exit(t, 0)
	before := s.statuses()
	s.branch = "feature/logout"
	s.berth("deploy").exit(t, 27).says(t, s.namespace, "feature/login")
	if after := s.statuses(); !maps.Equal(before, after) {
		t.Errorf("another branch's deploy changed %v to %v", before, after)
	}
	s.helmReads("deployed")
}

func TestDeployUpgrades(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy").exit(t, 0)
	before := s.pods()

	// Nothing changed: a new revision, and no pod restarted.
	s.berth("deploy").exit(t, 0).checksHold(t)
	if after := s.pods(); !maps.Equal(before, after) {
		t.Errorf("pods were restarted: %v before, %v after", before, after)
	}

	s.berth("deploy", "--set", "greeting=bye", "--set", "replicas=3").exit(t, 0).checksHold(t)
	if got := s.statuses(); !maps.Equal(got, map[int]string{1: "superseded", 2: "superseded", 3: "deployed"}) {
		t.Errorf("stored is %v", got)
	}
	if got := s.greeting(); got != "bye" {
		t.Errorf("the greeting is %q", got)
	}
	if after := s.pods(); len(after) != 3 {
		t.Errorf("there are %d pods, want 3", len(after))
	}
	s.helmReads("deployed")
}

func TestDeployFailsOnUpgrade(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy").exit(t, 0)
	before := s.pods()

	e := s.berth("deploy", "--timeout", "8s", "--set", missingImage).exit(t, 23)
	if !strings.Contains(e.stdout, "ImagePullBackOff") && !strings.Contains(e.stdout, "ErrImagePull") {
		t.Errorf("the reason is not named; it said:\n%s", e.stdout)
	}
	if got := s.statuses(); !maps.Equal(got, map[int]string{1: "deployed", 2: "failed"}) {
		t.Errorf("stored is %v, want 1 deployed and 2 failed", got)
	}
	after := s.pods()
	for name, uid := range before {
		if after[name] != uid {
			t.Errorf("pod %s of revision 1 is gone", name)
		}
	}
	s.helmReads("failed")
}

func TestDeployMendsAFailedInstall(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy", "--timeout", "8s", "--set", missingImage).exit(t, 23)
	for _, version := range []int{3, 4} {
		if got := s.helmStatus(kubetest.Helm(t, version)); got != "failed" {
			t.Errorf("helm %d reads status %q, want failed", version, got)
		}
	}
	s.berth("check").exit(t, 23)
	s.berth("deploy").exit(t, 0).checksHold(t)
	if got := s.statuses(); len(got) != 2 || got[2] != "deployed" {
		t.Errorf("stored is %v, want 2 deployed", got)
	}
	s.helmReads("deployed")
}

func TestDeployStoresInConfigMaps(t *testing.T) {
	c := kubetest.Connect(t)
	s := newFixture(t, c.LeaseRules()) // and nothing on Secrets
	s.env = map[string]string{"HELM_DRIVER": "configmap"}
	s.berth("deploy").exit(t, 0).checksHold(t)
	s.berth("deploy", "--set", "greeting=bye").exit(t, 0).checksHold(t)

	deployed := metav1.ListOptions{LabelSelector: "owner=helm,status=deployed"}
	records, err := s.Client().CoreV1().ConfigMaps(s.namespace).List(t.Context(), deployed)
	if err != nil {
		t.Fatal(err)
	}
	if len(records.Items) != 1 || records.Items[0].Labels["version"] != "2" {
		t.Errorf("the ConfigMaps that say deployed: %v", records.Items)
	}
	if got := s.statuses(); len(got) > 0 {
		t.Errorf("records in Secrets: %v", got)
	}
	s.helmReads("deployed")
}

func TestDeployConfirmsAsOftenAsAsked(t *testing.T) {
	s := newFixture(t)
	e := s.berth("deploy", "--confirm", "3").exit(t, 0).says(t, "good, 1 of 3 in a row", "good, 2 of 3 in a row")
	if looks, _ := e.report["checkAttempts"].(float64); looks < 3 {
		t.Errorf("it looked %v times, want at least 3", looks)
	}
}

func TestDeployIntoAnotherBranchsRelease(t *testing.T) {
	s := newFixture(t) // not made by Berth, so that the record alone says whose it is
	s.berth("deploy").exit(t, 0)
	pods, stored := s.pods(), s.statuses()
	s.branch = "feature/logout"
	s.berth("deploy", "--set", "greeting=bye").exit(t, 27)
	if after := s.statuses(); !maps.Equal(stored, after) {
		t.Errorf("stored was %v and is %v", stored, after)
	}
	if after := s.pods(); !maps.Equal(pods, after) || s.greeting() != "hello" {
		t.Errorf("another branch's review app was changed")
	}
	s.helmReads("deployed")
}

func TestDeploySoftFails(t *testing.T) {
	s := newFixture(t)
	e := s.berth("deploy", "--soft-fail", "30", "--set", "broken=true").exit(t, 0).says(t, "soft-fail")
	if code, _ := e.report["exitCode"].(float64); code != 30 || e.text("verdict") != "chart-invalid" {
		t.Errorf("the report says exit code %v and %s, want 30 and chart-invalid", code, e.text("verdict"))
	}
	s.berth("deploy", "--soft-fail", "23", "--set", "broken=true").exit(t, 30)
}

func TestDeployPrintsJSONAlone(t *testing.T) {
	s := newFixture(t)
	for name, c := range map[string]struct {
		flags []string
		code  float64
	}{
		"chart-invalid": {[]string{"--set", "broken=true"}, 30},
		"consistent":    {nil, 0},
	} {
		env, args := s.command("deploy", append(c.flags, "--output", "json", "--log-level", "debug")...)
		var stdout, stderr bytes.Buffer
		runBerthOn(t, &stdout, &stderr, env, args...).withOutput(&stderr).exit(t, int(c.code))
		var said map[string]any
		if err := json.Unmarshal(stdout.Bytes(), &said); err != nil {
			t.Errorf("standard output is not one JSON document: %v\n%s", err, stdout.String())
		}
		if said["verdict"] != name || said["exitCode"] != c.code {
			t.Errorf("it says %v, exit code %v; want %s, %v", said["verdict"], said["exitCode"], name, c.code)
		}
		if stderr.Len() == 0 {
			t.Error("the progress is not on standard error")
		}
	}
}

// checksHold fails the test unless the report has checks and all of them hold.
func (e ended) checksHold(t *testing.T) ended {
	t.Helper()
	checks, _ := e.report["checks"].([]any)
	if len(checks) == 0 {
		t.Error("the report has no checks")
	}
	for _, c := range checks {
		if check, _ := c.(map[string]any); check["ok"] != true {
			t.Errorf("a check does not hold: %v", check)
		}
	}
	return e
}

// text is a field of the report.
func (e ended) text(field string) string {
	s, _ := e.report[field].(string)
	return s
}

// greeting is the value that the chart put into its ConfigMap.
func (s *fixture) greeting() string {
	s.t.Helper()
	cm, err := s.Client().CoreV1().ConfigMaps(s.namespace).Get(s.t.Context(), s.release, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return cm.Data["greeting"]
}
