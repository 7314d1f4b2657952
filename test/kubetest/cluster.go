// Package kubetest gives tests a real API server to work on: namespaces and
// users of their own, the real Helm to compare with, and waiting without
// sleeping. It needs a running cluster and says so; it never skips a test.
package kubetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// kubeconfigVariable is deliberately not KUBECONFIG: a test must never reach
// the cluster a developer happens to be logged in to.
const kubeconfigVariable = "BERTH_TEST_KUBECONFIG"

// requestTimeout bounds each request that the helpers make.
const requestTimeout = 20 * time.Second

// Cluster is the test cluster, seen as its administrator.
type Cluster struct {
	kubeconfig string
	config     *rest.Config
	client     kubernetes.Interface
}

// Connect returns the cluster that BERTH_TEST_KUBECONFIG names, or fails the
// test with the way to get one.
func Connect(t testing.TB) *Cluster {
	t.Helper()
	path := os.Getenv(kubeconfigVariable)
	if path == "" {
		t.Fatalf("%s is not set: this test needs a cluster. Run `make test`, or `bin/cluster run -- go test ./...`", kubeconfigVariable)
	}
	return ConnectTo(t, path)
}

// ConnectTo connects to the control plane of a kubeconfig.
func ConnectTo(t testing.TB, path string) *Cluster {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatalf("reading %s: %v", path, err)
	}
	config.QPS = -1 // the server's own limits are enough
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatalf("making a client from %s: %v", path, err)
	}
	return &Cluster{kubeconfig: path, config: config, client: client}
}

// Config is a copy of the administrator's configuration, without a rate limit.
func (c *Cluster) Config() *rest.Config { return rest.CopyConfig(c.config) }

// Client is the administrator's client.
func (c *Cluster) Client() kubernetes.Interface { return c.client }

// Kubeconfig is the path of the administrator's kubeconfig.
func (c *Cluster) Kubeconfig() string { return c.kubeconfig }

// AuditLog is the path of the API server's audit log: one JSON event a line for
// each request of a test's or tool's, reads included, bodies not.
func (c *Cluster) AuditLog() string { return filepath.Join(filepath.Dir(c.kubeconfig), "audit.log") }

// Namespace makes a namespace of the test's own and has it deleted at the end,
// without waiting for that. It returns once pods can be made in it.
func (c *Cluster) Namespace(t testing.TB) string {
	t.Helper()
	name := c.Name(t, "test")
	ctx, cancel := requestContext(t)
	defer cancel()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := c.client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		t.Fatalf("creating namespace %s: %v", name, err)
	}
	// Admission refuses pods until the controller manager made this account.
	Eventually(t, requestTimeout, func() (bool, string) {
		_, err := c.client.CoreV1().ServiceAccounts(name).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, errorText(err)
	})
	return name
}

// Name returns a name nothing else uses, for a namespace that the code under
// test makes. A namespace of that name is deleted at the end of the test.
func (c *Cluster) Name(t testing.TB, prefix string) string {
	t.Helper()
	name := uniqueName(prefix)
	t.Cleanup(func() {
		ctx, cancel := requestContext(t)
		defer cancel()
		err := c.client.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{})
		// A conflict is a namespace that is already being deleted.
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			t.Errorf("deleting namespace %s: %v", name, err)
		}
	})
	return name
}

// uniqueName is random rather than counted: several test binaries share the
// cluster at the same time.
func uniqueName(prefix string) string {
	random := make([]byte, 4)
	_, _ = rand.Read(random) // never fails: the runtime ends the process instead
	return prefix + "-" + hex.EncodeToString(random)
}

// requestContext outlives the test's own context, so that cleanups can use it.
func requestContext(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(t.Context()), requestTimeout)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
