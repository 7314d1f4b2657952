package chart

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/getter"
	"helm.sh/helm/v3/pkg/registry"
	"helm.sh/helm/v3/pkg/repo"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// remote holds the clients of chart repositories and registries for one Fetch.
type remote struct {
	dir      string // for downloads
	registry *registry.Client
	getters  getter.Providers
}

// connect makes the clients for these addresses. It sends nothing.
func (s Source) connect(ctx context.Context, dir string, addresses ...*url.URL) (*remote, error) {
	tlsConfig, err := s.tlsConfig()
	if err != nil {
		return nil, err
	}
	forRegistry, forRepository, err := s.credentials(ctx)
	if err != nil {
		return nil, err
	}
	base := newTransport(ctx, tlsConfig)
	guard := &credentialGuard{next: retry.NewTransport(base), named: canonicalHosts(s.RegistryHosts), hide: s.Hide}
	client := &http.Client{
		Transport: contextTransport{ctx: ctx, next: guard}, Timeout: requestTimeout, CheckRedirect: checkRedirect,
	}

	authorizer := auth.Client{Client: client, Credential: guard.watch(forRegistry), Cache: auth.NewCache()}
	authorizer.SetUserAgent(userAgent)
	options := []registry.ClientOption{
		registry.ClientOptHTTPClient(client),
		registry.ClientOptAuthorizer(authorizer),
		registry.ClientOptWriter(io.Discard),
		// Does not exist. Without it the client would read the home folder's.
		registry.ClientOptCredentialsFile(filepath.Join(dir, "no-credentials.json")),
	}
	if allLoopback(addresses) {
		options = append(options, registry.ClientOptPlainHTTP())
	}
	reg, err := registry.NewClient(options...)
	if err != nil {
		return nil, s.problem("make a registry client", err, "Check registry-config.")
	}
	return &remote{dir: dir, registry: reg, getters: getter.Providers{
		{Schemes: []string{"http", "https"}, New: func(...getter.Option) (getter.Getter, error) {
			return checkedGetter{httpGetter{client: client, credential: guard.watch(forRepository)}}, nil
		}},
		{Schemes: []string{registry.OCIScheme}, New: func(...getter.Option) (getter.Getter, error) {
			inner, err := getter.NewOCIGetter(getter.WithRegistryClient(reg))
			return checkedGetter{inner}, err
		}},
	}}, nil
}

// newTransport returns the transport of the clients, whose connections end with ctx.
func newTransport(ctx context.Context, config *tls.Config) *http.Transport {
	base := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		// A .tgz has to stay packed, also when a server declares it as its encoding.
		DisableCompression: true,
	}
	context.AfterFunc(ctx, base.CloseIdleConnections)
	return base
}

// tlsConfig returns a configuration that trusts the system's certificates and
// those of CAFile.
func (s Source) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CAFile == "" {
		return config, nil
	}
	pem, err := readNamed(s.CAFile, maxInput)
	if err != nil {
		return nil, s.wrongInput(fmt.Sprintf("ca-file: %s: %v", shownPath(s.CAFile), unreadable(err)), "Check the path; it takes no content.")
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, s.wrongInput(fmt.Sprintf("ca-file: %s holds no certificate", shownPath(s.CAFile)), "Give a file of certificates in PEM form.")
	}
	config.RootCAs = pool
	return config, nil
}

// index downloads a repository's index.
func (r *remote) index(address, name string) (*repo.IndexFile, error) {
	cr, err := repo.NewChartRepository(&repo.Entry{Name: name, URL: address}, r.getters)
	if err != nil {
		return nil, err
	}
	cr.CachePath = r.dir
	file, err := cr.DownloadIndexFile()
	if err != nil {
		return nil, err
	}
	return repo.LoadIndexFile(file)
}

// download gets a file.
func (r *remote) download(address string) ([]byte, error) {
	scheme, _, _ := strings.Cut(address, ":")
	g, err := r.getters.ByScheme(strings.ToLower(scheme))
	if err != nil {
		return nil, err
	}
	data, err := g.Get(address)
	if err != nil {
		return nil, err
	}
	return data.Bytes(), nil
}

// pull gets a chart from a registry. It resolves version, which may be a
// constraint, among the tags. digest is the manifest's.
func (r *remote) pull(u *url.URL, version string) (data []byte, digest string, err error) {
	at := *u // ValidateReference writes into its argument
	resolved, err := r.registry.ValidateReference(u.String(), version, &at)
	if err != nil {
		return nil, "", err
	}
	got, err := r.registry.Pull(strings.TrimPrefix(resolved.String(), registry.OCIScheme+"://"))
	if err != nil {
		return nil, "", err
	}
	return got.Chart.Data, got.Manifest.Digest, nil
}
