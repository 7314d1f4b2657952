//go:build cluster

package kube

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/kube/transport"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/test/kubetest"
)

func connectToCluster(t *testing.T, cluster *kubetest.Cluster, change ...func(*Options)) *Conn {
	t.Helper()
	o := Options{Kubeconfig: cluster.Kubeconfig(), UserAgent: "berth/test"}
	for _, f := range change {
		f(&o)
	}
	c, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// count adds up the requests of one kind.
func count(all []result.Requests, resource string) (n int) {
	for _, r := range all {
		if r.Resource == resource {
			n += r.Count
		}
	}
	return n
}

const threeObjects = `
apiVersion: v1
kind: ConfigMap
metadata: {name: one}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: two}
spec:
  replicas: 0
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: three}
spec: {defaultBackend: {service: {name: s, port: {number: 80}}}}
`

// build does what Helm does with a manifest: one client for each object.
func build(t *testing.T, g *Getter) []*resource.Info {
	t.Helper()
	ns, _, err := g.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		t.Fatal(err)
	}
	infos, err := resource.NewBuilder(g).ContinueOnError().NamespaceParam(ns).DefaultNamespace().
		Flatten().Unstructured().Stream(strings.NewReader(threeObjects), "manifest").Do().Infos()
	if err != nil {
		t.Fatal(err)
	}
	return infos
}

func TestClusterDiscoveryAndConnections(t *testing.T) {
	var dials atomic.Int32
	cluster := kubetest.Connect(t)
	c := connectToCluster(t, cluster, countDials(&dials))
	ns := cluster.Namespace(t)

	mapper, err := c.Mapper(withTimeout(t))
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := mapper.RESTMapping(schema.GroupKind{Group: "apps", Kind: "Deployment"}, "v1")
	if err != nil || mapping.Resource.Resource != "deployments" {
		t.Fatalf("got %v, %v", mapping, err)
	}
	for range 2 {
		for _, info := range build(t, c.Getter(ns, transport.NewFence(t.Context()))) {
			helper := resource.NewHelper(info.Client, info.Mapping)
			if _, err := helper.Get(info.Namespace, info.Name); err == nil {
				continue
			}
			if _, err := helper.Create(info.Namespace, true, info.Object); err != nil {
				t.Fatal(err)
			}
		}
	}
	// The way that the template function lookup goes.
	typed, _ := behind(t, c, transport.NewFence(t.Context()))
	list, err := typed.Discovery().ServerResourcesForGroupVersion("apps/v1")
	if err != nil || !slices.ContainsFunc(list.APIResources,
		func(r metav1.APIResource) bool { return r.Kind == "Deployment" && r.Namespaced }) {
		t.Errorf("apps/v1 has %v, %v", list, err)
	}
	for range 2 {
		if _, err := typed.Discovery().ServerVersion(); err != nil {
			t.Error(err)
		}
	}
	traffic := c.Traffic()
	t.Logf("%+v", traffic)
	for what, want := range map[string]int{"discovery": 2, "version": 1, "openapi": 0, "deployments.apps": 3,
		"ingresses.networking.k8s.io": 3} {
		if got := count(traffic, what); got != want {
			t.Errorf("%s: %d requests, want %d", what, got, want)
		}
	}
	if n := dials.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}

	c.ResetDiscovery()
	if _, err := c.Mapper(withTimeout(t)); err != nil {
		t.Fatal(err)
	}
	if got := count(c.Traffic(), "discovery"); got != 4 {
		t.Errorf("%d discovery requests after a reset, want 4", got)
	}
}

func TestClusterServiceAccount(t *testing.T) {
	cluster := kubetest.Connect(t)
	if name, err := connectToCluster(t, cluster).Whoami(withTimeout(t)); err != nil || name == "" {
		t.Errorf("got %q, %v", name, err)
	}
	ns := cluster.Namespace(t)
	account := cluster.ServiceAccount(t, ns, "deployer")
	// As a CI gives it: the API server, a token and a CA.
	o := Options{Server: account.Config.Host, Token: account.Config.BearerToken, CA: string(account.Config.CAData)}
	if o.CA == "" {
		o.CA = account.Config.CAFile
	}
	c, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if name, err := c.Whoami(withTimeout(t)); err != nil || name != account.User {
		t.Errorf("got %q, %v", name, err)
	}
	_, err = c.Clientset().CoreV1().Secrets(ns).Update(withTimeout(t), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s"}},
		metav1.UpdateOptions{})
	p := problem.Of(apifailure.Classify(err, "write"))
	want := problem.Permission{Verb: "update", Resource: "secrets", Namespace: ns, Why: "write"}
	if p.Reason != problem.PermissionMissing || len(p.Missing) != 1 || p.Missing[0].Permission != want {
		t.Errorf("got %s %+v", p.Reason, p.Missing)
	}
	_, err = c.Clientset().CoreV1().Namespaces().List(withTimeout(t), metav1.ListOptions{})
	p = problem.Of(apifailure.Classify(err, "look"))
	if want := (problem.Permission{Verb: "list", Resource: "namespaces", Why: "look"}); len(p.Missing) != 1 ||
		p.Missing[0].Permission != want {
		t.Errorf("got %s %+v", p.Reason, p.Missing)
	}

	o.Token = "made-up"
	refused, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer refused.Close()
	_, err = refused.Clientset().CoreV1().Secrets(ns).List(withTimeout(t), metav1.ListOptions{})
	if p := problem.Of(apifailure.Classify(err, "look")); p.Reason != problem.PermissionMissing || !strings.Contains(p.Error(), "401") {
		t.Errorf("got %s %v", p.Reason, p)
	}
}

func TestClusterServerTime(t *testing.T) {
	c := connectToCluster(t, kubetest.Connect(t))
	for range 2 { // one answer is not enough
		if err := c.Clientset().CoreV1().RESTClient().Get().AbsPath("/version").Do(withTimeout(t)).Error(); err != nil {
			t.Fatal(err)
		}
	}
	now, ok := c.ServerTime()
	if skew := time.Since(now); !ok || skew < -time.Second || skew > 3*time.Second { // one machine, one clock
		t.Errorf("the server's time is %v, off by %v", now, skew)
	}
}

func TestClusterFenceCutsAWatch(t *testing.T) {
	cluster := kubetest.Connect(t)
	c := connectToCluster(t, cluster)
	ns := cluster.Namespace(t)
	f := transport.NewFence(t.Context())
	typed, _ := behind(t, c, f)
	w, err := typed.CoreV1().ConfigMaps(ns).Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	defer CaptureLogs(func(string) {})() // client-go tells of the cut
	f.Close(errInterrupted)
	deadline := time.After(testTimeout)
	for open := true; open; {
		select {
		case _, open = <-w.ResultChan():
		case <-deadline:
			t.Fatal("the watch goes on")
		}
	}
	_, err = typed.CoreV1().ConfigMaps(ns).Create(withTimeout(t), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "late"}},
		metav1.CreateOptions{})
	wantFenced(t, err)
	if left, err := c.Clientset().CoreV1().ConfigMaps(ns).Get(withTimeout(t), "late", metav1.GetOptions{}); err == nil {
		t.Errorf("%s was written", left.Name)
	}
}
