package access

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// RulesOf returns a function that reads what a Role or ClusterRole grants. It is false for one that may
// not be read, or is not there.
func RulesOf(ctx context.Context, client kubernetes.Interface) func(kind, namespace, name string) ([]rbacv1.PolicyRule, bool) {
	return func(kind, namespace, name string) ([]rbacv1.PolicyRule, bool) {
		switch kind {
		case "Role":
			role, err := client.RbacV1().Roles(namespace).Get(ctx, name, metav1.GetOptions{})
			if err == nil {
				return role.Rules, true
			}
		case "ClusterRole":
			role, err := client.RbacV1().ClusterRoles().Get(ctx, name, metav1.GetOptions{})
			if err == nil {
				return role.Rules, true
			}
		}
		return nil, false
	}
}
