//go:build cluster

package access_test

import (
	"context"
	"errors"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/berth-dev/berth/internal/kube/access"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/test/kubetest"
)

func clientOf(t *testing.T, account *kubetest.Account) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(account.Config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestReviewNamesEachMissingVerb(t *testing.T) {
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	rules := append(cluster.SecretRules("get", "list", "create"), cluster.LeaseRules()...)
	rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}})
	client := clientOf(t, cluster.ServiceAccount(t, namespace, "founding", rules...))
	missing, err := access.Review(t.Context(), client.AuthorizationV1(),
		access.ForRun(access.Needs{Resource: "secrets", Namespace: namespace}))
	if err != nil {
		t.Fatal(err)
	}
	if len(missing) != 2 || missing[0].String() != "update secrets in namespace "+namespace || missing[1].Verb != "watch" {
		t.Errorf("missing: %v", missing)
	}
	if required := access.Required(missing); len(required) != 1 {
		t.Errorf("required: %v", required)
	}
}

// What RBAC prints, once applied, has to be all that was asked for.
func TestAppliedRBACSuffices(t *testing.T) {
	for name, perBranch := range map[string]bool{"a fixed namespace": false, "namespaces per branch": true} {
		t.Run(name, func(t *testing.T) {
			cluster := kubetest.Connect(t)
			namespace := cluster.Namespace(t)
			account := cluster.ServiceAccount(t, namespace, "deployer")
			needs := access.ForRun(access.Needs{Resource: "secrets", Namespace: namespace, Deletes: true, CreateNamespace: perBranch})
			api := clientOf(t, account).AuthorizationV1()
			missing, err := access.Review(t.Context(), api, needs)
			if err != nil || len(missing) != len(needs) {
				t.Fatalf("before: %d missing of %d, %v", len(missing), len(needs), err)
			}
			retries := 0
			missing, err = access.ReviewUntil(t.Context(), api, needs, 30*time.Second, func([]problem.MissingPermission, time.Duration) {
				if retries++; retries == 1 { // a RoleBinding that appears meanwhile
					cluster.ApplyRBAC(t, access.RBAC(account.User, needs, perBranch, namespace))
				}
			})
			if err != nil || retries == 0 || len(access.Required(missing)) != 0 {
				t.Fatalf("after %d retries: %v, %v", retries, missing, err)
			}
			if missing, err := access.ReviewUntil(t.Context(), api, needs, 0, nil); err != nil || len(missing) != 0 {
				t.Errorf("left: %v, %v", missing, err)
			}
		})
	}
}

func TestReviewUntilGivesUp(t *testing.T) {
	cluster := kubetest.Connect(t)
	namespace := cluster.Namespace(t)
	api := clientOf(t, cluster.ServiceAccount(t, namespace, "poor")).AuthorizationV1()
	needs := access.ForRun(access.Needs{Resource: "secrets", Namespace: namespace})
	missing, err := access.ReviewUntil(t.Context(), api, needs, time.Second, nil)
	if err != nil || len(missing) != len(needs) {
		t.Errorf("missing: %v, %v", missing, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = access.ReviewUntil(ctx, api, needs, time.Minute, func([]problem.MissingPermission, time.Duration) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
