package e2e

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A deleted pod ends at once, after its own time, or after all of its grace period;
// what runs in it is ended by then.
func TestStop(t *testing.T) {
	for stop, least := range map[string]time.Duration{"": 0, "2s": 2 * time.Second, "grace": 3 * time.Second} {
		t.Run(stop, func(t *testing.T) {
			t.Parallel()
			name := createPod(t, "registry.example/app:1", map[string]string{"stop": stop})
			awaitPod(t, name, func(pod *corev1.Pod, _ corev1.ContainerStatus) bool { return ready(pod) })
			pods, grace := shared.client.CoreV1().Pods("default"), int64(4)
			began := time.Now()
			if err := pods.Delete(t.Context(), name, metav1.DeleteOptions{GracePeriodSeconds: &grace}); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() error {
				pod, err := pods.Get(t.Context(), name, metav1.GetOptions{})
				if apierrors.IsNotFound(err) {
					return nil
				}
				return fmt.Errorf("pod %s is still there (%s): %+v", name, fmt.Sprint(err), pod.Status)
			})
			// The deadline that the API server sets is of whole seconds.
			if took := time.Since(began); took < least {
				t.Errorf("gone after %s", took)
			}
		})
	}
}

// The pods of a node without the label are left alone, as by a kubelet that is down,
// and go on when it is back.
func TestAnotherNode(t *testing.T) {
	t.Parallel()
	nodes := shared.client.CoreV1().Nodes()
	first, err := nodes.Get(t.Context(), "node-1", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	node, err := nodes.Create(t.Context(), &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "node-", Labels: map[string]string{"sim.berth.dev/kubelet": ""}},
		Spec:       corev1.NodeSpec{Taints: []corev1.Taint{{Key: "test", Value: "other", Effect: corev1.TaintEffectNoSchedule}}},
		Status:     first.Status,
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	template := podTemplate("registry.example/app:1", nil)
	template.Spec.NodeName = node.Name
	awaitPod(t, create(t, template), func(pod *corev1.Pod, _ corev1.ContainerStatus) bool { return ready(pod) })

	label := func(value string) {
		t.Helper()
		patch := []byte(`{"metadata": {"labels": {"sim.berth.dev/kubelet": ` + value + `}}}`)
		if _, err := nodes.Patch(t.Context(), node.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	label("null")
	pods := shared.client.CoreV1().Pods("default")
	var left string
	eventually(t, func() error { // the node hears of it in a moment
		left = create(t, template)
		for until := time.Now().Add(time.Second); time.Now().Before(until); {
			if pod, err := pods.Get(t.Context(), left, metav1.GetOptions{}); err != nil || ready(pod) {
				return fmt.Errorf("pod %s is ready on a node that is down (%s)", left, fmt.Sprint(err))
			}
		}
		return nil
	})
	label(`""`)
	awaitPod(t, left, func(pod *corev1.Pod, _ corev1.ContainerStatus) bool { return ready(pod) })
}
