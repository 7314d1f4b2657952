//go:build cluster

package e2e

import (
	"fmt"
	"maps"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

func TestTwoDeploysAtOnceGoOneAfterTheOther(t *testing.T) {
	s := newFixture(t)
	var runs [2]ended
	var both sync.WaitGroup
	for i := range runs {
		both.Go(func() { runs[i] = s.berth("deploy", "--set", fmt.Sprintf("greeting=run %d", i)) })
	}
	both.Wait()
	for _, run := range runs {
		run.exit(t, 0).checksHold(t)
	}
	if got := s.statuses(); !maps.Equal(got, map[int]string{1: "superseded", 2: "deployed"}) {
		t.Errorf("stored is %v, want 1 superseded and 2 deployed", got)
	}
	s.helmReads("deployed")
}

func TestDeployStopsWhenAnotherHoldsTheLock(t *testing.T) {
	s := newFixture(t)
	first := make(chan ended)
	go func() {
		first <- s.berth("deploy", "--set", "replicas=1", "--set", `podAnnotations.sim\.berth\.dev/behaviour=slow`,
			"--set-string", `podAnnotations.sim\.berth\.dev/delay=1h`)
	}()
	var pod corev1.Pod
	kubetest.Eventually(t, waitLimit, func() (bool, string) {
		list, err := s.Client().CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil || len(list.Items) == 0 || len(list.Items[0].Status.ContainerStatuses) == 0 {
			return false, "no pod of the first deploy runs"
		}
		pod = list.Items[0]
		return true, ""
	})

	second := s.berth("deploy", "--lock-timeout", "1s", "--set", "greeting=second")
	s.makeReady(&pod)
	(<-first).exit(t, 0)
	second.exit(t, 21).says(t, "Waiting for the lock, held by", "lock-timeout")
	if got := s.statuses(); !maps.Equal(got, map[int]string{1: "deployed"}) || s.greeting() != "hello" {
		t.Errorf("stored is %v, the greeting %q; the second deploy was to touch nothing", got, s.greeting())
	}
	s.helmReads("deployed")
}

// makeReady makes the pods ready, in place of the simulated node, which was
// configured to do so after an hour.
func (s *fixture) makeReady(pod *corev1.Pod) {
	s.t.Helper()
	for i := range pod.Status.Conditions {
		pod.Status.Conditions[i].Status = corev1.ConditionTrue
	}
	for i := range pod.Status.ContainerStatuses {
		pod.Status.ContainerStatuses[i].Ready = true
	}
	if _, err := s.Client().CoreV1().Pods(s.namespace).UpdateStatus(s.t.Context(), pod, metav1.UpdateOptions{}); err != nil {
		s.t.Fatal(err)
	}
}
