//go:build cluster

package e2e

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// A release that somebody made with Helm alone is not a review app: deployed
// over once, it would count as one, and the next teardown would take it.
func TestAStrangersReleaseIsLeftAlone(t *testing.T) {
	s := newFixture(t)
	if out, errs, code := s.HelmRun(t, kubetest.Helm(t, 3), s.Kubeconfig(), s.namespace, "install", s.release, s.chart); code != 0 {
		t.Fatalf("helm install: %s%s", out, errs)
	}
	for _, verb := range []string{"deploy", "teardown"} {
		s.berth(verb).exit(t, 27).says(t, "nothing shows that Berth deployed it", "adopt")
	}
	if got := s.statuses(); len(got) != 1 || got[1] != "deployed" {
		t.Fatalf("the records became %v", got)
	}
	s.berth("deploy", "--adopt").exit(t, 0)
	s.berth("teardown").exit(t, 0)
	if s.objects() > 0 {
		t.Error("objects are left")
	}
}

// An upgrade that failed before its deletions leaves objects that only the
// revision before knows.
func TestTeardownTakesWhatAnOlderRevisionLeft(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy", "--set", "frozen=a", "--set", "extra=true").exit(t, 0)
	s.berth("deploy", "--set", "frozen=b").exit(t, 23).says(t, "immutable")
	s.berth("teardown").exit(t, 0)
	_, err := s.Client().CoreV1().ConfigMaps(s.namespace).Get(t.Context(), "web-extra", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("reading the ConfigMap that the first revision alone has: %v", err)
	}
	if len(s.statuses()) > 0 {
		t.Errorf("records are left: %v", s.statuses())
	}
}

// A lock that can be made but not renewed would run out in the middle of a
// deploy.
func TestLeasesThatCannotBeRenewedAreNotUsed(t *testing.T) {
	c := kubetest.Connect(t)
	leases := c.LeaseRules()
	leases[0].Verbs = []string{"get", "create", "watch"}
	s := newFixture(t, c.SecretRules(), leases)
	s.berth("deploy").exit(t, 0).says(t, "No lock")
	s.helmReads("deployed")
}
