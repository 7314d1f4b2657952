package apifailure

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"golang.org/x/net/http2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// IsTransient reports whether the same request may succeed a little later: it
// found no connection, lost it or timed out, or the server is overloaded,
// restarting or electing a leader. A conflict is not transient: whoever writes
// with compare-and-swap has to read and decide anew. Nor is the error of a
// fence, whatever it was closed for.
//
// A 500 counts, since "etcdserver: leader changed" and webhooks that time out
// arrive as one; 501 and other codes of the API server do not.
func IsTransient(err error) bool {
	if err == nil || errors.Is(err, ErrFenced) {
		return false
	}
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		switch status.Status().Code {
		case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
			http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	return IsNotSent(err) || isConnectionLost(err) || utilnet.IsTimeout(err)
}

// IsNotSent reports whether no connection came about, so that the request
// cannot have been applied.
func IsNotSent(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial" || errors.Is(err, syscall.ECONNREFUSED)
}

// IsUnknownHost reports whether the name server says that there is no such host.
func IsUnknownHost(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}

// isConnectionLost reports whether the connection broke after the request may
// have been sent.
func isConnectionLost(err error) bool {
	if _, ok := errors.AsType[http2.StreamError](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		utilnet.IsProbableEOF(err) || utilnet.IsHTTP2ConnectionLost(err) || isForceClosed(err)
}

// isForceClosed reports whether an HTTP/2 connection broke while another request
// wrote to it. net/http has no type for it, and utilnet does not know it.
func isForceClosed(err error) bool {
	return err != nil && strings.Contains(err.Error(), "http2: client connection force closed")
}
