package chart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"helm.sh/helm/v3/pkg/getter"
	"helm.sh/helm/v3/pkg/registry"
	"oras.land/oras-go/v2/registry/remote/auth"
)

const (
	userAgent       = "berth"
	requestTimeout  = 2 * time.Minute // for a request with its retries, as Helm's own
	maxDownloadSize = 128 << 20       // bytes
)

// contextTransport cancels every request when ctx ends. Helm's registry client and
// getters take no context, so it is added here.
type contextTransport struct {
	ctx  context.Context
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t contextTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.ctx.Err() != nil { // AfterFunc cancels a moment later, and a fast answer would win
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, context.Cause(t.ctx)
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	context.AfterFunc(t.ctx, func() { cancel(context.Cause(t.ctx)) })
	return t.next.RoundTrip(req.WithContext(ctx))
}

// httpGetter is the getter with which Helm downloads from a repository. It looks up
// the credentials by the host of each request, so that an index that names another
// host does not get them.
type httpGetter struct {
	client     *http.Client
	credential auth.CredentialFunc
}

// Get implements getter.Getter. Credentials are sent over HTTPS only, except to
// this machine.
func (g httpGetter) Get(address string, _ ...getter.Option) (*bytes.Buffer, error) {
	req, err := http.NewRequest(http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	if g.credential != nil {
		cred, err := g.credential(req.Context(), req.URL.Host)
		if err != nil {
			return nil, err
		}
		if cred.Username != "" {
			if req.URL.Scheme != "https" && !isLoopback(req.URL.Hostname()) {
				return nil, errors.New("credentials are not sent over plain HTTP; use https://")
			}
			req.SetBasicAuth(cred.Username, cred.Password)
		}
	}
	resp, err := g.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: the server answered %s", address, resp.Status)
	}
	var body bytes.Buffer
	n, err := io.Copy(&body, io.LimitReader(resp.Body, maxDownloadSize+1))
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", address, err)
	}
	if n > maxDownloadSize {
		return nil, fmt.Errorf("GET %s: the answer is larger than %d MiB", address, maxDownloadSize>>20)
	}
	return &body, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// allLoopback reports whether there are registries among the addresses and all of
// them are on this machine: then plain HTTP is used.
func allLoopback(addresses []*url.URL) bool {
	some := false
	for _, u := range addresses {
		if u.Scheme != registry.OCIScheme {
			continue
		}
		if !isLoopback(u.Hostname()) {
			return false
		}
		some = true
	}
	return some
}
