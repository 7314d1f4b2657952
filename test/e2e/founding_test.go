//go:build cluster

package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// blind are the permissions of the founding case: everything but update on
// Secrets. See https://github.com/helm/helm/issues/13189.
func blind(t *testing.T) (*fixture, *kubetest.Account) {
	t.Helper()
	t.Parallel()
	c := kubetest.Connect(t)
	s := &fixture{Cluster: c, t: t, namespace: c.Namespace(t), release: "web", branch: "feature/login", chart: "testdata/small"}
	rules := append(c.DeployerRules(), c.LeaseRules()...)
	account := c.ServiceAccount(t, s.namespace, "deployer", append(rules, c.SecretRules("get", "list", "create")...)...)
	account.GrantCluster(t, namespaceGet)
	s.kubeconfig = account.Kubeconfig
	return s, account
}

func TestFoundingCase(t *testing.T) {
	s, account := blind(t)

	// Berth meets it head on, and never calls it a success.
	failed := s.berth("deploy", "--preflight", "off", "--set", "hook=true").exit(t, 20)
	failed.says(t, account.User, "update secrets in namespace "+s.namespace, "kind: Role", "kind: RoleBinding")
	if got := s.helmStatus(kubetest.Helm(t, 3)); got != "pending-install" {
		t.Fatalf("the stored status is %q, want pending-install", got)
	}
	before := s.pods()

	// Once granted, the next deploy promotes its own record and goes on.
	account.Grant(t, s.namespace, s.SecretRules("update")...)
	healed := s.berth("deploy", "--set", "hook=true").exit(t, 0)
	healed.says(t, "Release repaired")
	if healed.report["repair"] != "promote" {
		t.Errorf("the report's repair is %v, want promote", healed.report["repair"])
	}
	if after := s.pods(); !maps.Equal(before, after) {
		t.Errorf("pods were restarted: %v before, %v after", before, after)
	}
	s.helmReads("deployed")
}

func TestFoundingCaseOnUpgrade(t *testing.T) {
	s, account := blind(t)
	admin := *s
	admin.kubeconfig = s.Kubeconfig()
	admin.berth("deploy").exit(t, 0)

	failed := s.berth("deploy", "--preflight", "off", "--set", "greeting=bye").exit(t, 20)
	failed.says(t, "update secrets in namespace "+s.namespace)
	if got := s.statuses(); got[1] != "deployed" || got[2] != "pending-upgrade" || len(got) != 2 {
		t.Errorf("stored is %v, want 1 deployed and 2 pending-upgrade", got)
	}

	account.Grant(t, s.namespace, s.SecretRules("update")...)
	s.berth("repair").exit(t, 0).says(t, "Release repaired")
	if got := s.statuses(); got[1] != "superseded" || got[2] != "deployed" {
		t.Errorf("stored is %v, want 1 superseded and 2 deployed", got)
	}
	s.berth("repair").exit(t, 0).says(t, "Nothing to repair")
	s.helmReads("deployed")
}

