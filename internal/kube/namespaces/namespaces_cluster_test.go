//go:build cluster

package namespaces_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube/namespaces"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/test/kubetest"
)

func namespaceRule(verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: verbs}
}

func namespacesAs(t *testing.T, cluster *kubetest.Cluster, verbs ...string) namespaces.Manager {
	t.Helper()
	account := cluster.ServiceAccount(t, cluster.Namespace(t), "maker")
	if len(verbs) > 0 {
		account.GrantCluster(t, namespaceRule(verbs...))
	}
	client, err := kubernetes.NewForConfig(account.Config)
	if err != nil {
		t.Fatal(err)
	}
	return namespaces.Manager{Client: client}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestNamespaceFromBirthToEnd(t *testing.T) {
	cluster := kubetest.Connect(t)
	ctx, name := within(t, time.Minute), cluster.Name(t, "review")
	for verbs, namespaces := range map[string]namespaces.Manager{
		"with watch":    namespacesAs(t, cluster, "get", "create", "patch", "delete", "watch"),
		"without watch": namespacesAs(t, cluster, "get", "create", "patch", "delete"),
	} {
		t.Run(verbs, func(t *testing.T) {
			if got, err := namespaces.Get(ctx, name); err != nil || got.Phase != facts.NamespaceAbsent {
				t.Fatalf("before: %+v, %v", got, err)
			}
			made, err := namespaces.Ensure(ctx, name, map[string]string{ownership.LabelIdentity: "abc"},
				map[string]string{ownership.AnnotationBranch: "feature/x"})
			if err != nil || !made.Made || !made.Ours || made.Identity != "abc" || made.Origin.Branch != "feature/x" || len(made.Notes) != 0 {
				t.Fatalf("made: %+v, %v", made, err)
			}
			again, err := namespaces.Ensure(ctx, name, nil, nil)
			if err != nil || again.Made || again.UID != made.UID || again.Identity != "abc" {
				t.Errorf("again: %+v, %v", again, err)
			}
			another := made.Namespace
			another.UID = "another"
			if err := namespaces.Delete(ctx, another); !errors.Is(err, facts.ErrChanged) {
				t.Errorf("delete another one: %v", err)
			}
			stamped, err := namespaces.Stamp(ctx, made.Namespace, map[string]string{ownership.AnnotationDeploy: "run-2"}, true)
			if err != nil || !stamped.Shared || stamped.Version == made.Version {
				t.Fatalf("stamped: %+v, %v", stamped, err)
			}
			notes := map[string]string{ownership.AnnotationDeploy: "run-3"}
			if _, err := namespaces.Stamp(ctx, another, notes, false); !errors.Is(err, facts.ErrChanged) {
				t.Errorf("stamp another one: %v", err)
			}
			if err := namespaces.Delete(ctx, made.Namespace); !errors.Is(err, facts.ErrChanged) {
				t.Errorf("delete what somebody deploys to meanwhile: %v", err)
			}
			if got, err := namespaces.Get(ctx, name); err != nil || got.Phase != facts.NamespaceActive {
				t.Errorf("it was deleted: %+v, %v", got, err)
			}
			if err := namespaces.Delete(ctx, stamped); err != nil {
				t.Fatal(err)
			}
			if err := namespaces.WaitGone(ctx, name, made.UID); err != nil {
				t.Errorf("wait: %v", err)
			}
		})
	}
}

// A run that was killed right after it made a namespace has not written on it that it did.
func TestNamespaceThatIsUnmarked(t *testing.T) {
	cluster := kubetest.Connect(t)
	ctx := within(t, time.Minute)
	for agent, want := range map[string]bool{"berth/1.0": true, "kubectl/1.0": false} {
		config := cluster.Config()
		config.UserAgent = agent
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		m := namespaces.Manager{Client: client}
		name := cluster.Name(t, "review")
		_, err = client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name,
			Labels: map[string]string{ownership.LabelManagedBy: ownership.ManagedByBerth, ownership.LabelIdentity: "abc"}}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		found, err := m.Get(ctx, name)
		if err != nil || found.Ours || found.Unmarked != want {
			t.Errorf("%s: %+v, %v", agent, found, err)
		}
		marked, err := m.Stamp(ctx, found, map[string]string{ownership.AnnotationNamespaceUID: found.UID}, false)
		if err != nil || !marked.Ours || marked.Unmarked {
			t.Errorf("%s, marked: %+v, %v", agent, marked, err)
		}
		if err := m.Delete(ctx, marked); err != nil {
			t.Error(err)
		}
	}
}

