//go:build cluster

package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// allowed returns a fixture whose user may do what the rules say and nothing else.
func allowed(t *testing.T, rules ...[]rbacv1.PolicyRule) (*fixture, *kubetest.Account) {
	t.Helper()
	t.Parallel()
	c := kubetest.Connect(t)
	s := &fixture{Cluster: c, t: t, namespace: c.Namespace(t), release: "web", branch: "feature/login", chart: "testdata/small"}
	account := c.ServiceAccount(t, s.namespace, "deployer", slices.Concat(rules...)...)
	s.kubeconfig = account.Kubeconfig
	return s, account
}

// nothingWasMade fails the test if a refused deploy left anything behind.
func (s *fixture) nothingWasMade() {
	s.t.Helper()
	leases, err := s.Client().CoordinationV1().Leases(s.namespace).List(s.t.Context(), metav1.ListOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	if len(s.statuses()) > 0 || s.objects() > 0 || len(leases.Items) > 0 {
		s.t.Errorf("made were records %v, %d objects and %d Leases", s.statuses(), s.objects(), len(leases.Items))
	}
}

// missing are the permissions that the report says are missing.
func (e ended) missing() (verbs []string) {
	gaps, _ := e.report["missingPermissions"].([]any)
	for _, g := range gaps {
		gap, _ := g.(map[string]any)
		verbs = append(verbs, fmt.Sprintf("%v %v", gap["verb"], gap["resource"]))
	}
	return verbs
}

// apply does with the RBAC in a report what its reader is asked to do.
func (s *fixture) apply(e ended) {
	s.t.Helper()
	if !strings.Contains(e.stdout, strings.TrimSpace(e.text("rbac"))) {
		s.t.Errorf("the RBAC is not printed:\n%s", e.stdout)
	}
	s.ApplyRBAC(s.t, e.text("rbac"))
}

func TestPreflightFindsEachStorageVerb(t *testing.T) {
	verbs := []string{"get", "list", "create", "update"}
	for _, verb := range verbs {
		t.Run(verb, func(t *testing.T) {
			c := kubetest.Connect(t)
			others := slices.DeleteFunc(slices.Clone(verbs), func(v string) bool { return v == verb })
			s, account := allowed(t, c.DeployerRules(), c.LeaseRules(), c.SecretRules(others...))
			account.GrantCluster(t, namespaceGet)

			e := s.berth("deploy", "--rbac-wait", "0s").exit(t, 20).
				says(t, account.User, verb+" secrets in namespace "+s.namespace, "kind: RoleBinding")
			if got := e.missing(); !slices.Equal(got, []string{verb + " secrets"}) {
				t.Errorf("missing is %q, want %s secrets alone", got, verb)
			}
			s.nothingWasMade()

			s.apply(e)
			s.berth("deploy").exit(t, 0)
			s.helmReads("deployed")
		})
	}
}

func TestPreflightFindsAllGapsAtOnce(t *testing.T) {
	c := kubetest.Connect(t)
	s, account := allowed(t, c.DeployerRules()) // neither Secrets nor Leases, nor a look at the namespace
	e := s.berth("deploy", "--rbac-wait", "0s").exit(t, 20).says(t, account.User)
	want := []string{"get namespaces", "get secrets", "list secrets", "create secrets", "update secrets"}
	if got := e.missing(); !slices.Equal(got, want) {
		t.Errorf("missing is %q, want %q", got, want)
	}
	s.nothingWasMade()
	s.apply(e)
	s.berth("deploy").exit(t, 0).checksHold(t)
	s.helmReads("deployed")
}

// For namespaces per branch there is no place for a Role beforehand.
func TestPreflightOfANamespaceToBeMade(t *testing.T) {
	c := kubetest.Connect(t)
	s, account := allowed(t)
	account.GrantCluster(t, append(c.DeployerRules(), namespaceGet)...)
	s.env = map[string]string{"BERTH_APP": c.Name(t, "shop")}
	own := s.namespace

	flags := []string{"--namespace", "", "--release", "", "--rbac-wait", "0s"}
	e := s.berth("deploy", flags...).exit(t, 20).says(t, account.User, "create namespaces", "kind: ClusterRole\n", "EVERY namespace")
	if s.namespace = e.text("namespace"); s.namespace == own || !s.namespaceGone() {
		t.Fatalf("namespace %s was made", s.namespace)
	}
	t.Cleanup(func() {
		_ = c.Client().CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), s.namespace, metav1.DeleteOptions{})
	})

	s.apply(e)
	flags[len(flags)-1] = "20s"
	s.release = s.berth("deploy", flags...).exit(t, 0).checksHold(t).text("release")
	s.helmReads("deployed")
}

// whenSaid closes a channel once a text was printed.
type whenSaid struct {
	text  string
	said  chan struct{}
	whole strings.Builder
}

