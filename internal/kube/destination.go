package kube

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/rest"
)

// destination is an API server and who we are there.
type destination struct {
	from      string // where that was found, for messages
	namespace string
	config    *rest.Config
}

const waysToConnect = "Give kubeconfig (a path, or the content, plain or base64), or kube-apiserver with kube-token."

// destination decides where to go.
func (o Options) destination() (destination, error) {
	switch {
	case o.Server != "" && (o.Kubeconfig != "" || o.Context != ""):
		return destination{}, wrongInput("choose the cluster",
			errors.New("kube-apiserver excludes kubeconfig and kube-context"), "Give one or the other.")
	case o.Server != "":
		return o.explicitDestination()
	case o.Token != "" || o.CA != "":
		return destination{}, wrongInput("choose the cluster",
			errors.New("kube-token and kube-ca need kube-apiserver"), "Give the API server's address as kube-apiserver.")
	}
	source, found, err := o.findKubeconfig()
	if err != nil {
		return destination{}, err
	}
	if found {
		return source.destination(o.Context)
	}
	return o.inClusterDestination()
}

func (o Options) explicitDestination() (destination, error) {
	address := strings.TrimSpace(o.Server)
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && u.Scheme != "http" {
		return destination{}, wrongInput("read kube-apiserver", errors.New("it is no address of a server"),
			"Give it as https://host:port.")
	}
	ca, err := o.readCA()
	if err != nil {
		return destination{}, err
	}
	return destination{from: "kube-apiserver", namespace: "default", config: &rest.Config{
		Host:            address,
		BearerToken:     strings.TrimSpace(o.Token),
		TLSClientConfig: rest.TLSClientConfig{CAData: ca},
	}}, nil
}

// readCA takes a certificate authority as PEM, as PEM in base64, or as a path.
func (o Options) readCA() ([]byte, error) {
	value := strings.TrimSpace(o.CA)
	if value == "" {
		return nil, nil
	}
	const begin = "-----BEGIN"
	data := []byte(value)
	if decoded, err := decodeBase64(value); err == nil && bytes.Contains(decoded, []byte(begin)) {
		data = decoded
	} else if !strings.Contains(value, begin) {
		if data, err = os.ReadFile(o.expand(value)); err != nil {
			return nil, wrongInput("read kube-ca", errors.New("it is neither PEM, nor PEM in base64, nor a file that can be read"),
				"Give the certificate authority that signed the API server's certificate.")
		}
	}
	if !x509.NewCertPool().AppendCertsFromPEM(data) {
		return nil, wrongInput("read kube-ca", errors.New("there is no certificate in it"),
			"Give the certificate authority as PEM: it starts with -----BEGIN CERTIFICATE-----.")
	}
	return data, nil
}

func (o Options) inClusterDestination() (destination, error) {
	if o.Context != "" {
		return destination{}, wrongInput(fmt.Sprintf("use the context %q", o.Context),
			errors.New("there is no kubeconfig"), waysToConnect)
	}
	config, err := o.InCluster()
	if errors.Is(err, rest.ErrNotInCluster) {
		return destination{}, wrongInput("find a cluster",
			errors.New("no kubeconfig was given, $KUBECONFIG is not set, there is no ~/.kube/config, and this is no pod of a cluster"),
			waysToConnect)
	}
	if err != nil {
		return destination{}, wrongInput("use this pod's service account", err, "Mount its token. Or: "+waysToConnect)
	}
	namespace := "default"
	if name, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/namespace"); err == nil {
		namespace = strings.TrimSpace(string(name))
	}
	return destination{from: "this pod's service account", namespace: namespace, config: config}, nil
}

// decodeBase64 allows for the line breaks that base64 and CI variables add.
func decodeBase64(s string) ([]byte, error) {
	s = strings.Join(strings.Fields(s), "")
	if decoded, err := base64.StdEncoding.DecodeString(s); err == nil {
		return decoded, nil
	}
	return base64.RawStdEncoding.DecodeString(s)
}

// home is the file that kubectl falls back to.
func (o Options) home() string { return filepath.Join(o.Getenv("HOME"), ".kube", "config") }

// expand does for an input what a shell does for a command line.
func (o Options) expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(o.Getenv("HOME"), rest)
	}
	return path
}
