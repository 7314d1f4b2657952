package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	pollInterval = 100 * time.Millisecond
	pollTimeout  = time.Minute
)

// cluster is the cluster that the demo uses, with the demo's user.
type cluster struct {
	context string // of the kubeconfig; pinned, since the user may switch meanwhile
	config  *rest.Config
	raw     clientcmdapi.Config // that context alone
	client  kubernetes.Interface
	prefix  string // of every namespace's name; random, so nobody else's
	made    []string
}

func connect(which string) (*cluster, error) {
	if which == "embedded" && os.Getenv("BERTH_TEST_KUBECONFIG") == "" {
		return nil, errors.New("no embedded control plane is running: run `make demo`, or `bin/cluster run -- bin/demo`")
	}
	loaded := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), nil)
	raw, err := loaded.RawConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	if raw.CurrentContext == "" {
		return nil, errors.New("the kubeconfig has no current context: set one with `kubectl config use-context`, " +
			"or run `make demo` for the embedded cluster")
	}
	if err := errors.Join(clientcmdapi.MinifyConfig(&raw), clientcmdapi.FlattenConfig(&raw)); err != nil {
		return nil, fmt.Errorf("reading context %q of the kubeconfig: %w", raw.CurrentContext, err)
	}
	config, err := clientcmd.NewDefaultClientConfig(raw, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("reading context %q of the kubeconfig: %w", raw.CurrentContext, err)
	}
	config.QPS = -1 // the server's own limits are enough
	config.WarningHandler = rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client for %s: %w", config.Host, err)
	}
	random := make([]byte, 4)
	_, _ = rand.Read(random) // never fails: the runtime ends the process instead
	return &cluster{context: raw.CurrentContext, config: config, raw: raw, client: client,
		prefix: "berth-demo-" + hex.EncodeToString(random)}, nil
}

// makeNamespace makes one of the demo's own. It returns once pods can be made
// in it: admission refuses them until it has its default account.
func (c *cluster) makeNamespace(ctx context.Context, suffix string) (string, error) {
	name := c.prefix + "-" + suffix
	c.made = append(c.made, name) // also when the answer is lost
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := c.client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return "", fmt.Errorf("making namespace %s: %w", name, err)
	}
	err := poll(ctx, func(ctx context.Context) (bool, error) {
		_, err := c.client.CoreV1().ServiceAccounts(name).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, ignoreNotFound(err)
	})
	if err != nil {
		return "", fmt.Errorf("waiting for the default account of namespace %s: %w", name, err)
	}
	return name, nil
}

// deleteNamespaces deletes those of the demo that are still there, waits until
// they are gone, and names them.
func (c *cluster) deleteNamespaces(ctx context.Context) (deleted []string, err error) {
	namespaces := c.client.CoreV1().Namespaces()
	for _, name := range append(c.made, c.prefix) {
		n, err := namespaces.Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err == nil {
			err = namespaces.Delete(ctx, name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(n.UID))})
		}
		if ignoreNotFound(err) != nil {
			return deleted, fmt.Errorf("deleting namespace %s, please do it yourself: %w", name, err)
		}
		deleted = append(deleted, name)
	}
	for _, name := range deleted {
		if err := c.gone(ctx, name); err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

// gone waits until a namespace does not exist.
func (c *cluster) gone(ctx context.Context, name string) error {
	err := poll(ctx, func(ctx context.Context) (bool, error) {
		_, err := c.client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		return apierrors.IsNotFound(err), ignoreNotFound(err)
	})
	if err != nil {
		return fmt.Errorf("waiting until namespace %s is gone: %w", name, err)
	}
	return nil
}

func poll(ctx context.Context, condition wait.ConditionWithContextFunc) error {
	return wait.PollUntilContextTimeout(ctx, pollInterval, pollTimeout, true, condition)
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
