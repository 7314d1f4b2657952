package kubetest_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/berth-dev/berth/test/kubetest"
)

// An account may do what it was granted from the first request on, and nothing else.
func TestServiceAccount(t *testing.T) {
	c := kubetest.Connect(t)
	namespace, other := c.Namespace(t), c.Namespace(t)
	account := c.ServiceAccount(t, namespace, "deployer", slices.Concat(c.DeployerRules(), c.LeaseRules())...)

	info, err := os.Stat(account.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the kubeconfig's mode is %v", info.Mode())
	}
	config, err := clientcmd.BuildConfigFromFlags("", account.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "settings"}}
	if _, err := client.CoreV1().ConfigMaps(namespace).Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Errorf("what was granted: %v", err)
	}
	_, err = client.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), account.User) {
		t.Errorf("what was not granted: %v", err)
	}

	account.Grant(t, other, c.SecretRules("list")...)
	if _, err := client.CoreV1().Secrets(other).List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("what was granted in another namespace: %v", err)
	}
	account.GrantCluster(t, c.SecretRules("list")...)
	if _, err := client.CoreV1().Secrets("").List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("what was granted in the whole cluster: %v", err)
	}
}
