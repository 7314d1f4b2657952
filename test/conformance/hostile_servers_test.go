//go:build conformance

package conformance

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/berth-dev/berth/test/kubetest"
)

const (
	registryUser     = "robot"
	registryPassword = "hunter2-of-the-registry"
	kubeToken        = "hunter2-of-the-cluster"
	registryToken    = "given-by-the-realm"
)

var encodedCredentials = base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + registryPassword))

// registryCredentials gives the runs that start from now on the registry's credentials.
func (s *fixture) registryCredentials() {
	s.env["BERTH_REGISTRY_USERNAME"], s.env["BERTH_REGISTRY_PASSWORD"] = registryUser, registryPassword
}

// eavesdropper is a server that notes what credentials it is shown.
type eavesdropper struct {
	*httptest.Server
	s  *fixture
	mu sync.Mutex

	shown []string
}

// listens starts a server on loopback.
func (s *fixture) listens(h http.Handler) *eavesdropper {
	s.t.Helper()
	e := &eavesdropper{s: s}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if shown := r.Header.Get("Authorization"); shown != "" {
			e.mu.Lock()
			e.shown = append(e.shown, r.URL.Path+": "+shown)
			e.mu.Unlock()
		}
		h.ServeHTTP(w, r)
	}))
	s.t.Cleanup(e.Close)
	return e
}

func (e *eavesdropper) host() string { return e.Listener.Addr().String() }

// shownNothing fails the row if the server was shown credentials.
func (e *eavesdropper) shownNothing() {
	e.s.t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.shown) > 0 {
		e.s.t.Errorf("%s was shown %q", e.host(), e.shown)
	}
}

// demandsPassword refuses whoever does not show the registry's credentials.
func demandsPassword(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Basic "+encodedCredentials {
			w.Header().Set("WWW-Authenticate", `Basic realm="charts"`)
			http.Error(w, "{}", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// demandsToken refuses whoever does not show a token of that realm.
func demandsToken(realm string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+registryToken {
				w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer realm=%q,service=\"charts\"", realm))
				http.Error(w, "{}", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// giveToken gives a token to whoever shows the registry's credentials.
func giveToken(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Basic "+encodedCredentials {
		http.Error(w, "{}", http.StatusUnauthorized)
		return
	}
	fmt.Fprintf(w, `{"token":%q}`, registryToken)
}

// registry is an OCI registry of one chart, charts/<name>:1.0.0, behind a guard. With a
// nil archive, its manifest names a chart of 1 TiB.
func (s *fixture) registry(name string, archive []byte, guard func(http.Handler) http.Handler) *eavesdropper {
	s.t.Helper()
	const manifestType = "application/vnd.oci.image.manifest.v1+json"
	size := int64(len(archive))
	if archive == nil {
		size = 1 << 40
	}
	config := []byte(`{"name":"` + name + `","version":"1.0.0","apiVersion":"v2"}`)
	manifest := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json",`+
		`"digest":%q,"size":%d},"layers":[{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":%q,"size":%d}]}`,
		manifestType, digest(config), len(config), digest(archive), size)
	answers := map[string][]byte{
		"tags/list": []byte(`{"name":"charts/` + name + `","tags":["1.0.0"]}`), "manifests/1.0.0": manifest,
		"manifests/" + digest(manifest): manifest, "blobs/" + digest(config): config, "blobs/" + digest(archive): archive,
	}
	return s.listens(guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what := strings.TrimPrefix(r.URL.Path, "/v2/charts/"+name+"/")
		data, found := answers[what]
		if !found {
			http.NotFound(w, r)
			return
		}
		if strings.HasPrefix(what, "manifests/") {
			w.Header().Set("Content-Type", manifestType)
		}
		w.Header().Set("Docker-Content-Digest", digest(data))
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data)
	})))
}

