package apifailure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"golang.org/x/net/http2"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// opProxyConnect is the Op of a *net.OpError with which net/http wraps whatever
// kept it from connecting to a proxy.
const opProxyConnect = "proxyconnect"

// IsNotSent reports whether err proves that the request was not sent, so that it
// cannot have been applied: no connection to the API server came about, or none
// to the proxy before it ("proxyconnect" is net/http's name for that). For any
// other error it returns false, which proves nothing.
func IsNotSent(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "dial" || op.Op == opProxyConnect) || errors.Is(err, syscall.ECONNREFUSED)
}

// IsUnknownHost reports whether the name server says that there is no such host.
func IsUnknownHost(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}

// isConnectionLost reports whether the connection broke after the request may
// have been sent. That there is no route shows on an open connection, too.
func isConnectionLost(err error) bool {
	if _, ok := errors.AsType[http2.StreamError](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH) ||
		utilnet.IsProbableEOF(err) || utilnet.IsHTTP2ConnectionLost(err) || isForceClosed(err)
}

// isForceClosed reports whether an HTTP/2 connection broke while another request
// wrote to it. net/http has no type for it, and utilnet does not know it.
func isForceClosed(err error) bool {
	return err != nil && strings.Contains(err.Error(), "http2: client connection force closed")
}

// isWithoutTLS reports whether the peer answered a TLS handshake with something
// else.
func isWithoutTLS(err error) bool {
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	return plain || errors.Is(err, http.ErrSchemeMismatch)
}

func isBadCertificate(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		host         x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}