func TestNamespaceThatIsNotOurs(t *testing.T) {
	cluster := kubetest.Connect(t)
	ctx, name := within(t, time.Minute), cluster.Namespace(t)
	admin := namespaces.Manager{Client: cluster.Client()}
	found, err := admin.Ensure(ctx, name, map[string]string{ownership.LabelIdentity: "abc"}, nil)
	if err != nil || found.Made || found.Ours || found.Identity != "" {
		t.Fatalf("found: %+v, %v", found, err)
	}
	if _, err := admin.Mark(ctx, name, "another", nil, nil); !apierrors.IsInvalid(err) && !apierrors.IsConflict(err) {
		t.Errorf("mark one with another UID: %v", err)
	}
	adopted, err := admin.Mark(ctx, name, found.UID, nil, map[string]string{ownership.AnnotationKeep: "true"})
	if err != nil || !adopted.Ours || !adopted.Keep {
		t.Fatalf("adopted: %+v, %v", adopted, err)
	}
}

func TestResidents(t *testing.T) {
	cluster := kubetest.Connect(t)
	ctx, name := within(t, time.Minute), cluster.Namespace(t)
	metadataClient, err := metadata.NewForConfig(cluster.Config())
	if err != nil {
		t.Fatal(err)
	}
	served := func(ctx context.Context) ([]*metav1.APIGroup, []*metav1.APIResourceList, error) {
		return discovery.ToDiscoveryInterfaceWithContext(cluster.Client().Discovery()).ServerGroupsAndResourcesWithContext(ctx)
	}
	admin, core := namespaces.Manager{Client: cluster.Client(), Metadata: metadataClient, Served: served}, cluster.Client().CoreV1()
	for i := range 120 { // more than a page
		made := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("s%d", i)}}
		manager := "some-controller"
		switch i {
		case 0:
			manager = "kubectl-create"
		case 1:
			made.Annotations = map[string]string{"helm.sh/resource-policy": "keep"}
		case 2:
			made.Type, made.StringData = corev1.SecretTypeTLS, map[string]string{"tls.crt": "", "tls.key": ""}
			manager = "kubectl-create"
		}
		if _, err := core.Secrets(name).Create(ctx, made, metav1.CreateOptions{FieldManager: manager}); err != nil {
			t.Fatal(err)
		}
	}
	residents, unlisted, err := admin.Residents(ctx, name)
	if err != nil || len(unlisted) > 0 || len(residents) != 2 || residents[0].Maker != "kubectl" || !residents[1].Policy {
		t.Errorf("%+v, unlisted %q, %v", residents, unlisted, err)
	}
}

func TestNamespacePermissions(t *testing.T) {
	cluster := kubetest.Connect(t)
	ctx := within(t, time.Minute)
	t.Run("none", func(t *testing.T) {
		namespaces := namespacesAs(t, cluster)
		name := cluster.Namespace(t)
		if got, err := namespaces.Get(ctx, name); err != nil || got.Phase != facts.NamespaceHidden {
			t.Errorf("get: %+v, %v", got, err)
		}
		if _, err := namespaces.Ensure(ctx, name, nil, nil); problem.Of(err).Reason != problem.PermissionMissing {
			t.Errorf("ensure: %v", err)
		}
		if err := namespaces.WaitGone(ctx, name, "x"); problem.Of(err).Reason != problem.PermissionMissing {
			t.Errorf("wait: %v", err)
		}
	})
	t.Run("no create on one that exists", func(t *testing.T) {
		if got, err := namespacesAs(t, cluster, "get").Ensure(ctx, cluster.Namespace(t), nil, nil); err != nil || got.Made {
			t.Errorf("ensure: %+v, %v", got, err)
		}
	})
	t.Run("no patch", func(t *testing.T) {
		got, err := namespacesAs(t, cluster, "get", "create").Ensure(ctx, cluster.Name(t, "review"), nil, nil)
		if err != nil || !got.Made || got.Ours || len(got.Notes) != 1 {
			t.Errorf("ensure: %+v, %v", got, err)
		}
	})
}

func TestNamespaceThatDoesNotEnd(t *testing.T) {
	cluster := kubetest.Connect(t)
	ctx, name := within(t, time.Minute), cluster.Name(t, "review")
	admin := namespaces.Manager{Client: cluster.Client()}
	made, err := admin.Ensure(ctx, name, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	finalizers := func(list string) {
		patch := []byte(`{"metadata":{"finalizers":` + list + `}}`)
		if _, err := cluster.Client().CoreV1().Namespaces().Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	finalizers(`["test.berth.dev/hold"]`)
	read, err := admin.Get(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.Delete(ctx, read); err != nil {
		t.Fatal(err)
	}
	p := problem.Of(admin.WaitGone(within(t, time.Second), name, made.UID))
	if p == nil || p.Reason != problem.NamespaceTerminating || !errors.Is(p, context.DeadlineExceeded) {
		t.Errorf("wait: %+v", p)
	}
	got, err := admin.Get(ctx, name)
	if err != nil || got.Phase != facts.NamespaceTerminating || got.Blocking == "" {
		t.Errorf("get: %+v, %v", got, err)
	}
	finalizers("null")
	if err := admin.WaitGone(ctx, name, made.UID); err != nil {
		t.Error(err)
	}
}
