package kube

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/kube/transport"
	"github.com/berth-dev/berth/internal/problem"
)

// TestCredentialsReachClientsBehindAFence goes through each kind of credentials
// that the transport holds: a client made by Helm has to be somebody, too.
func TestCredentialsReachClientsBehindAFence(t *testing.T) {
	dir := t.TempDir()
	plugin := "#!/bin/sh\necho '{\"apiVersion\":\"client.authentication.k8s.io/v1\"," +
		"\"kind\":\"ExecCredential\",\"status\":{\"token\":\"from-plugin\"}}'\n"
	if err := os.WriteFile(filepath.Join(dir, "plugin"), []byte(plugin), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cert, key := clientCertificate(t)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := r.Header.Get("Authorization") + r.Header.Get("Impersonate-User")
		if len(r.TLS.PeerCertificates) > 0 {
			who += r.TLS.PeerCertificates[0].Subject.CommonName
		}
		_, _ = fmt.Fprintf(w, `{"gitVersion":%q}`, who)
	}))
	srv.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	srv.StartTLS()
	defer srv.Close()

	for want, user := range map[string]string{
		"Bearer from-plugin": "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, interactiveMode: Never}}",
		"Bearer from-file":   "{tokenFile: token}",
		"Bearer plainjane":   "{token: plain, as: jane}",
		"deployer":           fmt.Sprintf("{client-certificate-data: %s, client-key-data: %s}", cert, key),
	} {
		path := filepath.Join(dir, "config")
		content := strings.Replace(config(srv.URL, map[string]string{"one": user}), "{server:", "{insecure-skip-tls-verify: true, server:", 1)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Connect(t.Context(), Options{Kubeconfig: path})
		if err != nil {
			t.Fatal(err)
		}
		_, plain := behind(t, c, transport.NewFence(t.Context()))
		resp, err := plain.Get(c.Host() + "/whoever")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("the server saw %s %v, want %s", body, err, want)
		}
		c.Close()
	}
}

func TestFailingPluginIsNamedAsTheCause(t *testing.T) {
	defer CaptureLogs(func(string) {})()
	user := "{exec: {apiVersion: client.authentication.k8s.io/v1, command: 'false', interactiveMode: Never}}"
	c, err := Connect(t.Context(), Options{Kubeconfig: config("https://127.0.0.1:1", map[string]string{"one": user})})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Version(withTimeout(t))
	if p := problem.Of(apifailure.Classify(err, "ask")); p.Reason != problem.PermissionMissing || !strings.Contains(p.Next, "plugin") {
		t.Errorf("got %s: %v", p.Reason, p)
	}
}

// clientCertificate makes one for "deployer", in base64 as a kubeconfig has it.
func clientCertificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	template.Subject.CommonName = "deployer"
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, data []byte) string {
		return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}))
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", secret)
}
