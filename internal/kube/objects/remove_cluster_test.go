//go:build cluster

package objects_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/objects"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/test/kubetest"
)

// leftovers are what an upgrade that died could leave.
const leftovers = `
apiVersion: v1
kind: ConfigMap
metadata: {name: same}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: anew}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: handed-on}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: gone}
---
apiVersion: batch/v1
kind: Job
metadata: {name: seed}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: seed, image: "example.org/seed:1"}]}}}
`

func TestRemove(t *testing.T) {
	cluster := kubetest.Connect(t)
	ctx, namespace := within(t, time.Minute), cluster.Namespace(t)
	o := observer(t, cluster.Config())
	apply(t, ctx, o, leftovers, "web", namespace)
	seen, err := o.Observe(ctx, leftovers+"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: never}\n", "web", namespace)
	if err != nil {
		t.Fatal(err)
	}
	maps := cluster.Client().CoreV1().ConfigMaps(namespace)
	for _, name := range []string{"anew", "gone"} {
		if err := maps.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "anew"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := maps.Patch(ctx, "handed-on", types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"meta.helm.sh/release-name":"api"}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}

	remover := objects.Remover{Dynamic: o.Dynamic, Mapper: o.Mapper}
	removed, kept, err := remover.RemoveAndWait(ctx, seen)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(removed); !slices.Equal(got, []string{"same", "seed"}) {
		t.Errorf("removed %v, want same and seed", got)
	}
	if len(kept) != 2 || !strings.Contains(kept[0], "/anew was kept") || !strings.Contains(kept[1], namespace+"/api") {
		t.Errorf("kept: %q, want anew and handed-on", kept)
	}
	if got := configMaps(t, ctx, cluster, namespace); !slices.Equal(got, []string{"anew", "handed-on"}) {
		t.Errorf("the config maps %v are left", got)
	}
	if _, err := cluster.Client().BatchV1().Jobs(namespace).Get(ctx, "seed", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the job is not gone: %v", err)
	}
	pods := cluster.Client().CoreV1().Pods(namespace)
	kubetest.Eventually(t, 20*time.Second, func() (bool, string) {
		list, err := pods.List(ctx, metav1.ListOptions{})
		return err == nil && len(list.Items) == 0, "the job's pods are not collected"
	})
	if removed, _, err := remover.Remove(ctx, seen[:1]); err != nil || len(removed) > 0 {
		t.Errorf("once more: %v, %v", removed, err)
	}
}

func TestRemoveNamesWhatHoldsAnObject(t *testing.T) {
	cluster := kubetest.Connect(t)
	ctx, namespace := within(t, time.Minute), cluster.Namespace(t)
	o := observer(t, cluster.Config())
	apply(t, ctx, o, leftovers, "web", namespace)
	hold := func(finalizers string) {
		t.Helper()
		if _, err := cluster.Client().CoreV1().ConfigMaps(namespace).Patch(context.WithoutCancel(ctx), "same", types.MergePatchType,
			[]byte(`{"metadata":{"finalizers":`+finalizers+`}}`), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	hold(`["example.com/hold"]`)
	defer hold(`null`)
	seen, err := o.Observe(ctx, leftovers, "web", namespace)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = objects.Remover{Dynamic: o.Dynamic, Mapper: o.Mapper}.RemoveAndWait(within(t, 2*time.Second), seen)
	if p := problem.Of(err); p == nil || p.Reason != problem.Inconsistent || !strings.Contains(p.Error(), "example.com/hold") {
		t.Errorf("got %v", err)
	}
}

func TestRemoveWithoutPermission(t *testing.T) {
	cluster := kubetest.Connect(t)
	ctx, namespace := within(t, time.Minute), cluster.Namespace(t)
	account := cluster.ServiceAccount(t, namespace, "reader", rbacv1.PolicyRule{
		APIGroups: []string{"", "batch"}, Resources: []string{"configmaps", "jobs"}, Verbs: []string{"get"},
	}, rbacv1.PolicyRule{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"delete"}})
	apply(t, ctx, observer(t, cluster.Config()), leftovers, "web", namespace)
	o := observer(t, account.Config)
	seen, err := o.Observe(ctx, leftovers, "web", namespace)
	if err != nil {
		t.Fatal(err)
	}
	removed, _, err := objects.Remover{Dynamic: o.Dynamic, Mapper: o.Mapper}.Remove(ctx, seen)
	p := problem.Of(err)
	if p == nil || p.Reason != problem.PermissionMissing || len(p.Missing) != 4 {
		t.Fatalf("got %+v, want 4 missing", err)
	}
	if g := p.Missing[0]; g.Verb != "delete" || g.Resource != "configmaps" || g.Namespace != namespace {
		t.Errorf("the missing permission is %+v", g)
	}
	if got := names(removed); !slices.Equal(got, []string{"seed"}) {
		t.Errorf("removed %v, want what may be: seed", got)
	}
}

func names(refs []facts.Ref) []string {
	var list []string
	for _, r := range refs {
		list = append(list, r.Name)
	}
	return list
}

// configMaps are those in the namespace that a test made.
func configMaps(t *testing.T, ctx context.Context, cluster *kubetest.Cluster, namespace string) []string {
	t.Helper()
	found, err := cluster.Client().CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range found.Items {
		if m.Name != "kube-root-ca.crt" {
			list = append(list, m.Name)
		}
	}
	return list
}
