package apifailure

import (
	"errors"
	"net/http"

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
// arrive as one; 501 and other codes of the API server do not. Nor does a
// certificate that is not trusted, or a peer that does not speak TLS, be it the
// API server or the proxy before it.
func IsTransient(err error) bool {
	if err == nil || errors.Is(err, ErrFenced) || isBadCertificate(err) || isWithoutTLS(err) {
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
