//go:build cluster

package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// leave makes the chart's ConfigMap as another release would have left it.
func (s *fixture) leave(owner string) {
	s.t.Helper()
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Name: s.release, Labels: map[string]string{"app.kubernetes.io/managed-by": "Helm"},
		Annotations: map[string]string{"meta.helm.sh/release-name": owner, "meta.helm.sh/release-namespace": s.namespace},
	}}
	if _, err := s.Client().CoreV1().ConfigMaps(s.namespace).Create(s.t.Context(), cm, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// T57: somebody deleted the records; the objects are taken up again.
func TestDeployAdoptsWhatLostItsRecords(t *testing.T) {
	s := newFixture(t)
	s.berth("deploy").exit(t, 0)
	before := s.pods()
	records := metav1.ListOptions{LabelSelector: "owner=helm"}
	if err := s.Client().CoreV1().Secrets(s.namespace).DeleteCollection(t.Context(), metav1.DeleteOptions{}, records); err != nil {
		t.Fatal(err)
	}
	s.berth("deploy").exit(t, 0).checksHold(t)
	after := s.pods()
	for name, uid := range before {
		if after[name] != uid {
			t.Errorf("pod %s was restarted", name)
		}
	}
	s.helmReads("deployed")
}

// Objects of a release that has no record any more are taken over (E3 in
// docs/stuck.md).
func TestDeployTakesOverFromAReleaseThatIsNoMore(t *testing.T) {
	s := newFixture(t)
	s.leave("past")
	s.berth("deploy").exit(t, 0).checksHold(t)
	if got := s.greeting(); got != "hello" {
		t.Errorf("the greeting is %q", got)
	}
	s.helmReads("deployed")
}

// T58: what belongs to a living release stays with it.
func TestDeployLeavesALivingReleasesObjects(t *testing.T) {
	s := newFixture(t)
	other := *s
	other.release = "other"
	other.berth("deploy").exit(t, 0)
	s.leave("other")
	s.berth("deploy").exit(t, 27).says(t, "ConfigMap/web belongs to release "+s.namespace+"/other")
	if got := s.statuses(); len(got) > 0 {
		t.Errorf("stored is %v, want nothing", got)
	}
}

// A deploy that is refused does not adopt the namespace: the next teardown, by
// whichever branch, would delete it with all that others have put into it.
func TestARefusedDeployAdoptsNoNamespace(t *testing.T) {
	s := newFixture(t)
	s.kubeconfig = s.Kubeconfig() // of somebody who may delete namespaces
	s.berth("deploy").exit(t, 0)
	other := *s
	other.branch = "feature/other"
	other.berth("deploy", "--adopt=all").exit(t, 27)
	s.berth("teardown").exit(t, 0).says(t, "the namespace stays")
	ns, err := s.Client().CoreV1().Namespaces().Get(t.Context(), s.namespace, metav1.GetOptions{})
	if err != nil || ns.DeletionTimestamp != nil || ns.Labels["berth.dev/identity"] != "" {
		t.Errorf("namespace %+v, %v", ns, err)
	}
}
