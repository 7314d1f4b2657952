//go:build conformance

package conformance

import (
	"os"
	"os/exec"
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

// fixture is what one row works with: a namespace, a user, a chart, and Berth and
// Helm as processes.
type fixture struct {
	*kubetest.Cluster
	t   *testing.T
	row row

	namespace, release, branch, chart string
	kubeconfig                        string // of Berth's user; empty: the usual one, made when needed
	account                           *kubetest.Account
	env                               map[string]string // beside the usual environment, or over it
	onStart                           func(*exec.Cmd)   // changes the runs that start from now on; nil: nothing
	measured                          bool              // the memory is noted that the runs take which start from now on

	mu   sync.Mutex
	runs []*process // of Berth, in the order of their start
	seen string     // the matrix's column "seen"
}

func newFixture(t *testing.T, r row) *fixture {
	t.Helper()
	c := kubetest.Connect(t)
	s := &fixture{Cluster: c, t: t, row: r, namespace: c.Namespace(t), release: "web", branch: "feature/login",
		chart: "testdata/app", env: map[string]string{}}
	if !r.Real {
		s.env["BERTH_LOCK_DURATION"] = shortLease.String()
	}
	t.Cleanup(s.logRuns)
	return s
}

// deployerWith creates the user that Berth runs as. The user may deploy the chart's
// objects and do what the rules say. Secrets and Leases are not among the former.
func (s *fixture) deployerWith(rules ...[]rbacv1.PolicyRule) *kubetest.Account {
	s.t.Helper()
	return s.userWith(append(rules, s.DeployerRules())...)
}

// userWith creates the user that Berth runs as. The user may do what the rules
// say, get namespaces, and nothing else.
func (s *fixture) userWith(rules ...[]rbacv1.PolicyRule) *kubetest.Account {
	s.t.Helper()
	s.account = s.ServiceAccount(s.t, s.namespace, "deployer", slices.Concat(rules...)...)
	s.account.GrantCluster(s.t, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}})
	s.kubeconfig = s.account.Kubeconfig
	return s.account
}

// asAdmin has Berth run as the administrator, in a namespace that it has to create.
func (s *fixture) asAdmin() {
	s.t.Helper()
	s.namespace, s.kubeconfig = s.Name(s.t, "review"), s.Kubeconfig()
}

// user returns the kubeconfig of the user that Berth runs as. It creates the usual
// user if the row has chosen none.
func (s *fixture) user() string {
	s.t.Helper()
	if s.kubeconfig == "" {
		s.deployerWith(s.SecretRules(), s.LeaseRules())
	}
	return s.kubeconfig
}

// padding returns the flags that make the record larger by about that many bytes.
func (s *fixture) padding(bytes int) []string {
	s.t.Helper()
	path := s.t.TempDir() + "/padding"
	if err := os.WriteFile(path, randomText(bytes), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return []string{"--set-file", "padding=" + path}
}

// logRuns logs what every run printed if the row failed.
func (s *fixture) logRuns() {
	if !s.t.Failed() {
		return
	}
	for i, p := range s.started() {
		s.t.Logf("run %d, %s, ended with %s:\n%s", i+1, p.verb, p, p.out)
	}
}

func (s *fixture) started() []*process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.runs)
}
