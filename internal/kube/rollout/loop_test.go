package rollout

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/manifest"
)

const (
	unreadyWeb = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: w, generation: 1}, spec: {replicas: 1, selector: {matchLabels: {app: web}}}, status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, unavailableReplicas: 1}}"
	readyWeb   = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: w, generation: 1}, spec: {replicas: 1, selector: {matchLabels: {app: web}}}, status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [{type: Available, status: 'True'}]}}"
	webPod     = "{apiVersion: v1, kind: Pod, metadata: {name: web-1-x, namespace: shop, uid: p, labels: {app: web}, ownerReferences: [{controller: true, kind: ReplicaSet, name: web-1, uid: r}]}, status: {phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: InvalidImageName}}}]}}"
)

var web = facts.Ref{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"}

// fakeWaiter returns a waiter for a cluster in memory with these objects, and a
// function that changes one of them.
func fakeWaiter(t *testing.T, objects ...string) (w *Waiter, change func(text string)) {
	t.Helper()
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, meta.RESTScopeNamespace)
	mapper.Add(schema.GroupVersionKind{Group: "batch", Version: "v1", Kind: "Job"}, meta.RESTScopeNamespace)
	mapper.Add(schema.GroupVersionKind{Group: "a.b", Version: "v1", Kind: "Widget"}, meta.RESTScopeNamespace)
	all := make([]runtime.Object, len(objects))
	typed := make([]runtime.Object, 0, len(objects))
	for i, text := range objects {
		u := object(t, text)
		all[i] = u
		if p, ok := toPod(u.DeepCopy()); ok && u.GetKind() == "Pod" {
			typed = append(typed, p)
		}
	}
	dynamic := dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{
		{Group: "apps", Version: "v1", Resource: "deployments"}: "DeploymentList", {Version: "v1", Resource: "pods"}: "PodList",
		{Group: "batch", Version: "v1", Resource: "jobs"}: "JobList", {Group: "a.b", Version: "v1", Resource: "widgets"}: "WidgetList",
	}, all...)
	change = func(text string) {
		u := object(t, text)
		u.SetResourceVersion("1000") // the tracker does not count; it begins at 999
		resource, _ := meta.UnsafeGuessKindToResource(u.GroupVersionKind())
		if _, err := dynamic.Resource(resource).Namespace("shop").Update(t.Context(), u, metav1.UpdateOptions{}); err != nil {
			t.Error(err)
		}
	}
	return &Waiter{FailFast: true,
		Clients: Clients{Clientset: fake.NewClientset(typed...), Dynamic: dynamic, Mapper: mapper, Namespace: "shop"}}, change
}

func TestWaitForReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, change := fakeWaiter(t, unreadyWeb)
		var seen recorder
		w.Observer = &seen
		go func() {
			sleep(t.Context(), 3*time.Second)
			change(readyWeb)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := w.WaitForReady(ctx, ByName([]facts.Ref{web})); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 3*time.Second || took > 6*time.Second {
			t.Errorf("it took %s", took)
		}
		if last := seen.all[len(seen.all)-2]; !last.Satisfied {
			t.Errorf("reported last: %+v", last)
		}
	})
}

// A wait ends early if a pod has a permanent fault that still is there when the
// pod is read again.
func TestWaitForReadyFailsFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := fakeWaiter(t, unreadyWeb, webPod)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		err := w.WaitForReady(ctx, ByName([]facts.Ref{web}))
		var unready *NotReadyError
		if !errors.As(err, &unready) || unready.Cause != nil || !strings.Contains(err.Error(), "pod web-1-x: container app: InvalidImageName") {
			t.Errorf("wait: %v", err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
		if d := unready.Diagnostics(); d == nil || len(d.Symptoms) != 1 || d.Symptoms[0].Kind != "Pod" {
			t.Errorf("diagnostics %+v", d)
		}
	})
}

func TestWaitForReadyTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := fakeWaiter(t, unreadyWeb)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := w.WaitForReady(ctx, ByName([]facts.Ref{web}))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "Available: 0/1") ||
			!strings.Contains(err.Error(), "the timeout is over") || strings.Contains(err.Error(), "context") {
			t.Errorf("wait: %v", err)
		}
	})
}

// A controller can make an object anew before the wait first sees that it is gone.
func TestWaitForDeleteOfWhatWasMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := fakeWaiter(t, unreadyWeb)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := w.WaitForDelete(ctx, manifest.Objects{Named(web, "of the one before")}); err != nil {
			t.Error(err)
		}
	})
}

func TestWaitForDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := fakeWaiter(t, unreadyWeb)
		go func() {
			sleep(t.Context(), 2*time.Second)
			if err := w.resource(source{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"},
				"shop"}).Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
				t.Error(err)
			}
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := w.WaitForDelete(ctx, ByName([]facts.Ref{web})); err != nil {
			t.Error(err)
		}
	})
}
