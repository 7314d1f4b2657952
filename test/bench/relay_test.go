//go:build bench

package bench

import (
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

// relay stands between one tool and the API server and counts the bytes on the
// wire, both ways, TLS and all: the one number that means the same for each
// tool. It does not look inside, so it costs them next to nothing.
type relay struct {
	listener net.Listener
	upstream string
	bytes    atomic.Int64
	open     sync.WaitGroup
}

// newRelay listens on loopback until the test ends.
func newRelay(t *testing.T, server string) *relay {
	t.Helper()
	address, err := url.Parse(server)
	if err != nil {
		t.Fatalf("reading the API server's address %q: %v", server, err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listening in front of the API server: %v", err)
	}
	t.Cleanup(func() { listener.Close() })
	r := &relay{listener: listener, upstream: address.Host}
	go r.serve()
	return r
}

func (r *relay) serve() {
	for {
		down, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		r.open.Go(func() { r.carry(down) })
	}
}

// carry passes a connection's bytes on until either side ends it.
func (r *relay) carry(down net.Conn) {
	defer down.Close()
	up, err := net.Dial("tcp", r.upstream)
	if err != nil {
		return // the tool reports the connection that ends here
	}
	defer up.Close()
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

// take returns what went over it since the last time. The tool has ended.
func (r *relay) take() int64 {
	r.open.Wait()
	return r.bytes.Swap(0)
}

// kubeconfig copies a kubeconfig so that it leads over the relay. The server's
// certificate is for the host, which stays; only the port changes.
func (r *relay) kubeconfig(t *testing.T, path string) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatalf("reading %s: %v", path, err)
	}
	for _, cluster := range config.Clusters {
		cluster.Server = "https://" + r.listener.Addr().String()
	}
	through := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, through); err != nil { // 0600
		t.Fatalf("writing the kubeconfig through the relay: %v", err)
	}
	return through
}
