package chart

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/secrets"
)

// listener is a server that notes what credentials it is shown.
type listener struct {
	*httptest.Server
	mu    sync.Mutex
	shown []string
}

// listen serves h and notes the credentials of each request, and the address it was sent from.
func listen(t *testing.T, h http.Handler) *listener {
	t.Helper()
	l := &listener{}
	l.Server = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if shown := r.Header.Get("Authorization") + r.Header.Get("Referer"); shown != "" { // which holds an address's signature
			l.mu.Lock()
			l.shown = append(l.shown, shown)
			l.mu.Unlock()
		}
		h.ServeHTTP(w, r)
	}))
	return l
}

// saw returns whether the server was shown credentials that hold this.
func (l *listener) saw(secret string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(strings.Join(l.shown, "\n"), secret)
}

var basic = "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))

// realm gives the token to whoever shows the user's password.
var realm = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != basic {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	fmt.Fprint(w, `{"token":"given-by-the-realm"}`)
})

// challenge refuses requests without the token, and names a place to log in.
func challenge(place string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer given-by-the-realm" {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service="charts",scope="repository:charts/web:pull"`, place))
			http.Error(w, "{}", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func webTags(t *testing.T) map[string][]byte {
	t.Helper()
	return map[string][]byte{"1.0.0": readFile(t, packed(t, t.TempDir(), "web", "1.0.0"))}
}

// A registry may name any place to log in.
func TestCredentialsDoNotFollowARealm(t *testing.T) {
	tags := webTags(t)
	elsewhere := listen(t, realm)
	registry := serve(t, challenge(elsewhere.URL+"/token", ociCharts("web", tags)))
	s := Source{Chart: "oci://" + host(registry) + "/charts/web", Version: "1.0.0", Username: user, Password: password, CacheDir: t.TempDir()}
	_, err := Fetch(t.Context(), s)
	wantProblem(t, err, problem.ChartInvalid, host(registry), host(elsewhere.Server), "registry-host")
	if len(elsewhere.shown) > 0 {
		t.Errorf("the realm was shown %q", elsewhere.shown)
	}

	s.RegistryHosts = []string{host(elsewhere.Server)}
	if _, err := Fetch(t.Context(), s); err != nil {
		t.Error(err)
	}

	mux := http.NewServeMux()
	own := serve(t, mux)
	mux.Handle("/token", realm)
	mux.Handle("/", challenge(own.URL+"/token", ociCharts("web", tags)))
	s.Chart, s.RegistryHosts = "oci://"+host(own)+"/charts/web", nil
	if _, err := Fetch(t.Context(), s); err != nil {
		t.Error(err)
	}
}

// The second redirect stays where the first one led, and net/http puts on the headers of
// the first request again.
func TestCredentialsDoNotFollowARedirect(t *testing.T) {
	tgz := webTags(t)["1.0.0"]
	elsewhere := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/first") {
			http.Redirect(w, r, "/second"+strings.TrimPrefix(r.URL.Path, "/first"), http.StatusTemporaryRedirect)
			return
		}
		_, _ = w.Write(tgz)
	}))
	from := listen(t, guard(true, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/first"+r.URL.Path, http.StatusFound)
	})))
	s := Source{Chart: from.URL + "/web-1.0.0.tgz?sig=signed", Username: user, Password: password, CacheDir: t.TempDir()}
	if _, err := Fetch(t.Context(), s); err != nil {
		t.Error(err)
	}
	registry := listen(t, guard(true, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/first"+r.URL.Path, http.StatusFound)
	})))
	s.Chart, s.Version = "oci://"+host(registry.Server)+"/charts/web", "1.0.0"
	_, err := Fetch(t.Context(), s)
	wantProblem(t, err, problem.ChartInvalid)
	if !from.saw(basic) || !registry.saw(basic) || len(elsewhere.shown) > 0 {
		t.Errorf("the hosts that were named: %v, %v; another one was shown %q", from.saw(basic), registry.saw(basic), elsewhere.shown)
	}
}

