package kube

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/berth-dev/berth/internal/kube/transport"
	"github.com/berth-dev/berth/internal/result"
)

// Conn is the connection of a run: one transport, one discovery and one set of
// clients, shared by everything that talks to the API server. It is safe for
// concurrent use.
type Conn struct {
	config    *rest.Config // rides on transport; holds no credentials
	namespace string
	transport *transport.Transport

	clientset kubernetes.Interface
	dynamic   dynamic.Interface
	metadata  metadata.Interface
	discovery *discoveryCache
	mapper    *kindMapper

	mu      sync.Mutex
	version *version.Info // once it is known
	user    string        // once it is known
}

// Connect finds the API server and the credentials and prepares the clients. It
// makes no request. What is given explicitly comes first: Server, then
// Kubeconfig, then $KUBECONFIG (a list of paths, merged as kubectl does), then
// ~/.kube/config, and at last the pod's own service account.
//
// Every error is a problem.Problem and holds nothing of a kubeconfig's content.
func Connect(o Options) (*Conn, error) {
	o = o.withDefaults()
	d, err := o.destination()
	if err != nil {
		return nil, err
	}
	c, err := connect(o, d)
	if err != nil {
		return nil, wrongInput("use the credentials of "+d.from, err,
			"Correct the server, certificates or token of "+d.from+".")
	}
	return c, nil
}

func connect(o Options, d destination) (*Conn, error) {
	host, _, err := rest.DefaultServerUrlFor(d.config)
	if err != nil {
		return nil, err
	}
	d.config.UserAgent = o.UserAgent
	d.config.Dial = o.Dial
	base, err := rest.TransportFor(d.config)
	if err != nil {
		return nil, err
	}
	c := &Conn{
		namespace: d.namespace,
		transport: transport.New(base, host.Path, o.RequestTimeout, o.Log),
	}
	// The credentials and TLS live in the transport. A config that has a
	// transport and none of them is all that a client needs, and every client
	// made from it, Helm's one per object included, shares the connection.
	c.config = &rest.Config{
		Host:                      strings.TrimSuffix(host.String(), "/"),
		UserAgent:                 o.UserAgent,
		Transport:                 transport.RetryReads(c.transport, o.Log),
		QPS:                       -1,
		RateLimiter:               flowcontrol.NewFakeAlwaysRateLimiter(),
		WarningHandlerWithContext: &warnings{emit: o.Warn},
	}
	return c, c.makeClients()
}

func (c *Conn) makeClients() (err error) {
	client := &http.Client{Transport: c.config.Transport}
	if c.clientset, err = kubernetes.NewForConfigAndClient(c.config, client); err != nil {
		return fmt.Errorf("make the typed client: %w", err)
	}
	if c.dynamic, err = dynamic.NewForConfigAndClient(c.config, client); err != nil {
		return fmt.Errorf("make the dynamic client: %w", err)
	}
	if c.metadata, err = metadata.NewForConfigAndClient(metadata.ConfigFor(c.config), client); err != nil {
		return fmt.Errorf("make the metadata client: %w", err)
	}
	if c.discovery, err = newDiscoveryCache(c.config, client, c.Version); err != nil {
		return fmt.Errorf("make the discovery client: %w", err)
	}
	c.mapper = newKindMapper(c.discovery.CachedDiscoveryInterface)
	return nil
}

// Config is a copy for whoever makes a client of its own. No fence holds it.
func (c *Conn) Config() *rest.Config { return rest.CopyConfig(c.config) }

// Clientset is the typed client. No fence holds it.
func (c *Conn) Clientset() kubernetes.Interface { return c.clientset }

// Dynamic is the client for objects of any kind. No fence holds it.
func (c *Conn) Dynamic() dynamic.Interface { return c.dynamic }

// Metadata is the client that reads objects without their content. No fence
// holds it.
func (c *Conn) Metadata() metadata.Interface { return c.metadata }

// Host is the API server's URL.
func (c *Conn) Host() string { return c.config.Host }

// Namespace is the one that the kubeconfig's context, or the pod, names.
func (c *Conn) Namespace() string { return c.namespace }

// ServerTime estimates the API server's present time. It is false before the
// first answer.
func (c *Conn) ServerTime() (time.Time, bool) { return c.transport.ServerTime() }

// Traffic counts what was sent so far, by resource, then verb. Bytes are those of
// the bodies, decompressed.
func (c *Conn) Traffic() []result.Requests { return c.transport.Requests() }

// Close lets go of the idle connections. The Conn stays usable.
func (c *Conn) Close() { utilnet.CloseIdleConnectionsFor(c.transport) }

// warnings hands each of the API server's warnings on once: an upgrade would
// repeat them for every object.
type warnings struct {
	emit func(string)
	seen sync.Map
}

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext. 299
// is the only code that the API server sends.
func (w *warnings) HandleWarningHeaderWithContext(_ context.Context, code int, _, text string) {
	if code != 299 || text == "" {
		return
	}
	if _, again := w.seen.LoadOrStore(text, true); !again {
		w.emit(text)
	}
}
