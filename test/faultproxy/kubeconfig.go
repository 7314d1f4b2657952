package faultproxy

import (
	"path/filepath"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Kubeconfig copies a kubeconfig into a new file, mode 0600, whose clusters are
// all this proxy. The credentials stay.
func (p *Proxy) Kubeconfig(t testing.TB, kubeconfig string) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(kubeconfig)
	if err != nil {
		t.Fatalf("reading the kubeconfig to lead through the fault proxy: %v", err)
	}
	if err := clientcmd.ResolveLocalPaths(config); err != nil { // the copy stands elsewhere
		t.Fatalf("resolving the paths in %s: %v", kubeconfig, err)
	}
	for _, cluster := range config.Clusters {
		cluster.Server, cluster.CertificateAuthorityData = p.url, p.authority(t)
		cluster.CertificateAuthority, cluster.TLSServerName, cluster.ProxyURL = "", "", ""
		cluster.InsecureSkipTLSVerify = false
	}
	path := filepath.Join(t.TempDir(), "through-proxy.kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil { // 0600
		t.Fatalf("writing the kubeconfig through the fault proxy: %v", err)
	}
	return path
}

// Config is a copy of a client configuration that goes through this proxy. The
// credentials stay.
func (p *Proxy) Config(t testing.TB, config *rest.Config) *rest.Config {
	t.Helper()
	through := rest.CopyConfig(config)
	through.Host = p.url
	through.CAData, through.CAFile, through.ServerName, through.Insecure = p.authority(t), "", "", false
	return through
}

func (p *Proxy) authority(t testing.TB) []byte {
	t.Helper()
	pem, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	return pem
}
