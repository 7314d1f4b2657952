package chart

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/getter"
	"helm.sh/helm/v3/pkg/registry"
	"oras.land/oras-go/v2/registry/remote/auth"
)

const (
	userAgent      = "berth"
	requestTimeout = 2 * time.Minute // for a request with its retries, as Helm's own
)

// contextTransport cancels every request when ctx ends, and bounds what is read of an
// answer. Helm's registry client and getters take no context, so it is added here.
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
	resp, err := t.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	resp.Body = &boundedBody{resp.Body, maxDownload}
	if err := checkManifest(resp); err != nil {
		return nil, err
	}
	return resp, nil
}

// checkManifest refuses an OCI manifest of a chart that is larger than is read: oras
// makes room for as much as the manifest says before it reads any of it.
func checkManifest(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/vnd.oci.image.") {
		return nil
	}
	data, err := readAll(resp.Body, "the manifest", maxManifest)
	_ = resp.Body.Close()
	if err != nil {
		return err
	}
	resp.Body = io.NopCloser(bytes.NewReader(data))
	type descriptor struct {
		Size int64 `json:"size"`
	}
	var manifest struct {
		Config            descriptor   `json:"config"`
		Layers, Manifests []descriptor // oras takes the names in any case, as this does
	}
	if json.Unmarshal(data, &manifest) != nil {
		return nil //nolint:nilerr // oras says what is wrong with it
	}
	for _, d := range append(append(manifest.Layers, manifest.Manifests...), manifest.Config) {
		if d.Size > maxDownload {
			return tooLarge("what the manifest names", maxDownload)
		}
	}
	return nil
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
	if _, err := io.Copy(&body, resp.Body); err != nil {
		return nil, fmt.Errorf("GET %s: %w", address, err)
	}
	return &body, nil
}

// checkedGetter refuses a chart that unpacks to more than is read. Helm's manager of
// dependencies unpacks what it downloads by itself.
type checkedGetter struct{ getter.Getter }

// Get implements getter.Getter.
func (g checkedGetter) Get(address string, options ...getter.Option) (*bytes.Buffer, error) {
	data, err := g.Getter.Get(address, options...)
	if err != nil || !bytes.HasPrefix(data.Bytes(), []byte("\x1f\x8b")) {
		return data, err
	}
	if _, err := unpackArchive(data.Bytes()); err != nil {
		return nil, fmt.Errorf("unpack %s: %w", address, err)
	}
	return data, nil
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
