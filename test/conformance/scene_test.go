//go:build conformance

package conformance

import (
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// shortLease is the lock-duration of every row but those with Real. A run that
// was killed then counts as dead twenty-one seconds after its last sign. Shorter,
// and a machine that is busy with eight rows loses Leases.
const shortLease = 7 * time.Second

// scene is the world of one row: a namespace, a user, a chart, and Berth and
// Helm as processes.
type scene struct {
	*kubetest.Cluster
	t   *testing.T
	row row

	namespace, release, branch, chart string
	kubeconfig                        string // of Berth's user; empty: the usual one, made when needed
	account                           *kubetest.Account
	env                               map[string]string // beside the usual environment, or over it

	mu   sync.Mutex
	runs []*process // of Berth, in the order of their start
	seen string     // what the matrix shows of it
}

func newScene(t *testing.T, r row) *scene {
	t.Helper()
	c := kubetest.Connect(t)
	s := &scene{Cluster: c, t: t, row: r, namespace: c.Namespace(t), release: "web", branch: "feature/login",
		chart: "testdata/app", env: map[string]string{}}
	if !r.Real {
		s.env["BERTH_LOCK_DURATION"] = shortLease.String()
	}
	t.Cleanup(s.explain)
	return s
}

// may makes a user for Berth who can deploy the chart's objects and do what
// the rules say; Secrets and Leases are not among the former.
func (s *scene) may(rules ...[]rbacv1.PolicyRule) *kubetest.Account {
	s.t.Helper()
	return s.mayOnly(append(rules, s.DeployerRules())...)
}

// mayOnly makes a user for Berth who can do what the rules say, look at
// namespaces, and nothing else.
func (s *scene) mayOnly(rules ...[]rbacv1.PolicyRule) *kubetest.Account {
	s.t.Helper()
	s.account = s.ServiceAccount(s.t, s.namespace, "deployer", slices.Concat(rules...)...)
	s.account.GrantCluster(s.t, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}})
	s.kubeconfig = s.account.Kubeconfig
	return s.account
}

// admin makes Berth the administrator, in a namespace that it has to make.
func (s *scene) admin() {
	s.t.Helper()
	s.namespace, s.kubeconfig = s.Name(s.t, "review"), s.Kubeconfig()
}

// user is the kubeconfig of Berth's user, the usual one unless the row chose.
func (s *scene) user() string {
	s.t.Helper()
	if s.kubeconfig == "" {
		s.may(s.SecretRules(), s.LeaseRules())
	}
	return s.kubeconfig
}

// padding are the flags that make the record larger by about that many bytes.
func (s *scene) padding(bytes int) []string {
	s.t.Helper()
	path := s.t.TempDir() + "/padding"
	if err := os.WriteFile(path, incompressible(bytes), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return []string{"--set-file", "padding=" + path}
}

// explain shows, when the row failed, what every run said.
func (s *scene) explain() {
	if !s.t.Failed() {
		return
	}
	for i, p := range s.started() {
		s.t.Logf("run %d, %s, ended with %s:\n%s", i+1, p.verb, p, p.out)
	}
}

func (s *scene) started() []*process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.runs)
}
