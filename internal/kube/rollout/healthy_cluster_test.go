//go:build cluster

package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// A fault that passes fails nothing, however long the rest takes.
func TestSlowButHealthy(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	for name, template := range map[string]string{
		"one failed pull":           behaving("image-pull-once", "", ""),
		"one crash":                 behaving("crash-once", "", ""),
		"a Secret that comes":       behaving("config-late", ", sim.berth.dev/delay: 1500ms", ""),
		"mounted late, pulled long": behaving("mount-late", ", sim.berth.dev/delay: 7s", ""),
		"a start that takes long":   behaving("slow", ", sim.berth.dev/delay: 8s", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := cluster.Namespace(t)
			deployment(t, cluster, namespace, template)
			if err := wait(t, failFastWaiter(t, cluster, namespace), time.Minute, web); err != nil {
				t.Error(err)
			}
		})
	}
}

// Neither the eviction of a pod nor scaling ends a wait.
func TestWaitThroughEvictionAndScaling(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	deployment(t, cluster, namespace, behaving("slow", ", sim.berth.dev/delay: 5s", ""))
	done := make(chan error, 1)
	w := failFastWaiter(t, cluster, namespace)
	go func() { done <- wait(t, w, time.Minute, web) }()
	pods := cluster.Client().CoreV1().Pods(namespace)
	var victim string
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) {
		list, err := pods.List(t.Context(), metav1.ListOptions{LabelSelector: "app=web"})
		if err != nil || len(list.Items) == 0 || list.Items[0].Status.Phase != corev1.PodRunning {
			return false, fmt.Sprint("no pod runs: ", err)
		}
		victim = list.Items[0].Name
		return true, ""
	})
	evicted := []byte(`{"status": {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}}`)
	if _, err := pods.Patch(t.Context(), victim, types.MergePatchType, evicted, metav1.PatchOptions{}, "status"); err != nil {
		t.Fatal(err)
	}
	scale := []byte(`{"spec": {"replicas": 3}}`)
	if _, err := cluster.Client().AppsV1().Deployments(namespace).Patch(t.Context(), "web", types.MergePatchType, scale,
		metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A progress deadline that was exceeded in an earlier run fails nothing: what was
// missing then, an image say, may exist by now, while the object does not change.
func TestWaitIgnoresADeadlineOfThePast(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	deploy(t, cluster, namespace, "image-pull", "progressDeadlineSeconds: 1,")
	kubetest.Eventually(t, time.Minute, func() (bool, string) {
		d, err := cluster.Client().AppsV1().Deployments(namespace).Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil || d.Status.UpdatedReplicas < 1 { // to get there would be progress
			return false, fmt.Sprint("it has no pods: ", err)
		}
		return slices.ContainsFunc(d.Status.Conditions,
			func(c appsv1.DeploymentCondition) bool { return c.Reason == "ProgressDeadlineExceeded" }), "it is in time"
	})
	pods := cluster.Client().CoreV1().Pods(namespace)
	list, err := pods.List(t.Context(), metav1.ListOptions{LabelSelector: "app=web"})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("pods %v: %v", list.Items, err)
	}
	there := []byte(`{"metadata": {"annotations": {"sim.berth.dev/behaviour": "image-pull-once"}}}`)
	if _, err := pods.Patch(t.Context(), list.Items[0].Name, types.MergePatchType, there, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, waiter(t, cluster.Config(), namespace), time.Minute, web); err != nil {
		t.Error(err)
	}
}

// A fault that was seen before the connection broke is read again before it counts:
// the pod is ready by the time the API server is back.
func TestWaitDoesNotJudgeFromMemory(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	proxy := proxied(t, cluster)
	w := waiter(t, proxy.Config(t, tokenOf(t, cluster, namespace)), namespace)
	w.FailFast = true
	deployment(t, cluster, namespace, behaving("config-late", ", sim.berth.dev/delay: 3s", ""))
	done := make(chan error, 1)
	go func() { done <- wait(t, w, time.Minute, web) }()
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) {
		for _, r := range proxy.Log() {
			if r.Verb == "list" && r.Resource == "events" { // the pod's: it has been seen
				return true, ""
			}
		}
		return false, "nobody looks at the pods"
	})
	proxy.Down()
	down := time.Now()
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) {
		d, err := cluster.Client().AppsV1().Deployments(namespace).Get(t.Context(), "web", metav1.GetOptions{})
		ready := err == nil && d.Status.ReadyReplicas == 1
		return ready && time.Since(down) > 4*time.Second, fmt.Sprint("it is not ready: ", err)
	})
	proxy.Up()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A wait survives the denials of an API server that starts, and watches that cannot