func TestFoundingCaseSummary(t *testing.T) {
	s, account := blind(t)
	dir := t.TempDir()
	summary, outputs := filepath.Join(dir, "summary.md"), filepath.Join(dir, "outputs")
	event := filepath.Join(dir, "event.json")
	if err := os.WriteFile(event, []byte(`{"ref":"refs/heads/feature/login","repository":{"default_branch":"main"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"GITHUB_EVENT_PATH": event, "GITHUB_REF": "refs/heads/feature/login",
		"HOME": dir, "KUBECONFIG": s.kubeconfig, "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary, "GITHUB_OUTPUT": outputs,
		"GITHUB_REPOSITORY": "acme/shop", "GITHUB_REF_NAME": "feature/login", "GITHUB_REF_TYPE": "branch", "GITHUB_EVENT_NAME": "push",
		"GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "1", "GITHUB_RUN_ATTEMPT": "1",
		"INPUT_CHART": s.chart, "INPUT_NAMESPACE": s.namespace, "INPUT_RELEASE": s.release, "INPUT_PREFLIGHT": "off",
	}
	ended := runBerth(t, env, "deploy").exit(t, 20)
	ended.says(t, "::error title=", "may not update secrets in namespace "+s.namespace, account.User)
	data, err := os.ReadFile(summary)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"kind: Role\n", "- update\n", "name: deployer"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the job summary lacks %q:\n%s", want, data)
		}
	}
	if data, err := os.ReadFile(outputs); err != nil || !strings.Contains(string(data), "exit-code<<") {
		t.Errorf("the outputs lack exit-code (%v):\n%s", err, data)
	}
}

// stuckByHelm is a release that Helm itself left pending the founding way,
// while it said that it had deployed it.
func stuckByHelm(t *testing.T, args ...string) (*fixture, *kubetest.Account) {
	t.Helper()
	s, account := blind(t)
	args = append([]string{"upgrade", "--install", "--wait", s.release, s.chart}, args...)
	out, errs, code := s.HelmRun(t, kubetest.Helm(t, 3), s.kubeconfig, s.namespace, args...)
	if code != 0 || !strings.Contains(out, "STATUS: deployed") {
		t.Fatalf("helm said (%d): %s%s", code, out, errs)
	}
	if got := s.helmStatus(kubetest.Helm(t, 3)); got != "pending-install" {
		t.Fatalf("helm stored %q; it was expected to leave pending-install", got)
	}
	return s, account
}

func TestRepairOfWhatHelmLeftStuck(t *testing.T) {
	s, account := stuckByHelm(t)
	before := s.pods()
	account.Grant(t, s.namespace, s.SecretRules("update")...)

	s.berth("check", "--check-timeout", "1s").exit(t, 24).says(t, "pending-install")
	s.berth("repair", "--lock-timeout", "0s").exit(t, 22).says(t, "not made by Berth")
	s.berth("repair", "--assume-dead-after", "1s").exit(t, 24).says(t, "--on-stuck promote")
	if got := s.statuses(); got[1] != "pending-install" {
		t.Fatalf("a refused repair changed the record to %v", got)
	}
	s.berth("repair", "--on-stuck", "promote", "--assume-dead-after", "1s").exit(t, 0)
	if after := s.pods(); !maps.Equal(before, after) {
		t.Errorf("pods were restarted: %v before, %v after", before, after)
	}
	s.berth("check").exit(t, 0)
	s.helmReads("deployed")
}

func TestRepairWithoutThePermissionThatWasMissing(t *testing.T) {
	s, account := stuckByHelm(t)
	s.berth("repair", "--on-stuck", "promote", "--assume-dead-after", "1s").exit(t, 20).
		says(t, account.User, "update secrets in namespace "+s.namespace)
}

func TestRepairDoesNotPromoteWhatWasEditedSince(t *testing.T) {
	s, account := stuckByHelm(t)
	account.Grant(t, s.namespace, s.SecretRules("update")...)
	api := s.Client().CoreV1().ConfigMaps(s.namespace)
	cm, err := api.Get(t.Context(), s.release, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cm.Data["greeting"] = "edited by hand"
	if _, err := api.Update(t.Context(), cm, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	kubetest.Eventually(t, waitLimit, func() (bool, string) {
		e := s.berth("repair", "--on-stuck", "promote", "--assume-dead-after", "1s")
		return e.code == 24 && strings.Contains(e.stdout, "greeting"), e.stdout
	})
	if got := s.statuses(); got[1] != "pending-install" {
		t.Errorf("the record became %v", got)
	}
	// Told so, it unlocks, and a deploy heals it.
	s.berth("repair", "--on-stuck", "unlock", "--assume-dead-after", "1s").exit(t, 0)
	s.berth("deploy", "--adopt").exit(t, 0)
	s.helmReads("deployed")
}

func TestDeployOverWhatHelmLeftStuck(t *testing.T) {
	s, account := stuckByHelm(t)
	account.Grant(t, s.namespace, s.SecretRules("update")...)
	s.berth("deploy", "--lock-timeout", "0s").exit(t, 22) // ten seconds old: it could be alive
	kubetest.Eventually(t, waitLimit, func() (bool, string) {
		e := s.berth("deploy", "--assume-dead-after", "1s", "--adopt")
		return e.code == 0, e.stdout
	})
	s.helmReads("deployed")
}
