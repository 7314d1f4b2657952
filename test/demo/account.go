package main

import (
	"context"
	"fmt"
	"path/filepath"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const deployer = "deployer"

// account is a ServiceAccount that deploys to its own namespace.
type account struct {
	namespace  string
	kubeconfig string // a file with its token, in the scratch folder
	client     kubernetes.Interface
	admin      kubernetes.Interface
}

func (a *account) name() string { return "ServiceAccount " + a.namespace + "/" + deployer }

// makeTenant makes a namespace and an account in it that may deploy the chart,
// and only do those things to Secrets, where Helm keeps its records.
func (d *demo) makeTenant(ctx context.Context, suffix string, onSecrets ...string) (tenant, error) {
	namespace, err := d.cluster.makeNamespace(ctx, suffix)
	if err != nil {
		return tenant{}, err
	}
	a := &account{namespace: namespace, admin: d.cluster.client, kubeconfig: filepath.Join(d.dir, suffix+".kubeconfig")}
	accounts := a.admin.CoreV1().ServiceAccounts(namespace)
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: deployer}}
	if _, err := accounts.Create(ctx, account, metav1.CreateOptions{}); err != nil {
		return tenant{}, fmt.Errorf("making %s: %w", a.name(), err)
	}
	token, err := accounts.CreateToken(ctx, deployer, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return tenant{}, fmt.Errorf("requesting a token for %s: %w", a.name(), err)
	}
	config := rest.AnonymousClientConfig(d.cluster.config)
	config.BearerToken, config.QPS = token.Status.Token, -1
	if a.client, err = kubernetes.NewForConfig(config); err != nil {
		return tenant{}, fmt.Errorf("making a client for %s: %w", a.name(), err)
	}
	if err := a.writeKubeconfig(d.cluster.raw, token.Status.Token); err != nil {
		return tenant{}, err
	}
	return tenant{namespace: namespace, account: a}, a.grant(ctx, "deploy", rules(onSecrets))
}

// writeKubeconfig takes the way to the server from the demo's user, and nothing else.
func (a *account) writeKubeconfig(from clientcmdapi.Config, token string) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["demo"] = from.Clusters[from.Contexts[from.CurrentContext].Cluster]
	config.AuthInfos[deployer] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts["demo"] = &clientcmdapi.Context{Cluster: "demo", AuthInfo: deployer, Namespace: a.namespace}
	config.CurrentContext = "demo"
	if err := clientcmd.WriteToFile(*config, a.kubeconfig); err != nil { // 0600
		return fmt.Errorf("writing the kubeconfig of %s: %w", a.name(), err)
	}
	return nil
}

// rules are what deploying the example takes, with these verbs on Secrets, which
// come last.
func rules(onSecrets []string) []rbacv1.PolicyRule {
	deploy := []string{"get", "list", "watch", "create", "update", "patch", "delete"}
	read := []string{"get", "list", "watch"}
	return []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}},
		{APIGroups: []string{""}, Resources: []string{"configmaps", "services", "serviceaccounts"}, Verbs: deploy},
		{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: deploy},
		{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: deploy},
		{APIGroups: []string{"networking.k8s.io"}, Resources: []string{"ingresses"}, Verbs: deploy},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: deploy},
		{APIGroups: []string{"apps"}, Resources: []string{"replicasets"}, Verbs: read},
		{APIGroups: []string{""}, Resources: []string{"pods", "pods/log", "events"}, Verbs: read},
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: onSecrets},
	}
}

// grant gives the account a Role of that name, and waits until the API server
// honours its last rule: it learns of all of them at once, but by a watch.
func (a *account) grant(ctx context.Context, name string, rules []rbacv1.PolicyRule) error {
	meta := metav1.ObjectMeta{Name: name, Namespace: a.namespace}
	err := a.apply(ctx,
		&rbacv1.Role{ObjectMeta: meta, Rules: rules},
		&rbacv1.RoleBinding{
			ObjectMeta: meta,
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: a.namespace, Name: deployer}},
		})
	if err != nil {
		return err
	}
	last := rules[len(rules)-1]
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: a.namespace, Group: last.APIGroups[0], Resource: last.Resources[0], Verb: last.Verbs[0],
		},
	}}
	err = poll(ctx, func(ctx context.Context) (bool, error) {
		answer, err := a.client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		return err == nil && answer.Status.Allowed, err
	})
	if err != nil {
		return fmt.Errorf("waiting until %s may %s %s: %w", a.name(), last.Verbs[0], last.Resources[0], err)
	}
	return nil
}

// apply makes Roles and RoleBindings, as the demo's user.
func (a *account) apply(ctx context.Context, objects ...runtime.Object) error {
	rbac := a.admin.RbacV1()
	for _, o := range objects {
		var err error
		switch o := o.(type) {
		case *rbacv1.Role:
			_, err = rbac.Roles(a.namespace).Create(ctx, o, metav1.CreateOptions{})
		case *rbacv1.RoleBinding:
			_, err = rbac.RoleBindings(a.namespace).Create(ctx, o, metav1.CreateOptions{})
		default:
			err = fmt.Errorf("%T is neither a Role nor a RoleBinding", o)
		}
		if err != nil {
			return fmt.Errorf("granting permissions to %s: %w", a.name(), err)
		}
	}
	return nil
}

// parse reads the YAML documents that Berth prints to be applied.
func parse(documents string) ([]runtime.Object, error) {
	var objects []runtime.Object
	for _, text := range splitDocuments(documents) {
		o, _, err := scheme.Codecs.UniversalDeserializer().Decode([]byte(text), nil, nil)
		if err != nil {
			return nil, fmt.Errorf("reading what Berth printed to apply: %w", err)
		}
		objects = append(objects, o)
	}
	return objects, nil
}
