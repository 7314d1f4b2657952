package kube

import (
	"fmt"

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

// Getter is the RESTClientGetter of Helm and kubectl for one operation: it reaches
// the API server through the operation's fence, over the run's connection and with
// the run's discovery.
type Getter struct {
	conn      *Conn
	namespace string
	config    *rest.Config
	getCache  *transport.GetCache // for the clients that Helm and kubectl's library make
}

var _ genericclioptions.RESTClientGetter = (*Getter)(nil)

// Getter returns a Getter for an operation in a namespace. With a nil fence it is
// for reading only, and is not fenced.
func (c *Conn) Getter(namespace string, fence *transport.Fence) *Getter {
	rt := c.reads // below what answers from memory, which may ask the server itself
	if fence != nil {
		rt = transport.Fenced(rt, fence)
	}
	rt = &cachedDiscovery{discovery: c.discovery, prefix: c.transport.Prefix(), next: c.limit.Before(rt)}
	config := c.Config()
	config.Transport = rt
	return &Getter{conn: c, namespace: namespace, config: config, getCache: transport.NewGetCache(rt, c.transport.Prefix())}
}

// CacheGets lets the clients that are made from ToRESTConfig read an object once,
// and once more after each write to it, until end is called.
func (g *Getter) CacheGets() (end func()) { return g.getCache.Enable() }

// ToRESTConfig returns a copy, since its callers change it.
func (g *Getter) ToRESTConfig() (*rest.Config, error) {
	config := rest.CopyConfig(g.config)
	config.Transport = g.getCache
	return config, nil
}

// Core returns a client of the core API behind the fence. Its reads are never
// cached.
func (g *Getter) Core() (corev1.CoreV1Interface, error) {
	core, err := corev1.NewForConfig(g.config)
	if err != nil {
		return nil, fmt.Errorf("make a client of the core API for namespace %s: %w", g.namespace, err)
	}
	return core, nil
}

// Metadata returns a client for the metadata of any object behind the fence. Its
// reads are never cached.
func (g *Getter) Metadata() (metadata.Interface, error) {
	client, err := metadata.NewForConfig(g.config)
	if err != nil {
		return nil, fmt.Errorf("make the metadata client for namespace %s: %w", g.namespace, err)
	}
	return client, nil
}

// Clients returns the typed client and the one for objects of any kind behind the
// fence. Their reads are never cached.
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

// ToDiscoveryClient returns the run's discovery.
func (g *Getter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return g.conn.discovery, nil
}

// ToRESTMapper returns the run's mapper.
func (g *Getter) ToRESTMapper() (meta.RESTMapper, error) { return g.conn.mapper, nil }

// ToRawKubeConfigLoader returns a loader of the namespace, which is all that Helm
// asks it for.
func (g *Getter) ToRawKubeConfigLoader() clientcmd.ClientConfig { return loader{g} }

// loader is a clientcmd.ClientConfig with nothing left to load.
type loader struct{ getter *Getter }

// RawConfig is empty: the kubeconfig and its credentials stay where they are.
func (l loader) RawConfig() (clientcmdapi.Config, error) { return *clientcmdapi.NewConfig(), nil }

// ClientConfig returns the getter's config.
func (l loader) ClientConfig() (*rest.Config, error) { return l.getter.ToRESTConfig() }

// Namespace returns the operation's namespace, which overrides any kubeconfig.
func (l loader) Namespace() (string, bool, error) { return l.getter.namespace, true, nil }

// ConfigAccess names no file.
func (l loader) ConfigAccess() clientcmd.ConfigAccess { return &clientcmd.ClientConfigLoadingRules{} }