// Anybody may write a chart, and name its dependencies' hosts.
func TestCredentialsDoNotFollowADependency(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	tags := webTags(t)
	for name, kind := range map[string]struct {
		scheme string
		serves http.Handler
	}{"registry": {"oci", ociCharts("web", tags)}, "repository": {"http", http.NotFoundHandler()}} {
		t.Run(name, func(t *testing.T) {
			private := listen(t, guard(true, kind.serves))
			at := kind.scheme + "://" + host(private.Server) + "/charts"
			folder := chartFolder(t, "", "shop", "1.0.0", "dependencies:", dependency("web", "1.0.0", at))
			s := Source{Chart: folder, Username: user, Password: password, CacheDir: t.TempDir()}
			_, err := Fetch(t.Context(), s)
			wantProblem(t, err, problem.ChartInvalid, host(private.Server), "registry-host", "registry-config")
			if len(private.shown) > 0 {
				t.Errorf("the dependency's host was shown %q", private.shown)
			}
			s.RegistryHosts = []string{host(private.Server)}
			if _, err := Fetch(t.Context(), s); err != nil && kind.scheme == "oci" {
				t.Error(err)
			}
			if !private.saw(basic) {
				t.Error("a host that was named got no credentials")
			}
		})
	}

	private := listen(t, guard(true, ociCharts("web", tags)))
	config := write(t, "", map[string]string{"config.json": fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host(private.Server),
		strings.TrimPrefix(basic, "Basic "))})
	folder := chartFolder(t, "", "shop", "1.0.0", "dependencies:", dependency("web", "1.0.0", "oci://"+host(private.Server)+"/charts"))
	if _, err := Fetch(t.Context(),
		Source{Chart: folder, RegistryConfig: filepath.Join(config, "config.json"), CacheDir: t.TempDir()}); err != nil {
		t.Error(err)
	}
}

// Where registries that are in use keep the place to log in.
func TestPlacesToLogIn(t *testing.T) {
	for _, c := range []struct {
		registry, place string
		want            bool
	}{
		{"registry-1.docker.io", "https://auth.docker.io/token", true},
		{"ghcr.io", "https://ghcr.io/token", true},
		{"quay.io", "https://quay.io/v2/auth", true},
		{"registry.gitlab.com", "https://gitlab.com/jwt/auth", true},
		{"gitlab.example.com:5050", "https://gitlab.example.com/jwt/auth", true},
		{"registry.example.com", "https://gitlab.example.com/jwt/auth", true},
		{"acme.azurecr.io", "https://acme.azurecr.io/oauth2/token", true},
		{"europe-docker.pkg.dev", "https://europe-docker.pkg.dev/v2/token", true},
		{"public.ecr.aws", "https://public.ecr.aws/token/", true},
		{"registry.digitalocean.com", "https://api.digitalocean.com/v2/registry/auth", true},
		{"registry.example.com:443", "https://REGISTRY.example.com/token", true},
		{"registry.named.example", "https://login.named.test/token", true},

		{"registry.example.com", "https://registry.example.org/token", false},
		{"registry.example.com", "https://gitlab.example.com:8443/token", false},
		{"registry.example.com", "http://gitlab.example.com/token", false},
		{"registry.co.uk", "https://evil.co.uk/token", false},
		{"acme.github.io", "https://evil.github.io/token", false},
		{"10.0.0.1:5000", "https://10.0.0.2/token", false},
		{"127.0.0.1:5000", "http://127.0.0.1:5001/token", false},
		{"registry", "https://gitlab/token", false},
		{"registry.example.com", "https://example.com.evil.test/token", false},
	} {
		u, err := url.Parse(c.place)
		if err != nil {
			t.Fatal(err)
		}
		g := &credentialGuard{named: []string{"login.named.test"}}
		if got := g.mayHave(u, canonicalHost(c.registry)); got != c.want {
			t.Errorf("%s for %s: %v, want %v", c.place, c.registry, got, c.want)
		}
	}
}

// A registry or repository that refuses credentials may quote them.
func TestCredentialsThatAreSentAreMasked(t *testing.T) {
	quoting := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown := r.Header.Get("Authorization")
		if shown == "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"errors":[{"code":"DENIED","message":"refused %s"}]}`, shown)
	}))
	file := filepath.Join(t.TempDir(), "config.json")
	entry := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host(quoting.Server), base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	if err := os.WriteFile(file, []byte(entry), 0o600); err != nil {
		t.Fatal(err)
	}
	mask := secrets.New()
	_, err := Fetch(t.Context(), Source{Chart: "oci://" + host(quoting.Server) + "/charts/web", Version: "1.0.0", RegistryConfig: file,
		CacheDir: t.TempDir(), Hide: mask.Give})
	wantProblem(t, err, problem.ChartInvalid, "refused Basic")
	shown := mask.Text(err.Error())
	if strings.Contains(shown, strings.TrimPrefix(basic, "Basic ")) || !strings.Contains(shown, "refused Basic") {
		t.Errorf("it shows the password, or nothing: %s", shown)
	}
}
