//go:build cluster

package e2e

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/test/kubetest"
)

func TestTeardownOfAHealthyRelease(t *testing.T) {
	s := newAdminFixture(t)
	s.berth("deploy").exit(t, 0)
	s.berth("teardown").exit(t, 0).says(t, "is gone")
	if !s.namespaceGone() {
		t.Error("the namespace that Berth made is still there")
	}
	s.berth("teardown").exit(t, 0).says(t, "Nothing to take down")
}

func TestTeardownOfAFailedRelease(t *testing.T) {
	s := newAdminFixture(t)
	s.berth("deploy", "--timeout", "6s", "--set", "image=registry.example/app:missing").exit(t, 23)
	s.berth("teardown").exit(t, 0)
	if !s.namespaceGone() {
		t.Error("the namespace that Berth made is still there")
	}
}

func TestTeardownOfAPendingRelease(t *testing.T) {
	s, account := blind(t)
	s.berth("deploy", "--preflight", "off").exit(t, 20)
	account.Grant(t, s.namespace, s.SecretRules("update", "delete")...)
	s.berth("teardown").exit(t, 0)
	if len(s.statuses()) > 0 || s.objects() > 0 {
		t.Errorf("left are records %v and %d objects", s.statuses(), s.objects())
	}
	if s.namespaceGone() {
		t.Error("a namespace that Berth did not make was deleted")
	}
}

func TestTeardownOfWhatHelmLeftPending(t *testing.T) {
	s, account := stuckByHelm(t)
	account.Grant(t, s.namespace, s.SecretRules("update", "delete")...)
	s.berth("teardown", "--lock-timeout", "0s").exit(t, 22) // it could be alive
	kubetest.Eventually(t, waitLimit, func() (bool, string) {
		e := s.berth("teardown", "--assume-dead-after", "1s")
		return e.code == 27 && strings.Contains(e.stdout, "nothing shows that Berth deployed it"), e.stdout
	})
	if s.objects() == 0 {
		t.Fatal("objects that are not Berth's were deleted")
	}
	s.berth("teardown", "--assume-dead-after", "1s", "--adopt").exit(t, 0)
	if len(s.statuses()) > 0 || s.objects() > 0 {
		t.Errorf("left are records %v and %d objects", s.statuses(), s.objects())
	}
}

func TestTeardownLeavesANamespaceThatIsNotOurs(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy").exit(t, 0)
	if _, err := s.Client().CoreV1().ConfigMaps(s.namespace).Patch(t.Context(), "kube-root-ca.crt", types.MergePatchType,
		[]byte(`{"metadata":{"labels":{"somebody":"else"}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	s.berth("teardown").exit(t, 0)
	if s.namespaceGone() {
		t.Fatal("a namespace that Berth did not make was deleted")
	}
	if len(s.statuses()) > 0 || s.objects() > 0 {
		t.Errorf("left are records %v and %d objects", s.statuses(), s.objects())
	}
}

func TestTeardownKeepsANamespaceWithAnotherRelease(t *testing.T) {
	s := newAdminFixture(t)
	s.berth("deploy").exit(t, 0)
	if out, errs, code := s.HelmRun(t, kubetest.Helm(t, 3), s.Kubeconfig(), s.namespace, "install", "other", s.chart); code != 0 {
		t.Fatalf("helm install: %s%s", out, errs)
	}
	s.berth("teardown").exit(t, 27).says(t, "records of other releases", "other")
	if s.namespaceGone() {
		t.Fatal("the namespace of another release was deleted")
	}
	if got := s.objects(); got != 2 {
		t.Errorf("%d objects are left, want the other release's 2", got)
	}
}

func TestTeardownKeepsObjectsOfAnotherOwner(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy").exit(t, 0)
	if _, err := s.Client().CoreV1().Services(s.namespace).Patch(t.Context(), s.release, types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"meta.helm.sh/release-name":"somebody-else"}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	s.berth("teardown").exit(t, 0).says(t, "Service/"+s.release, "somebody-else")
	if got := s.objects(); got != 1 {
		t.Errorf("%d objects are left, want the one that is somebody else's", got)
	}
}

func TestTeardownOfAnotherBranchIsRefused(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy").exit(t, 0)
	s.branch = "feature/other"
	s.berth("teardown").exit(t, 27)
	if s.objects() != 2 || s.statuses()[1] != "deployed" {
		t.Errorf("another branch's release was touched: %v", s.statuses())
	}
}

func TestTeardownNamesWhatStays(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy").exit(t, 0)
	hold := func(finalizers string) {
		t.Helper()
		if _, err := s.Client().CoreV1().Services(s.namespace).Patch(t.Context(), s.release, types.MergePatchType,
			[]byte(`{"metadata":{"finalizers":`+finalizers+`}}`), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	hold(`["example.com/hold"]`)
	s.berth("teardown", "--timeout", "4s").exit(t, 24).says(t, "Service/"+s.release, "example.com/hold")
	if len(s.statuses()) == 0 {
		t.Error("the records were removed while an object is still there")
	}
	hold(`null`)
	s.berth("teardown").exit(t, 0)
	if len(s.statuses()) > 0 {
		t.Errorf("records are left: %v", s.statuses())
	}
}

func TestTeardownWithoutDeleteTouchesNothing(t *testing.T) {
	s, account := blind(t)
	account.Grant(t, s.namespace, s.SecretRules("update")...)
	s.berth("deploy").exit(t, 0)
	s.berth("teardown").exit(t, 20).says(t, "delete secrets in namespace "+s.namespace)
	if s.objects() != 2 {
		t.Error("objects were deleted")
	}
}
