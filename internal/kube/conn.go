package kube

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/internal/kube/transport"
	"github.com/berth-dev/berth/internal/result"
)

// Conn is the connection of a run: one transport, one discovery and one set of
// clients, which everything that talks to the API server shares. It is safe for
// concurrent use.
type Conn struct {
	config    *rest.Config // uses transport; holds no credentials
	transport *transport.Transport
	reads     http.RoundTripper // the transport, with its repetition of reads
	limit     *transport.Limit  // that requests wait at before they pass a fence

	clientset kubernetes.Interface
	dynamic   dynamic.Interface
	metadata  metadata.Interface
	discovery *discoveryCache
	mapper    *kindMapper

	mu      sync.Mutex
	version *version.Info // once it is known
	user    string        // once it is known
}

// Config returns a copy of the config, to make a client with. It is not fenced.
func (c *Conn) Config() *rest.Config { return rest.CopyConfig(c.config) }

// Clientset returns the typed client. It is not fenced.
func (c *Conn) Clientset() kubernetes.Interface { return c.clientset }

// Dynamic returns the client for objects of any kind. It is not fenced.
func (c *Conn) Dynamic() dynamic.Interface { return c.dynamic }

// Metadata returns the client that reads objects without their content. It is not
// fenced.
func (c *Conn) Metadata() metadata.Interface { return c.metadata }

// Host returns the API server's URL.
func (c *Conn) Host() string { return c.config.Host }

// ServerTime returns the earliest that the API server's present time can be. It is
// false before the second answer.
func (c *Conn) ServerTime() (time.Time, bool) { return c.transport.ServerTime() }

// LatestServerTime returns the latest that the API server's present time can be. It
// is false before the second answer.
func (c *Conn) LatestServerTime() (time.Time, bool) { return c.transport.LatestServerTime() }

// Traffic counts what was sent so far, by resource, then verb. Bytes are those of
// the bodies, decompressed.
func (c *Conn) Traffic() []result.Requests { return c.transport.Requests() }

// Mapper returns what maps kinds to resources. The whole run shares it. The first
// call asks the API server, within ctx.
func (c *Conn) Mapper(ctx context.Context) (meta.RESTMapper, error) {
	cached := discovery.ToCachedDiscoveryInterfaceWithContext(c.discovery.CachedDiscoveryInterface)
	if _, err := cached.ServerGroupsWithContext(ctx); err != nil {
		return nil, fmt.Errorf("ask %s what it offers: %w", c.Host(), err)
	}
	return c.mapper, nil
}

// Served returns the kinds that the API server has, from what the whole run shares. Where it
// is not known of some groups, such as when what serves them does not answer, that is its
// error, and the others are returned.
func (c *Conn) Served(ctx context.Context) ([]*metav1.APIGroup, []*metav1.APIResourceList, error) {
	cached := discovery.ToCachedDiscoveryInterfaceWithContext(c.discovery.CachedDiscoveryInterface)
	return cached.ServerGroupsAndResourcesWithContext(ctx)
}

// ResetDiscovery drops what is cached of the API server's kinds, for instance
// after CRDs were added.
func (c *Conn) ResetDiscovery() { c.mapper.Reset() }

// Version returns the API server's version. It is asked for at most once.
func (c *Conn) Version(ctx context.Context) (*version.Info, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version != nil {
		return c.version, nil
	}
	asker := discovery.ToDiscoveryInterfaceWithContext(c.clientset.Discovery())
	v, err := asker.ServerVersionWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask %s for its version: %w", c.Host(), err)
	}
	c.version = v
	return v, nil
}

// Close closes the idle connections. The Conn stays usable.
func (c *Conn) Close() { utilnet.CloseIdleConnectionsFor(c.transport) }
