package chart

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/secrets"
)

// credentialGuard stands under the clients of Helm and oras and lets credentials pass
// to no host but the one that they are for, whatever that host answers. A registry
// names the place to log in itself, in the realm of its challenge, and may name any:
// https://distribution.github.io/distribution/spec/auth/token/
//
// Many keep it elsewhere than their images, and always below the same domain:
// registry-1.docker.io has auth.docker.io, registry.gitlab.com has gitlab.com, and a
// GitLab of one's own has gitlab.example.com for gitlab.example.com:5050. That is
// allowed over HTTPS at its own port. Any other place has to be named as RegistryHosts.
type credentialGuard struct {
	next  http.RoundTripper
	named []string                // RegistryHosts
	hide  func(secrets ...string) // takes every secret that is sent: what refuses one may quote it

	mu    sync.Mutex
	given map[string][]string // hosts that a secret was given out for, by how a request shows it
}

// oauth stands for a secret that is sent in a form and not in a header.
const oauth = "form"

// watch returns get, of which the guard knows what it gave out for which host.
func (g *credentialGuard) watch(get auth.CredentialFunc) auth.CredentialFunc {
	if get == nil {
		return nil
	}
	return func(ctx context.Context, hostport string) (auth.Credential, error) {
		c, err := get(ctx, hostport)
		if err != nil {
			return c, err
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		g.mask(c.Password, secrets.Basic(c.Username, c.Password), c.RefreshToken, c.AccessToken)
		if c.Username != "" || c.Password != "" {
			g.give("Basic "+base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password)), hostport)
		}
		if c.RefreshToken != "" {
			g.give(oauth, hostport)
		}
		if c.AccessToken != "" {
			g.give("Bearer "+c.AccessToken, hostport)
		}
		return c, nil
	}
}

func (g *credentialGuard) mask(secrets ...string) {
	if g.hide != nil {
		g.hide(secrets...)
	}
}

func (g *credentialGuard) give(shown, hostport string) {
	if g.given == nil {
		g.given = map[string][]string{}
	}
	if host := canonicalHost(hostport); !slices.Contains(g.given[shown], host) {
		g.given[shown] = append(g.given[shown], host)
	}
}

// RoundTrip implements http.RoundTripper.
func (g *credentialGuard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.check(req); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	return g.next.RoundTrip(req)
}

// check refuses a request that would take a secret to a host that it is not for.
func (g *credentialGuard) check(req *http.Request) error {
	shown := req.Header.Get("Authorization")
	if token, found := strings.CutPrefix(shown, "Bearer "); found {
		g.mask(token) // which a registry has made for this run
	}
	if req.Method == http.MethodPost { // a chart is pulled with GET: this is a request for a token
		shown = oauth
	}
	if shown == "" {
		return nil
	}
	if req.URL.Scheme != "https" && !isLoopback(req.URL.Hostname()) {
		return errors.New("credentials are not sent over plain HTTP; use https://")
	}
	g.mu.Lock()
	owners := slices.Clone(g.given[shown])
	g.mu.Unlock()
	// A token that a registry gave out is for that registry. oras sends it nowhere else.
	if len(owners) == 0 || slices.ContainsFunc(owners, func(owner string) bool { return g.mayHave(req.URL, owner) }) {
		return nil
	}
	return &problem.Problem{
		Reason: problem.ChartInvalid,
		Tried:  "log in to " + sanitize(owners[0]),
		Cause:  fmt.Errorf("it names %s as the place to log in, and its credentials are not for that host", sanitize(req.URL.Host)),
		Next:   "Give that host as registry-host if it is meant to have them; ask who runs the registry if it is not.",
	}
}

// mayHave reports whether a request to this address may show the secrets of a host.
func (g *credentialGuard) mayHave(u *url.URL, owner string) bool {
	host := canonicalHost(u.Host)
	if host == owner || slices.Contains(g.named, host) {
		return true
	}
	return u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") && sameSite(u.Hostname(), owner)
}

// sameSite reports whether two hosts are one, or below one domain that somebody has
// registered: not below com, github.io or the like.
func sameSite(a, b string) bool {
	if host, _, err := net.SplitHostPort(b); err == nil {
		b = host
	}
	a, b = strings.ToLower(a), strings.ToLower(b)
	if a == b {
		return true
	}
	if net.ParseIP(a) != nil || net.ParseIP(b) != nil {
		return false
	}
	siteA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	siteB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && siteA == siteB
}

// canonicalHost returns a host as it is compared: in lower case, without HTTPS' own
// port. Docker Hub answers under another name than it is called by.
func canonicalHost(hostport string) string {
	hostport = strings.TrimSuffix(strings.ToLower(hostport), ":443")
	if hostport == "docker.io" || hostport == "index.docker.io" {
		return "registry-1.docker.io"
	}
	return hostport
}

func canonicalHosts(hosts []string) []string {
	canonical := make([]string, len(hosts))
	for i, host := range hosts {
		canonical[i] = canonicalHost(host)
	}
	return canonical
}

// checkRedirect takes the credentials off a request that is sent on to another scheme,
// host or port, and sends none on from HTTPS into the clear. net/http leaves them on
// for another port and for a subdomain, and puts them on again at the next redirect,
// which oras compares with the one before it. The address that was left is not told
// either: what signs it is in its query.
func checkRedirect(req *http.Request, via []*http.Request) error {
	const most = 10
	from := via[0].URL
	req.Header.Del("Referer")
	switch {
	case len(via) >= most:
		return fmt.Errorf("it was redirected more than %d times", most)
	case from.Scheme == req.URL.Scheme && canonicalHost(from.Host) == canonicalHost(req.URL.Host):
		return nil
	case from.Scheme == "https" && req.URL.Scheme != "https":
		return fmt.Errorf("it was redirected from https:// to %s://, where anybody may change what comes", sanitize(req.URL.Scheme))
	case req.Body != nil && req.Body != http.NoBody:
		return fmt.Errorf("it was redirected to %s, and what it sent is not for that host", sanitize(req.URL.Host))
	}
	req.Header.Del("Authorization")
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