func (w *whenSaid) Write(b []byte) (int, error) {
	before := strings.Contains(w.whole.String(), w.text)
	n, err := w.whole.Write(b)
	if !before && strings.Contains(w.whole.String(), w.text) {
		close(w.said)
	}
	return n, err
}

func TestPreflightWaitsForARoleBinding(t *testing.T) {
	c := kubetest.Connect(t)
	s, account := allowed(t, c.DeployerRules(), c.LeaseRules())
	account.GrantCluster(t, namespaceGet)
	env, args := s.command("deploy", "--rbac-wait", "1m")
	out := &whenSaid{text: "Waiting up to 1m0s", said: make(chan struct{})}
	done := make(chan ended, 1)
	go func() { done <- runBerthOn(t, out, out, env, args...) }()
	select {
	case <-out.said:
		account.Grant(t, s.namespace, c.SecretRules("get", "list", "create", "update")...)
		(<-done).exit(t, 0).checksHold(t)
	case e := <-done:
		t.Fatalf("it did not wait: exit code %d, and it said:\n%s", e.code, out.whole.String())
	}
	s.helmReads("deployed")
}

// Deleting is needed by the run that prunes, and by no other.
func TestPreflightAsksForDeleteWhenItPrunes(t *testing.T) {
	c := kubetest.Connect(t)
	s, account := allowed(t, c.DeployerRules(), c.LeaseRules(), c.SecretRules("get", "list", "create", "update", "watch"))
	account.GrantCluster(t, namespaceGet)
	for range 2 {
		s.berth("deploy", "--max-history", "3").exit(t, 0)
	}
	pods, stored := s.pods(), s.statuses()
	e := s.berth("deploy", "--max-history", "2", "--rbac-wait", "0s", "--set", "greeting=bye").exit(t, 20).
		says(t, "delete secrets in namespace "+s.namespace)
	if after := s.statuses(); !maps.Equal(stored, after) || !maps.Equal(pods, s.pods()) || s.greeting() != "hello" {
		t.Errorf("stored was %v and is %v; it was to touch nothing", stored, after)
	}

	s.apply(e)
	s.berth("deploy", "--max-history", "2").exit(t, 0)
	if got := s.statuses(); !maps.Equal(got, map[int]string{2: "superseded", 3: "deployed"}) {
		t.Errorf("stored is %v, want the last two revisions", got)
	}
	s.helmReads("deployed")
}

func TestPreflightDegradesWithoutWatchAndLeases(t *testing.T) {
	c := kubetest.Connect(t)
	rules := slices.Concat(c.DeployerRules(), c.SecretRules("get", "list", "create", "update"))
	for i := range rules {
		rules[i].Verbs = slices.DeleteFunc(slices.Clone(rules[i].Verbs), func(v string) bool { return v == "watch" })
	}
	s, account := allowed(t, rules)
	account.GrantCluster(t, namespaceGet)
	s.berth("deploy", "--set", "hook=true").exit(t, 0).checksHold(t).
		says(t, "notice: Permission missing", "watch secrets", "create leases.coordination.k8s.io")
	s.helmReads("deployed")
}

func TestPreflightAlone(t *testing.T) {
	c := kubetest.Connect(t)
	s, account := allowed(t)
	e := s.berth("preflight", "--rbac-wait", "0s").exit(t, 20).says(t, account.User, "kind: Role\n")
	for _, want := range []string{"get namespaces", "get secrets", "list secrets", "create secrets", "update secrets", "delete secrets"} {
		if !slices.Contains(e.missing(), want) {
			t.Errorf("missing is %q, without %q", e.missing(), want)
		}
	}
	s.nothingWasMade()
	s.apply(e)
	if granted := s.berth("preflight").exit(t, 0); granted.text("rbac") != "" {
		t.Errorf("it shows RBAC although nothing is missing: %s", granted.text("rbac"))
	}
	s.berth("preflight", "--for", "system:anonymous").exit(t, 64).says(t, "nothing can be granted to such a name")
	s.nothingWasMade()

	account.Grant(t, s.namespace, c.DeployerRules()...)
	s.berth("deploy").exit(t, 0)
}

// What another account needs is written before it has failed once, and suffices.
func TestPreflightForAnother(t *testing.T) {
	c := kubetest.Connect(t)
	s, account := allowed(t)
	admin := *s
	admin.kubeconfig = c.Kubeconfig()
	e := admin.berth("preflight", "--for", account.User).exit(t, 0).says(t, "This is what "+account.User+" needs", "kind: Role\n")
	s.nothingWasMade()
	s.apply(e)
	account.Grant(t, s.namespace, c.DeployerRules()...)
	s.berth("preflight").exit(t, 0)
	s.berth("deploy").exit(t, 0)
}
