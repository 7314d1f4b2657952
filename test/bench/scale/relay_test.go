//go:build bench

package scale

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// relay stands before the API server and counts the bytes on the wire, TLS and all.
type relay struct {
	listener net.Listener
	bytes    atomic.Int64
	open     sync.WaitGroup
}

func newRelay(t *testing.T, server string) *relay {
	t.Helper()
	address, err := url.Parse(server)
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	r := &relay{listener: listener}
	go func() {
		for {
			down, err := listener.Accept()
			if err != nil {
				return // closed
			}
			r.open.Go(func() { r.carry(down, address.Host) })
		}
	}()
	return r
}

func (r *relay) carry(down net.Conn, upstream string) {
	defer down.Close()
	up, err := net.Dial("tcp", upstream)
	if err != nil {
		return
	}
	var both sync.WaitGroup
	pass := func(to, from net.Conn) {
		n, _ := io.Copy(to, from)
		r.bytes.Add(n)
		to.Close()
		from.Close()
	}
	both.Go(func() { pass(up, down) })
	both.Go(func() { pass(down, up) })
	both.Wait()
}

// take returns what went over it since the last time. What used it has ended.
func (r *relay) take() int64 {
	r.open.Wait()
	return r.bytes.Swap(0)
}

func (r *relay) kubeconfig(t *testing.T, path string) string {
	t.Helper()
	return leading(t, path, "https://"+r.listener.Addr().String(), nil)
}

// leading copies a kubeconfig so that it leads to another address, with an authority of its own
// where there is one.
func leading(t *testing.T, path, server string, authority []byte) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(path)
	must(t, err)
	for _, cluster := range config.Clusters {
		cluster.Server = server
		if authority != nil {
			cluster.CertificateAuthority, cluster.CertificateAuthorityData = "", authority
		}
	}
	through := filepath.Join(t.TempDir(), "kubeconfig")
	must(t, clientcmd.WriteToFile(*config, through))
	return through
}

// counter stands before the API server and counts how many requests are under way at the same
// time. A watch is under way for as long as it is looked at, and does not count.
type counter struct {
	server *httptest.Server
	now    atomic.Int64
	most   atomic.Int64
	all    atomic.Int64
}

func newCounter(t *testing.T, config *rest.Config) *counter {
	t.Helper()
	address, err := url.Parse(config.Host)
	must(t, err)
	transport, err := rest.TransportFor(rest.AnonymousClientConfig(config)) // the credentials are the client's
	must(t, err)
	proxy := &httputil.ReverseProxy{Transport: transport, FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(address) }}
	c := &counter{}
	c.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !r.URL.Query().Has("watch") {
			defer c.now.Add(-1)
			c.note(c.now.Add(1))
		}
		proxy.ServeHTTP(w, r)
	}))
	c.server.EnableHTTP2 = true
	c.server.StartTLS()
	t.Cleanup(c.server.Close)
	return c
}

func (c *counter) note(now int64) {
	c.all.Add(1)
	for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); most = c.most.Load() {
	}
}

func (c *counter) kubeconfig(t *testing.T, path string) string {
	t.Helper()
	return leading(t, path, c.server.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.server.Certificate().Raw}))
}
