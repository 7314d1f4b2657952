//go:build node

package rows

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// patience bounds what a row waits for on the node.
const patience = 2 * time.Minute

// await has the time of the moment kept when it comes.
func (s *scenario) await(m moment) {
	came := make(chan time.Time, 1)
	s.moments[m] = came
	has := map[moment]func(context.Context) bool{ready: s.deploymentReady, refused: s.someContainerRefused, jobFailed: s.someJobFailed}[m]
	ctx := s.t.Context()
	go func() {
		for tick := time.NewTicker(100 * time.Millisecond); !has(ctx); {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
		came <- time.Now()
	}()
}

func (s *scenario) deploymentReady(ctx context.Context) bool {
	web, err := s.Client().AppsV1().Deployments(s.namespace).Get(ctx, "web", metav1.GetOptions{})
	return err == nil && available(web)
}

// available tells whether all replicas of the newest revision are there.
func available(d *appsv1.Deployment) bool {
	return d.Status.ObservedGeneration == d.Generation && d.Status.UpdatedReplicas == *d.Spec.Replicas &&
		d.Status.AvailableReplicas == *d.Spec.Replicas
}

// someContainerRefused tells whether the kubelet says that it cannot start a container.
// How long it takes to come to that is the node's affair.
func (s *scenario) someContainerRefused(ctx context.Context) bool {
	found, err := s.Client().CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{})
	return err == nil && slices.ContainsFunc(found.Items, func(p corev1.Pod) bool {
		return slices.ContainsFunc(p.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool {
			return c.State.Terminated != nil || c.LastTerminationState.Terminated != nil ||
				c.State.Waiting != nil && strings.HasSuffix(c.State.Waiting.Reason, "Error")
		})
	})
}

// someJobFailed tells whether a Job has failed, as it has as soon as its controller
// says that it is going to: it waits until its pods are gone before it says more.
func (s *scenario) someJobFailed(ctx context.Context) bool {
	jobs, err := s.Client().BatchV1().Jobs(s.namespace).List(ctx, metav1.ListOptions{})
	return err == nil && slices.ContainsFunc(jobs.Items, func(j batchv1.Job) bool {
		return slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
			return c.Type == batchv1.JobFailed || c.Type == batchv1.JobFailureTarget
		})
	})
}

// until waits for a condition, and fails the row when it does not come.
func (s *scenario) until(what string, holds func() bool) {
	s.t.Helper()
	kubetest.Eventually(s.t, patience, func() (bool, string) { return holds(), what })
}

// pods are the pods of the row, those that are ending among them.
func (s *scenario) pods() []corev1.Pod {
	s.t.Helper()
	found, err := s.Client().CoreV1().Pods(s.namespace).List(s.t.Context(), metav1.ListOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return found.Items
}

// running counts the pods whose containers run, however they are about to end.
func (s *scenario) running() (n int) {
	for _, pod := range s.pods() {
		for _, status := range pod.Status.ContainerStatuses {
			if status.State.Running != nil {
				n++
			}
		}
	}
	return n
}

// restarted tells whether some container has begun again as often.
func (s *scenario) restarted(times int32) bool {
	return slices.ContainsFunc(s.pods(), func(p corev1.Pod) bool {
		return slices.ContainsFunc(p.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool { return c.RestartCount >= times })
	})
}

// touch makes a file in the folder that the row's pods share.
func (s *scenario) touch(name string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.shared, name), nil, 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// touched tells whether the pods made a file in the folder that they share.
func (s *scenario) touched(name string) bool {
	_, err := os.Stat(filepath.Join(s.shared, name))
	return err == nil
}

// serves fails the row unless so many pods are ready now.
func (s *scenario) serves(want int32) {
	s.t.Helper()
	web, err := s.Client().AppsV1().Deployments(s.namespace).Get(s.t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	if web.Status.ReadyReplicas < want {
		s.t.Errorf("%d pods serve, want %d", web.Status.ReadyReplicas, want)
	}
}

// stopKubelet stops the kubelet as a node does that freezes. It goes on at the row's
// end, or with the function that is returned, which waits until the node is well.
func (s *scenario) stopKubelet() (goOn func()) {
	s.t.Helper()
	pid, err := strconv.Atoi(os.Getenv("BERTH_TEST_KUBELET_PID"))
	if err != nil {
		s.t.Fatalf("no kubelet to stop: %v", err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
	goOn = func() {
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			s.t.Error(err)
		}
		s.until("the node is ready again", s.nodeWell)
	}
	s.t.Cleanup(goOn)
	return goOn
}

// nodeWell tells whether the node takes pods.
func (s *scenario) nodeWell() bool {
	found, err := s.Client().CoreV1().Nodes().List(context.WithoutCancel(s.t.Context()), metav1.ListOptions{})
	return err == nil && len(found.Items) == 1 && len(found.Items[0].Spec.Taints) == 0
}

// namespaceStays makes the row's namespace, which Berth then does not delete.
func (s *scenario) namespaceStays() {
	s.t.Helper()
	_, err := s.Client().CoreV1().Namespaces().Create(s.t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		s.t.Fatal(err)
	}
	s.until("the namespace takes pods", func() bool {
		_, err := s.Client().CoreV1().ServiceAccounts(s.namespace).Get(s.t.Context(), "default", metav1.GetOptions{})
		return err == nil
	})
}
