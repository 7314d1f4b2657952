package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// network says what kept a request from being answered.
func network(err error) (what, next string, ok bool) {
	var (
		dns      *net.DNSError
		op       *net.OpError
		plain    tls.RecordHeaderError
		failed   net.Error
		attempt  *url.Error
		lostBy   = errors.As(err, &op)
		atProxy  = lostBy && op.Op == "proxyconnect"
		timedOut = errors.As(err, &failed) && failed.Timeout() || errors.Is(err, context.DeadlineExceeded)
	)
	switch {
	case atProxy:
		return "the proxy could not be reached", "Check HTTPS_PROXY and NO_PROXY.", true
	case errors.As(err, &dns):
		return "the API server's name could not be resolved", nextReach, true
	case errors.As(err, &plain), errors.Is(err, http.ErrSchemeMismatch):
		return "the server does not speak TLS", "Check the API server's address and port.", true
	case badCertificate(err):
		return "the API server's certificate is not trusted", "Give the authority that signed it as kube-ca or in the kubeconfig, and the name that is in it as the address.", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused", nextReach, true
	case timedOut:
		return "there was no answer in time", nextReach, true
	case connectionLost(err), lostBy, errors.As(err, &attempt):
		return "the connection failed", nextReach, true
	}
	return "", "", false
}

func badCertificate(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		host         x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}

func connectionLost(err error) bool {
	return utilnet.IsProbableEOF(err) || utilnet.IsConnectionReset(err) || utilnet.IsHTTP2ConnectionLost(err) ||
		errors.Is(err, syscall.EPIPE) || cutByWrite(err)
}

// cutByWrite says that an HTTP/2 connection broke while another request wrote to
// it. net/http has no type for it, and utilnet does not know it.
func cutByWrite(err error) bool {
	return err != nil && strings.Contains(err.Error(), "http2: client connection force closed")
}

// passing says that a failure of the network may be over soon. A certificate
// that is not trusted and a name that does not exist stay as they are.
func passing(err error) bool {
	var (
		dns    *net.DNSError
		op     *net.OpError
		failed net.Error
	)
	switch {
	case badCertificate(err):
		return false
	case errors.As(err, &dns):
		return !dns.IsNotFound
	case errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &op):
		return false // the caller's own time is up
	case errors.As(err, &failed) && failed.Timeout():
		return true
	}
	return connectionLost(err) || errors.Is(err, syscall.ECONNREFUSED) ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}
