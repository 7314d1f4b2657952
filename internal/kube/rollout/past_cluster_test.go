//go:build cluster

package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/health"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/test/kubetest"
)

// A Deployment that was deleted and made anew is not ready because its predecessor
// was, which a watch of several objects replays.
func TestWaitIsNotForANamesakeOfThePast(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	shop(t, cluster, namespace, "old", "1h")
	kept := applied(t, cluster, namespace, "old")
	shop(t, cluster, namespace, "web", "100ms")
	if err := wait(t, waiter(t, cluster.Config(), namespace), time.Minute, web); err != nil {
		t.Fatal(err)
	}
	background := metav1.DeletePropagationBackground
	if err := cluster.Client().AppsV1().Deployments(namespace).Delete(t.Context(), "web",
		metav1.DeleteOptions{PropagationPolicy: &background}); err != nil {
		t.Fatal(err)
	}
	if err := waiter(t, cluster.Config(), namespace).WaitForDelete(t.Context(), rollout.ByName([]facts.Ref{web})); err != nil {
		t.Fatal(err)
	}
	shop(t, cluster, namespace, "web", "1h")
	made := applied(t, cluster, namespace, "web")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	err := waiter(t, cluster.Config(), namespace).WaitForReady(ctx, manifest.Objects{kept, made})
	var unready *rollout.NotReadyError
	if !errors.As(err, &unready) || len(unready.Objects) != 2 {
		t.Errorf("neither is ready: %v", err)
	}
}

// An object that loses the label by which it is watched is still waited for.
func TestWaitForWhatLosesItsLabel(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	shop(t, cluster, namespace, "api", "3s")
	shop(t, cluster, namespace, "web", "3s")
	both := manifest.Objects{applied(t, cluster, namespace, "api"), applied(t, cluster, namespace, "web")}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	w := waiter(t, cluster.Config(), namespace)
	go func() { done <- w.WaitForReady(ctx, both) }()
	lost := []byte(`{"metadata": {"labels": {"of": null}}}`)
	if _, err := cluster.Client().AppsV1().Deployments(namespace).Patch(t.Context(), "web", types.MergePatchType, lost,
		metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A deploy that provides what the pods lacked, and changes nothing of the Deployment,
// is not failed by their old state before the kubelet has tried again.
func TestWaitForWhatThisDeployMended(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	deployment(t, cluster, namespace, behaving("config-late", ", sim.berth.dev/delay: 9s", ""))
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) {
		list, err := cluster.Client().CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
		return err == nil && len(list.Items) == 1 && strings.Contains(health.PodReason(&list.Items[0]), "CreateContainerConfigError"),
			fmt.Sprint("no pod lacks anything: ", err)
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := failFastWaiter(t, cluster, namespace).WaitForReady(ctx, manifest.Objects{applied(t, cluster, namespace, "web")}); err != nil {
		t.Error(err)
	}
}
