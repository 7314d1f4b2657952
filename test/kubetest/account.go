package kubetest

import (
	"path/filepath"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Account is a service account with exactly the permissions a test gave it.
type Account struct {
	// Kubeconfig is a file with the account's token, its namespace as default.
	Kubeconfig string
	// User is the account as RBAC and the audit log name it.
	User string
	// Config is a copy-ready client configuration with the same token.
	Config *rest.Config

	cluster *Cluster
	subject rbacv1.Subject
	groups  []string
}

// ServiceAccount makes an account in the namespace and grants it the rules
// there. It returns once the API server honours them.
func (c *Cluster) ServiceAccount(t testing.TB, namespace, name string, rules ...rbacv1.PolicyRule) *Account {
	t.Helper()
	ctx, cancel := requestContext(t)
	defer cancel()
	accounts := c.client.CoreV1().ServiceAccounts(namespace)
	object := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := accounts.Create(ctx, object, metav1.CreateOptions{}); err != nil {
		t.Fatalf("creating service account %s/%s: %v", namespace, name, err)
	}
	// The benchmarks take longer than the hour that is usual.
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: new(int64(12 * 60 * 60))}}
	token, err := accounts.CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("requesting a token for service account %s/%s: %v", namespace, name, err)
	}
	config := rest.AnonymousClientConfig(c.config)
	config.BearerToken, config.QPS = token.Status.Token, -1
	account := &Account{
		Kubeconfig: filepath.Join(t.TempDir(), name+".kubeconfig"),
		User:       "system:serviceaccount:" + namespace + ":" + name,
		Config:     config,
		cluster:    c,
		subject:    rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name},
		groups:     []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
	}
	account.writeKubeconfig(t, namespace)
	if len(rules) > 0 {
		account.Grant(t, namespace, rules...)
	}
	return account
}

func (a *Account) writeKubeconfig(t testing.TB, namespace string) {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &clientcmdapi.Cluster{Server: a.Config.Host, CertificateAuthorityData: a.Config.CAData}
	config.AuthInfos["account"] = &clientcmdapi.AuthInfo{Token: a.Config.BearerToken}
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "account", Namespace: namespace}
	config.CurrentContext = "test"
	if err := clientcmd.WriteToFile(*config, a.Kubeconfig); err != nil { // 0600
		t.Fatalf("writing the kubeconfig of %s: %v", a.User, err)
	}
}

// Grant gives the account the rules in a namespace, by a role of its own, and
// waits until they are effective.
func (a *Account) Grant(t testing.TB, namespace string, rules ...rbacv1.PolicyRule) {
	t.Helper()
	ctx, cancel := requestContext(t)
	defer cancel()
	name := uniqueName(a.subject.Name)
	rbac := a.cluster.client.RbacV1()
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
	if _, err := rbac.Roles(namespace).Create(ctx, role, metav1.CreateOptions{}); err != nil {
		t.Fatalf("creating role %s/%s: %v", namespace, name, err)
	}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects:   []rbacv1.Subject{a.subject},
	}
	if _, err := rbac.RoleBindings(namespace).Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		t.Fatalf("binding role %s/%s to %s: %v", namespace, name, a.User, err)
	}
	a.AwaitEffect(t, namespace, rules)
}

// GrantCluster gives the account the rules in the whole cluster, until the test
// ends, and waits until they are effective.
func (a *Account) GrantCluster(t testing.TB, rules ...rbacv1.PolicyRule) {
	t.Helper()
	ctx, cancel := requestContext(t)
	defer cancel()
	name := uniqueName(a.subject.Name)
	rbac := a.cluster.client.RbacV1()
	t.Cleanup(func() {
		ctx, cancel := requestContext(t)
		defer cancel()
		_ = rbac.ClusterRoleBindings().Delete(ctx, name, metav1.DeleteOptions{})
		_ = rbac.ClusterRoles().Delete(ctx, name, metav1.DeleteOptions{})
	})
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
	if _, err := rbac.ClusterRoles().Create(ctx, role, metav1.CreateOptions{}); err != nil {
		t.Fatalf("creating cluster role %s: %v", name, err)
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects:   []rbacv1.Subject{a.subject},
	}
	if _, err := rbac.ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		t.Fatalf("binding cluster role %s to %s: %v", name, a.User, err)
	}
	a.AwaitEffect(t, "", rules)
}

// AwaitEffect waits until the authorizer, which learns of roles by a watch,
// allows what the last rule says. The rules of one role arrive together.
func (a *Account) AwaitEffect(t testing.TB, namespace string, rules []rbacv1.PolicyRule) {
	t.Helper()
	if len(rules) == 0 {
		return
	}
	review := &authorizationv1.SubjectAccessReview{Spec: reviewOf(namespace, rules[len(rules)-1])}
	review.Spec.User, review.Spec.Groups = a.User, a.groups
	Eventually(t, requestTimeout, func() (bool, string) {
		ctx, cancel := requestContext(t)
		defer cancel()
		answer, err := a.cluster.client.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		if err != nil {
			return false, err.Error()
		}
		return answer.Status.Allowed, a.User + " is not allowed yet: " + answer.Status.Reason
	})
}

// reviewOf asks about the first thing a rule allows.
func reviewOf(namespace string, rule rbacv1.PolicyRule) authorizationv1.SubjectAccessReviewSpec {
	first := func(list []string) string {
		if len(list) == 0 {
			return ""
		}
		return list[0]
	}
	if len(rule.NonResourceURLs) > 0 {
		return authorizationv1.SubjectAccessReviewSpec{NonResourceAttributes: &authorizationv1.NonResourceAttributes{
			Path: first(rule.NonResourceURLs), Verb: first(rule.Verbs),
		}}
	}
	resource, subresource, _ := strings.Cut(first(rule.Resources), "/")
	return authorizationv1.SubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
		Namespace: namespace, Verb: first(rule.Verbs), Group: first(rule.APIGroups),
		Resource: resource, Subresource: subresource, Name: first(rule.ResourceNames),
	}}
}
