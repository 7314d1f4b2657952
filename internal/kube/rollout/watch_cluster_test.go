//go:build cluster

package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

func proxied(t *testing.T, cluster *kubetest.Cluster) *faultproxy.Proxy {
	t.Helper()
	return faultproxy.New(t, cluster.Config())
}

// tokenOf returns the configuration of an account that may do everything in the
// namespace. It authenticates by a token, which passes through the proxy.
func tokenOf(t *testing.T, cluster *kubetest.Cluster, namespace string) *rest.Config {
	t.Helper()
	all := rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}
	return cluster.ServiceAccount(t, namespace, "all", all).Config
}

func stateful(t *testing.T, cluster *kubetest.Cluster, namespace, name string) {
	t.Helper()
	var s appsv1.StatefulSet
	text := fmt.Sprintf(`{metadata: {name: %[1]s, labels: {app: %[1]s}}, spec: {serviceName: %[1]s, selector: {matchLabels: {app: %[1]s}},
  template: {metadata: {labels: {app: %[1]s}}, spec: {containers: [{name: app, image: a,
    readinessProbe: {tcpSocket: {port: 80}}}]}}}}`, name)
	if err := yaml.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.Client().AppsV1().StatefulSets(namespace).Create(t.Context(), &s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// A wait survives an API server that drops its connections every two seconds.
func TestWaitThroughDroppedWatches(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	proxy := proxied(t, cluster)
	w := waiter(t, proxy.Config(t, tokenOf(t, cluster, namespace)), namespace)
	w.FailFast = true
	deploy(t, cluster, namespace, "slow", "minReadySeconds: 5,")
	stop := make(chan struct{})
	dropped := make(chan struct{})
	go func() {
		defer close(dropped)
		tick := time.NewTicker(2 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				proxy.Down()
				proxy.Up()
			}
		}
	}()
	err := wait(t, w, time.Minute, web)
	close(stop)
	<-dropped
	if err != nil {
		t.Error(err)
	}
}

// A wait ends within 100 ms after the last object is ready, and at once when it is
// cancelled.
func TestWaitEndsAtOnce(t *testing.T) {
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	deploy(t, cluster, namespace, "slow", "")
	ready := make(chan time.Time, 1)
	watch, err := cluster.Client().AppsV1().Deployments(namespace).Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()
	go func() {
		for e := range watch.ResultChan() {
			if d, ok := e.Object.(*appsv1.Deployment); ok && d.Status.AvailableReplicas == 1 && d.Status.ObservedGeneration == d.Generation {
				ready <- time.Now()
				return
			}
		}
	}()
	if err := wait(t, failFastWaiter(t, cluster, namespace), time.Minute, web); err != nil {
		t.Fatal(err)
	}
	over := time.Now()
	if late := over.Sub(<-ready); late > 100*time.Millisecond {
		t.Errorf("%s after the object was ready", late)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	done := make(chan error, 1)
	go func() {
		done <- failFastWaiter(t, cluster, namespace).WaitForReady(ctx,
			rollout.ByName([]facts.Ref{{APIVersion: "v1", Kind: "ConfigMap", Name: "none"}}))
	}()
	cancel(stop)
	select {
	case err := <-done:
		if !errors.Is(err, stop) || result.DiagnosticsOf(err) != nil {
			t.Errorf("cancelled: %v, diagnostics %+v", err, result.DiagnosticsOf(err))
		}
	case <-time.After(time.Second):
		t.Error("the wait goes on")
	}
}

// A wait for a thousand objects, five hundred of which become ready one after the
// other, needs little memory. Services of type LoadBalancer are used because no
// controller creates events for them, which would delay the other tests.
func TestWaitForAThousand(t *testing.T) {
	const half, limit = 500, 64 << 20
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	w := waiter(t, cluster.Config(), namespace)
	w.OwnNamespace = true
	client := cluster.Client().CoreV1()
	refs := make([]facts.Ref, 0, 2*half)
	var makes errgroup.Group
	makes.SetLimit(16)
	for i := range half {
		name := fmt.Sprintf("o-%d", i)
		labels := map[string]string{"of": "r", "n": name}
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
			Data: map[string]string{"text": fmt.Sprintf("%02000d", i)}}
		balancer := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, AllocateLoadBalancerNodePorts: new(bool), Ports: []corev1.ServicePort{{Port: 80}}}}
		makes.Go(func() error {
			if _, err := client.ConfigMaps(namespace).Create(t.Context(), cm, metav1.CreateOptions{}); err != nil {
				return err
			}
			_, err := client.Services(namespace).Create(t.Context(), balancer, metav1.CreateOptions{})
			return err
		})
		refs = append(refs, facts.Ref{APIVersion: "v1", Kind: "ConfigMap", Name: name}, facts.Ref{APIVersion: "v1", Kind: "Service", Name: name})
	}
	if err := makes.Wait(); err != nil {
		t.Fatal(err)
	}
	var before, now runtime.MemStats
	debug.FreeOSMemory()
	runtime.ReadMemStats(&before)
	done := make(chan error, 1)
	go func() { done <- wait(t, w, 2*time.Minute, refs...) }()
	bound := make(chan struct{})
	go func() {
		defer close(bound)
		for i := range half {
			name := fmt.Sprintf("o-%d", i)
			patch := []byte(`{"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}`)
			if _, err := client.Services(namespace).Patch(t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{},
				"status"); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	var most uint64
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			<-bound
			if err != nil {
				t.Error(err)
			}
			t.Logf("%d MiB at most", most>>20)
			if most > limit {
				t.Errorf("%d MiB above the idle process, want at most %d", most>>20, limit>>20)
			}
			return
		case <-tick.C:
			runtime.ReadMemStats(&now)
			if used := now.Sys - now.HeapReleased - (before.Sys - before.HeapReleased); now.Sys-now.HeapReleased > before.Sys-before.HeapReleased {
				most = max(most, used)
			}
		}
	}
}
