//go:build cluster

package e2e

import (
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/berth-dev/berth/test/kubetest"
)

// nowhere runs a verb against a server that is no use.
func nowhere(t *testing.T, verb, server string) ended {
	t.Helper()
	args := []string{verb, "--kube-apiserver", server, "--timeout", "3s", "--report-dir", t.TempDir()}
	if verb == "deploy" {
		args = append(args, "--chart", "testdata/small")
	}
	began := time.Now()
	e := runBerth(t, map[string]string{
		"HOME": t.TempDir(), "BERTH_REPOSITORY": "acme/shop", "BERTH_BRANCH": "feature/login", "BERTH_KUBE_TOKEN": "s3cret",
	}, args...)
	if took := time.Since(began); took > 9*time.Second {
		t.Errorf("it took %s with a timeout of 3s", took)
	}
	for _, bad := range []string{"goroutine", "panic", "s3cret"} {
		if strings.Contains(e.stdout, bad) {
			t.Errorf("it says %q:\n%s", bad, e.stdout)
		}
	}
	return e
}

var verbs = []string{"deploy", "check", "repair", "teardown", "preflight"}

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	for _, verb := range verbs {
		e := nowhere(t, verb, "https://127.0.0.1:1").exit(t, 26).says(t, "127.0.0.1:1", "the connection was refused", "network policy")
		if e.text("verdict") != "api-server-unanswered" {
			t.Errorf("%s: the report's verdict is %q", verb, e.text("verdict"))
		}
	}
}

func TestSilentServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // connects, and nobody ever answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	for _, verb := range verbs {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			nowhere(t, verb, "https://"+listener.Addr().String()).exit(t, 26).says(t, "there was no answer in time")
		})
	}
}

func TestServerThatHangsUp(t *testing.T) {
	t.Parallel()
	server, touched := trap(t)
	nowhere(t, "deploy", server).exit(t, 26)
	if touched.Load() < 2 {
		t.Error("a connection that was lost was not tried again")
	}
}

func TestServerThatIsNoAPIServer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server *httptest.Server
		says   string
	}{
		"without TLS":              {httptest.NewServer(http.NotFoundHandler()), "does not speak TLS"},
		"with another's signature": {httptest.NewTLSServer(http.NotFoundHandler()), "certificate is not trusted"},
	} {
		t.Cleanup(c.server.Close)
		c.server.Config.ErrorLog = log.New(io.Discard, "", 0)
		e := nowhere(t, "deploy", strings.Replace(c.server.URL, "http://", "https://", 1))
		if e.code != 26 {
			t.Errorf("%s: exit code %d, want 26", name, e.code)
		}
		e.says(t, c.says)
	}
}

func TestWrongCredentials(t *testing.T) {
	s := newAdminFixture(t)
	for name, c := range map[string]struct {
		change func(*clientcmdapi.Config)
		code   int
		says   []string
	}{
		"another cluster's CA": {func(k *clientcmdapi.Config) {
			other := httptest.NewTLSServer(http.NotFoundHandler())
			t.Cleanup(other.Close)
			for _, cluster := range k.Clusters {
				cluster.CertificateAuthority, cluster.CertificateAuthorityData = "", certificate(other)
			}
		}, 26, []string{"certificate is not trusted", "kube-ca"}},
		"a token that is over": {func(k *clientcmdapi.Config) {
			for name := range k.AuthInfos {
				k.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: "s3cret"}
			}
		}, 20, []string{"the credentials were refused (401)", "token"}},
		"a plugin that is not here": {func(k *clientcmdapi.Config) {
			for name := range k.AuthInfos {
				k.AuthInfos[name] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
					Command: "cloud-login-plugin", APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
				}}
			}
		}, 64, []string{"cloud-login-plugin", "not installed here", "kube-token"}},
		"a plugin that fails": {func(k *clientcmdapi.Config) {
			for name := range k.AuthInfos {
				k.AuthInfos[name] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
					Command: "false", APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
				}}
			}
		}, 20, []string{"credential plugin"}},
	} {
		s.kubeconfig = changed(t, s.Kubeconfig(), c.change)
		e := s.berth("deploy")
		if e.code != c.code || strings.Contains(e.stdout, "s3cret") || strings.Contains(e.stdout, "goroutine") {
			t.Errorf("%s: exit code %d, want %d; it said:\n%s", name, e.code, c.code, e.stdout)
		}
		e.says(t, c.says...)
	}
	if !s.namespaceGone() {
		t.Error("the namespace was made")
	}
}

// changed is a changed copy of a kubeconfig.
func changed(t *testing.T, path string, change func(*clientcmdapi.Config)) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	change(config)
	path = filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// certificate is a TLS server's own, as PEM.
func certificate(server *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

// A server that falls silent half way ends the run by its timeout, and not as
// if somebody had interrupted it.
func TestServerThatFallsSilent(t *testing.T) {
	c := kubetest.Connect(t)
	s := newFixture(t)
	upstream, err := url.Parse(c.Config().Host)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(&rest.Config{TLSClientConfig: rest.TLSClientConfig{CAData: c.Config().CAData}})
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(upstream) }}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/apis" { // discovery, before the chart is rendered
			<-r.Context().Done()
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.kubeconfig = changed(t, s.kubeconfig, func(k *clientcmdapi.Config) {
		for _, cluster := range k.Clusters {
			cluster.Server, cluster.CertificateAuthorityData = server.URL, certificate(server)
		}
	})
	s.berth("deploy", "--timeout", "3s").exit(t, 26)
	if len(s.statuses()) > 0 || s.objects() > 0 {
		t.Errorf("made were records %v and %d objects", s.statuses(), s.objects())
	}
}