func digest(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// packed is a packaged chart of that name, with nothing in it.
func (s *fixture) packed(name string) []byte {
	s.t.Helper()
	dir := s.t.TempDir()
	s.write(filepath.Join(dir, "Chart.yaml"), "apiVersion: v2\nname: "+name+"\nversion: 1.0.0\n")
	return s.packedFolder(dir)
}

// packedApp is the chart of the rows, packaged.
func (s *fixture) packedApp() []byte {
	s.t.Helper()
	return s.packedFolder("testdata/app")
}

func (s *fixture) packedFolder(dir string) []byte {
	s.t.Helper()
	c, err := loader.LoadDir(dir)
	if err != nil {
		s.t.Fatal(err)
	}
	c.Metadata.Version = "1.0.0"
	path, err := chartutil.Save(c, s.t.TempDir())
	if err != nil {
		s.t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

// nested is the path of a packaged chart that lies in itself, that many times.
func (s *fixture) nested(times int) string {
	s.t.Helper()
	var inner []byte
	for range times {
		inner = s.tgz(map[string][]byte{"Chart.yaml": []byte("apiVersion: v2\nname: app\nversion: 0.1.0\n"), "charts/app.tgz": inner})
	}
	path := filepath.Join(s.t.TempDir(), "app-0.1.0.tgz")
	s.write(path, string(inner))
	return path
}

// tgz packs the files of a chart; nil is none.
func (s *fixture) tgz(files map[string][]byte) []byte {
	s.t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	for name, data := range files {
		if data == nil {
			continue
		}
		err := archive.WriteHeader(&tar.Header{Name: "app/" + name, Mode: 0o600, Size: int64(len(data))})
		if _, failed := archive.Write(data); err != nil || failed != nil {
			s.t.Fatal(errors.Join(err, failed))
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		s.t.Fatal(err)
	}
	return packed.Bytes()
}

// link makes a link in the row's chart.
func (s *fixture) link(target, name string) {
	s.t.Helper()
	path := filepath.Join(s.chart, name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err := errors.Join(err, os.Symlink(target, path)); err != nil {
		s.t.Fatal(err)
	}
}

// inWorkingFolder makes a link below the folder that the runs work in, and returns its
// path from there.
func (s *fixture) inWorkingFolder(target string) string {
	s.t.Helper()
	dir, err := os.MkdirTemp("testdata", "link-")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "link")
	if err := os.Symlink(target, path); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// script writes a program.
func (s *fixture) script(path, lines string) {
	s.t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+lines), 0o700); err != nil {
		s.t.Fatal(err)
	}
}

// untilFile waits until a run has had a file made.
func (s *fixture) untilFile(run *process, path string) {
	s.t.Helper()
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		_, err := os.Stat(path)
		return err == nil, run.verb + " had no file made: " + path
	})
}

// kubeconfigFor is a kubeconfig for a server with a token, or with a credential plugin
// where one is named.
func (s *fixture) kubeconfigFor(server, plugin string) string {
	s.t.Helper()
	user := &clientcmdapi.AuthInfo{Token: kubeToken}
	if plugin != "" {
		user = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{Command: plugin, APIVersion: "client.authentication.k8s.io/v1",
			InteractiveMode: clientcmdapi.NeverExecInteractiveMode}}
	}
	return s.kubeconfigOf(&clientcmdapi.Cluster{Server: server, CertificateAuthorityData: s.Config().CAData}, user)
}

func (s *fixture) kubeconfigOf(cluster *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) string {
	s.t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["one"], config.AuthInfos["one"] = cluster, user
	config.Contexts["one"] = &clientcmdapi.Context{Cluster: "one", AuthInfo: "one"}
	config.CurrentContext = "one"
	path := filepath.Join(s.t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// kubeconfigInContext is the usual kubeconfig, with a namespace in its context.
func (s *fixture) kubeconfigInContext(namespace string) string {
	s.t.Helper()
	config, err := clientcmd.LoadFromFile(s.Kubeconfig())
	if err != nil {
		s.t.Fatal(err)
	}
	config.Contexts[config.CurrentContext].Namespace = namespace
	path := filepath.Join(s.t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// otherServer is a kubeconfig that leads to a server which is no API server.
func (s *fixture) otherServer(answer http.HandlerFunc) string {
	s.t.Helper()
	server := httptest.NewTLSServer(answer)
	s.t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return s.kubeconfigOf(&clientcmdapi.Cluster{Server: server.URL, CertificateAuthorityData: ca}, &clientcmdapi.AuthInfo{Token: kubeToken})
}

// insecure is a copy of a kubeconfig that verifies no server.
func (s *fixture) insecure(kubeconfig string) string {
	s.t.Helper()
	config, err := clientcmd.LoadFromFile(kubeconfig)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, cluster := range config.Clusters {
		cluster.InsecureSkipTLSVerify = true
		cluster.CertificateAuthority, cluster.CertificateAuthorityData = "", nil
	}
	path := filepath.Join(s.t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// hidesFromOutput fails the row if a run that did not begin printed one of the texts.
func (e ended) hidesFromOutput(secrets ...string) {
	e.s.t.Helper()
	for _, secret := range secrets {
		if e.out.contains(secret) {
			e.s.t.Errorf("%s printed %q", e.verb, secret)
		}
	}
}

// printsNoLine fails the row if a line begins with the text.
func (e ended) printsNoLine(text string) {
	e.s.t.Helper()
	for line := range strings.Lines(e.out.String()) {
		if strings.HasPrefix(strings.TrimSpace(line), text) {
			e.s.t.Errorf("%s printed the line %q", e.verb, line)
		}
	}
}
