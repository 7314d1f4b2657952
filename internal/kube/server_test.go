package kube

import (
	"context"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// testTimeout bounds every wait of these tests.
const testTimeout = 10 * time.Second

func withTimeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	t.Cleanup(cancel)
	return ctx
}

// serve starts a TLS server that speaks HTTP/2 and connects to it with a token.
func serve(t *testing.T, handler http.HandlerFunc, change ...func(*Options)) *Conn {
	t.Helper()
	srv := httptest.NewUnstartedServer(handler)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	o := Options{Server: srv.URL, Token: "s3cret", CA: authority(srv), UserAgent: "berth/test"}
	for _, f := range change {
		f(&o)
	}
	c, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func authority(srv *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))
}

// countDials counts the connections that are opened.
func countDials(n *atomic.Int32) func(*Options) {
	return func(o *Options) {
		o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			n.Add(1)
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
	}
}

// signal returns a channel and a function that closes it, at most once.
func signal() (<-chan struct{}, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	return ctx.Done(), cancel
}
