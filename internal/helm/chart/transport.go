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

	"helm.sh/helm/v3/pkg/getter"
	"helm.sh/helm/v3/pkg/registry"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// bound ends every request when ctx ends. Helm's registry client and getters
// take no context, so the transport is where it can be put in.
type bound struct {
	ctx  context.Context
	next http.RoundTripper
}

func (b bound) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	context.AfterFunc(b.ctx, func() { cancel(context.Cause(b.ctx)) })
	return b.next.RoundTrip(req.WithContext(ctx))
}

// httpGetter is Helm's way to a repository, with credentials that are looked up
// by the host of the very request, so that an index cannot lead them elsewhere.
type httpGetter struct {
	client     *http.Client
	credential auth.CredentialFunc
}

func (g httpGetter) Get(address string, _ ...getter.Option) (*bytes.Buffer, error) {
	req, err := http.NewRequest(http.MethodGet, address, nil)
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

// onlyLoopback says whether every registry is on this machine: only there is
// plain HTTP spoken to one.
func onlyLoopback(addresses []*url.URL) bool {
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
