package kube

import (
	"net/http"

	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
	clienttransport "k8s.io/client-go/transport"
	"k8s.io/client-go/util/connrotation"
)

// roundTripper returns the transport with the config's credentials and TLS.
func (o Options) roundTripper(config *rest.Config) (http.RoundTripper, error) {
	if config.ExecProvider == nil {
		return rest.TransportFor(config)
	}
	plain := rest.CopyConfig(config)
	plain.ExecProvider = nil
	base, err := plain.TransportConfig()
	if err != nil {
		return nil, err
	}
	if base.HasTokenAuth() || base.HasBasicAuth() || base.HasCertAuth() {
		return clienttransport.New(base) // they go first, as with kubectl
	}
	api, err := newPluginAPI(config)
	if err != nil {
		return nil, err
	}
	p := &plugin{config: config.ExecProvider, api: api, limit: o.RequestTimeout * 9 / 10, log: o.Log, hide: o.Hide,
		tracker: connrotation.NewConnectionTracker()}
	base.Wrap(func(next http.RoundTripper) http.RoundTripper { return &pluginTransport{p, next} })
	base.TLS.GetCertHolder = &clienttransport.GetCertHolder{GetCert: p.certificate}
	base.DialHolder = &clienttransport.DialHolder{Dial: connrotation.NewDialerWithTracker(o.Dial, p.tracker).DialContext}
	return clienttransport.New(base)
}

// pluginTransport puts the plugin's credentials on requests.
type pluginTransport struct {
	plugin *plugin
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *pluginTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Authorization") != "" {
		return t.next.RoundTrip(req)
	}
	given, err := t.plugin.credentials(req.Context())
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	if given.token != "" {
		req = utilnet.CloneRequest(req)
		req.Header.Set("Authorization", "Bearer "+given.token)
	}
	resp, err := t.next.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		t.plugin.refused(given)
	}
	return resp, err
}

// WrappedRoundTripper lets utilnet find the idle connections underneath.
func (t *pluginTransport) WrappedRoundTripper() http.RoundTripper { return t.next }
