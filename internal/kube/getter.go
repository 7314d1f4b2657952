package kube

import (
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/berth-dev/berth/internal/kube/transport"
)

// Getter is how one Helm operation reaches the API server: through its own
// fence, over the run's connection, with the run's discovery. It is Helm's and
// kubectl's RESTClientGetter.
type Getter struct {
	conn      *Conn
	namespace string
	config    *rest.Config
	getCache  *transport.GetCache // before what Helm and kubectl's library read
}

var _ genericclioptions.RESTClientGetter = (*Getter)(nil)

// Getter makes one for an operation in a namespace. Without a fence it is for
// reading only.
func (c *Conn) Getter(namespace string, fence *transport.Fence) *Getter {
	var rt http.RoundTripper = &discoveryAnswers{discovery: c.discovery, prefix: c.transport.Prefix(), next: c.config.Transport}
	if fence != nil {
		rt = transport.Fenced(rt, fence)
	}
	config := c.Config()
	config.Transport = rt
	return &Getter{conn: c, namespace: namespace, config: config, getCache: transport.NewGetCache(rt)}
}

// Recall has the clients that are made from ToRESTConfig read an object once, and
// once more after each write, until the function that it returns is called.
func (g *Getter) CacheGets() (end func()) { return g.getCache.Enable() }

// ToRESTConfig gives a copy each time: its users change it.
func (g *Getter) ToRESTConfig() (*rest.Config, error) {
	config := rest.CopyConfig(g.config)
	config.Transport = g.getCache
	return config, nil
}

// Core gives a client of the core API behind the getter's fence.
func (g *Getter) Core() (corev1.CoreV1Interface, error) {
	core, err := corev1.NewForConfig(g.config)
	if err != nil {
		return nil, fmt.Errorf("make a client of the core API for namespace %s: %w", g.namespace, err)
	}
	return core, nil
}

// Metadata gives a client for the metadata of any object behind the getter's
// fence.
func (g *Getter) Metadata() (metadata.Interface, error) {
	client, err := metadata.NewForConfig(g.config)
	if err != nil {
		return nil, fmt.Errorf("make the metadata client for namespace %s: %w", g.namespace, err)
	}
	return client, nil
}

// Clients gives the typed client and the one for objects of any kind, behind the
// getter's fence.
func (g *Getter) Clients() (kubernetes.Interface, dynamic.Interface, error) {
	client, err := kubernetes.NewForConfig(g.config)
	if err != nil {
		return nil, nil, fmt.Errorf("make the typed client for namespace %s: %w", g.namespace, err)
	}
	objects, err := dynamic.NewForConfig(g.config)
	if err != nil {
		return nil, nil, fmt.Errorf("make the dynamic client for namespace %s: %w", g.namespace, err)
	}
	return client, objects, nil
}

// ToDiscoveryClient gives the run's discovery.
func (g *Getter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return g.conn.discovery, nil
}

// ToRESTMapper gives the run's mapper.
func (g *Getter) ToRESTMapper() (meta.RESTMapper, error) { return g.conn.mapper, nil }

// ToRawKubeConfigLoader gives what Helm asks it for: the namespace.
func (g *Getter) ToRawKubeConfigLoader() clientcmd.ClientConfig { return loader{g} }

// loader is a clientcmd.ClientConfig that has been loaded.
type loader struct{ getter *Getter }

// RawConfig is empty: the kubeconfig and its credentials stay where they are.
func (l loader) RawConfig() (clientcmdapi.Config, error) { return *clientcmdapi.NewConfig(), nil }

// ClientConfig is the getter's.
func (l loader) ClientConfig() (*rest.Config, error) { return l.getter.ToRESTConfig() }

// Namespace is the operation's; it overrules any kubeconfig.
func (l loader) Namespace() (string, bool, error) { return l.getter.namespace, true, nil }

// ConfigAccess knows no file.
func (l loader) ConfigAccess() clientcmd.ConfigAccess { return &clientcmd.ClientConfigLoadingRules{} }
