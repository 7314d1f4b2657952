package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/berth-dev/berth/internal/kube/transport"
	"github.com/berth-dev/berth/internal/secrets"
)

// Connect finds the API server and the credentials and prepares the clients. It
// sends no request, and ends with ctx: a file that it reads may be a pipe that nobody
// writes to. The first of these counts: Server, Kubeconfig, $KUBECONFIG (a
// list of paths, merged as kubectl does), ~/.kube/config, and the service account
// of the pod that it runs in.
//
// Every error is a *problem.Problem and holds nothing of a kubeconfig's content.
func Connect(ctx context.Context, o Options) (*Conn, error) {
	o = o.withDefaults()
	d, err := o.destination(ctx)
	if err != nil {
		return nil, err
	}
	c, err := connect(o, d)
	if err != nil {
		return nil, wrongInput("use the credentials of "+d.from, err,
			"Correct the server, certificates or token of "+d.from+".")
	}
	if d.config.Insecure {
		o.Note("The API server is not verified", "insecure-skip-tls-verify is set in "+d.from+
			": whoever stands between this runner and the API server can read the token, and answer in its place. "+
			"Give the authority that signed its certificate, as certificate-authority-data.")
	}
	return c, nil
}

// destination returns the API server that the options, the environment or the
// pod name.
func (o Options) destination(ctx context.Context) (destination, error) {
	switch {
	case o.Server != "" && (o.Kubeconfig != "" || o.Context != ""):
		return destination{}, wrongInput("choose the cluster",
			errors.New("kube-apiserver excludes kubeconfig and kube-context"), "Give one or the other.")
	case o.Server != "":
		return o.explicitDestination(ctx)
	case o.Token != "" || o.CA != "":
		return destination{}, wrongInput("choose the cluster",
			errors.New("kube-token and kube-ca need kube-apiserver"), "Give the API server's address as kube-apiserver.")
	}
	source, found, err := o.findKubeconfig(ctx)
	if err != nil {
		return destination{}, err
	}
	if found {
		return source.destination(o.Context)
	}
	return o.inClusterDestination()
}

// connect prepares the clients for a destination.
func connect(o Options, d destination) (*Conn, error) {
	host, _, err := rest.DefaultServerUrlFor(d.config)
	if err != nil {
		return nil, err
	}
	o.Hide(d.config.BearerToken, d.config.Password, secrets.Basic(d.config.Username, d.config.Password))
	if host.User != nil { // net/http would send them to wherever the address leads, in the clear, too
		return nil, errors.New("the server's address holds credentials; give them as the user's username and password")
	}
	if err := refuseClearText(host, d); err != nil {
		return nil, err
	}
	d.config.UserAgent = o.UserAgent
	d.config.Dial = o.Dial
	base, err := o.roundTripper(d.config)
	if err != nil {
		return nil, err
	}
	if o.TriesAlone {
		base = transport.TriedAlone(base)
	}
	c := &Conn{transport: transport.New(base, host, o.RequestTimeout, o.Log), limit: transport.NewLimit(o.InFlight)}
	c.reads = transport.RetryReads(c.transport, o.Log)
	// The transport holds the credentials and TLS. A config with the transport
	// and nothing of these is all that a client needs, and all clients made from
	// it, of which Helm makes one for each object, share the connection.
	c.config = &rest.Config{
		Host:                      strings.TrimSuffix(host.String(), "/"),
		UserAgent:                 o.UserAgent,
		Transport:                 c.limit.Before(c.reads),
		QPS:                       -1,
		RateLimiter:               flowcontrol.NewFakeAlwaysRateLimiter(),
		WarningHandlerWithContext: &warnings{emit: o.Warn},
	}
	err = c.makeClients()
	return c, err
}

func (c *Conn) makeClients() (err error) {
	client := &http.Client{Transport: c.config.Transport}
	if c.clientset, err = kubernetes.NewForConfigAndClient(c.config, client); err != nil {
		return fmt.Errorf("make the typed client: %w", err)
	}
	if c.dynamic, err = dynamic.NewForConfigAndClient(c.config, client); err != nil {
		return fmt.Errorf("make the dynamic client: %w", err)
	}
	// It lists kinds that are none of the release's, which may be deprecated: nobody here can
	// do anything about that.
	aside := metadata.ConfigFor(c.config)
	aside.WarningHandlerWithContext = rest.NoWarnings{}
	if c.metadata, err = metadata.NewForConfigAndClient(aside, client); err != nil {
		return fmt.Errorf("make the metadata client: %w", err)
	}
	if c.discovery, err = newDiscoveryCache(c.config, client, c.Version); err != nil {
		return fmt.Errorf("make the discovery client: %w", err)
	}
	c.mapper = newKindMapper(c.discovery.CachedDiscoveryInterface)
	return nil
}

// warnings passes each of the API server's warnings on once. An upgrade would
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