// be resumed.
func TestWaitThroughDenialsAndGone(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	for name, faults := range map[string]map[faultproxy.Match]faultproxy.Fault{
		"gone": {{Verb: "watch", Times: 3}: faultproxy.Answer(410, "too old resource version: 1 (2)")},
		"denied for a moment": {
			{Verb: "watch", Resource: "deployments", Times: 1}: faultproxy.Answer(403, "not yet"),
			{Verb: "list", Resource: "deployments", Times: 1}:  faultproxy.Answer(403, "not yet"),
			{Verb: "get", Resource: "deployments", Times: 2}:   faultproxy.Answer(403, "not yet"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := cluster.Namespace(t)
			proxy := proxied(t, cluster)
			for match, fault := range faults {
				proxy.On(match, fault)
			}
			w := waiter(t, proxy.Config(t, tokenOf(t, cluster, namespace)), namespace)
			w.FailFast = true
			deployment(t, cluster, namespace, behaving("slow", "", ""))
			if err := wait(t, w, time.Minute, web); err != nil {
				t.Error(err)
			}
		})
	}
}

// A claim that awaits its first consumer is not waited for if the release has none,
// with FailFast or without; a consumer is waited for.
func TestWaitForClaimsOfLateBinding(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	for _, failFast := range []bool{true, false} {
		t.Run(fmt.Sprintf("unused, fail-fast=%t", failFast), func(t *testing.T) {
			t.Parallel()
			namespace := cluster.Namespace(t)
			data := claim(t, cluster, namespace, lateClass(t, cluster))
			deployment(t, cluster, namespace, behaving("slow", "", ""))
			w := failFastWaiter(t, cluster, namespace)
			w.FailFast = failFast
			if err := wait(t, w, 30*time.Second, data, web); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("used", func(t *testing.T) {
		t.Parallel()
		namespace := cluster.Namespace(t)
		data := claim(t, cluster, namespace, lateClass(t, cluster))
		deployment(t, cluster, namespace, behaving("ready", "", ", volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"))
		err := wait(t, failFastWaiter(t, cluster, namespace), 5*time.Second, data, web)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "Deployment/web: ") {
			t.Errorf("nothing makes the volume: %v", err)
		}
	})
}

// A missing Secret gets more time if the release has custom resources, also when
// these were ready at once.
func TestWaitForWhatAnOperatorBrings(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	stores := definition(t, cluster)
	client, err := dynamic.NewForConfig(cluster.Config())
	if err != nil {
		t.Fatal(err)
	}
	store := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "sim.example/v1", "kind": "Store",
		"metadata": map[string]any{"name": "vault"}}}
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) {
		_, err := client.Resource(stores).Namespace(namespace).Create(t.Context(), store, metav1.CreateOptions{})
		return err == nil, fmt.Sprint("the kind is not served: ", err)
	})
	deployment(t, cluster, namespace, behaving("config-late", ", sim.berth.dev/delay: 6s", ""))
	if err := wait(t, failFastWaiter(t, cluster, namespace), time.Minute, web,
		facts.Ref{APIVersion: "sim.example/v1", Kind: "Store", Name: "vault"}); err != nil {
		t.Error(err)
	}
}

// definition creates the kind Store of sim.example/v1.
func definition(t *testing.T, cluster *kubetest.Cluster) schema.GroupVersionResource {
	t.Helper()
	client, err := dynamic.NewForConfig(cluster.Config())
	if err != nil {
		t.Fatal(err)
	}
	kinds := client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	crd := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": map[string]any{"name": "stores.sim.example"},
		"spec": map[string]any{
			"group": "sim.example", "scope": "Namespaced", "names": map[string]any{"plural": "stores", "kind": "Store"},
			"versions": []any{map[string]any{"name": "v1", "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object"}}}},
		},
	}}
	if _, err := kinds.Create(t.Context(), crd, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = kinds.Delete(context.WithoutCancel(t.Context()), "stores.sim.example", metav1.DeleteOptions{})
	})
	return schema.GroupVersionResource{Group: "sim.example", Version: "v1", Resource: "stores"}
}
