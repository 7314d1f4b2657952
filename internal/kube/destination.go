package kube

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"k8s.io/client-go/rest"
)

// destination is an API server, with the credentials to use there.
type destination struct {
	from   string // where it was found, for messages
	config *rest.Config
	// hasCredentials is set where a kubeconfig has some, which may not be in config.
	hasCredentials bool
}

const waysToConnect = "kubeconfig (a path, or the content, plain or base64), or kube-apiserver with kube-token."

// explicitDestination returns the API server that Server, Token and CA name.
func (o Options) explicitDestination(ctx context.Context) (destination, error) {
	address := strings.TrimSpace(o.Server)
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && u.Scheme != "http" {
		return destination{}, wrongInput("read kube-apiserver", errors.New("it is no address of a server"),
			"Give it as https://host:port.")
	}
	ca, err := o.readCA(ctx)
	if err != nil {
		return destination{}, err
	}
	return destination{from: "kube-apiserver", config: &rest.Config{
		Host:            address,
		BearerToken:     strings.TrimSpace(o.Token),
		TLSClientConfig: rest.TLSClientConfig{CAData: ca},
	}}, nil
}

// readCA returns the certificate authority, which is given as PEM, as PEM in
// base64, or as a path. It is nil where none is given.
func (o Options) readCA(ctx context.Context) ([]byte, error) {
	value := strings.TrimSpace(o.CA)
	if value == "" {
		return nil, nil
	}
	const begin = "-----BEGIN"
	data := []byte(value)
	if decoded, err := decodeBase64(value); err == nil && bytes.Contains(decoded, []byte(begin)) {
		data = decoded
	} else if !strings.Contains(value, begin) {
		if data, err = o.readFile(ctx, o.expand(value)); err != nil {
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

// inClusterDestination returns the API server of the cluster whose pod this is.
func (o Options) inClusterDestination() (destination, error) {
	if o.Context != "" {
		return destination{}, wrongInput(fmt.Sprintf("use the context %q", o.Context),
			errors.New("there is no kubeconfig"), "Give "+waysToConnect)
	}
	config, err := o.InCluster()
	if errors.Is(err, rest.ErrNotInCluster) {
		return destination{}, wrongInput("find a cluster",
			errors.New("no kubeconfig was given, $KUBECONFIG is not set, there is no ~/.kube/config, and this is no pod of a cluster"),
			"Give "+waysToConnect)
	}
	if err != nil {
		return destination{}, wrongInput("use this pod's service account", err, "Mount its token, or give "+waysToConnect)
	}
	return destination{from: "this pod's service account", config: config}, nil
}
