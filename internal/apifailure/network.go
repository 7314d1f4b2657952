package apifailure

import (
	"context"
	"errors"
	"net"
	"net/url"
	"syscall"

	"k8s.io/apimachinery/pkg/runtime"
)

const nextReach = "Check the API server's address, and that this runner reaches it: network policy, firewall, VPN, proxy."

const (
	otherAnswered = "something else than the API server answered"
	nextOther     = "Check the API server's address, and what stands before it: a proxy (HTTPS_PROXY, NO_PROXY) or a login page."
)

// isNoObject reports whether an answer says of no kind to be an object.
func isNoObject(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if runtime.IsMissingKind(err) {
			return true
		}
	}
	return false
}

// IsUnanswered reports whether a request got no answer of an API server: none in time, or
// one of something else. A run that was told to end, and a fence, are no such failures.
func IsUnanswered(err error) bool {
	if err == nil || errors.Is(err, ErrFenced) || errors.Is(err, context.Canceled) {
		return false
	}
	_, _, failed := networkFailure(err)
	return failed || isNoObject(err)
}

// networkFailure says what kept a request from being answered and what to do
// about it. It is false for an error that is not one of the network.
func networkFailure(err error) (what, next string, ok bool) {
	var (
		dns       *net.DNSError
		op        *net.OpError
		netErr    net.Error
		attempt   *url.Error
		other     *OtherServerError
		isOpError = errors.As(err, &op)
		timedOut  = errors.As(err, &netErr) && netErr.Timeout() || errors.Is(err, context.DeadlineExceeded)
	)
	switch {
	case errors.As(err, &other):
		return otherAnswered, nextOther, true
	case isOpError && op.Op == opProxyConnect:
		return "the proxy could not be reached", "Check HTTPS_PROXY and NO_PROXY.", true
	case errors.As(err, &dns):
		return "the API server's name could not be resolved", nextReach, true
	case isWithoutTLS(err):
		return "the server does not speak TLS", "Check the API server's address and port.", true
	case isBadCertificate(err):
		return "the API server's certificate is not trusted",
			"Give the authority that signed it as kube-ca or in the kubeconfig, and the name that is in it as the address.", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused", nextReach, true
	case timedOut:
		return "there was no answer in time", nextReach, true
	case isConnectionLost(err), isOpError, errors.As(err, &attempt):
		return "the connection failed", nextReach, true
	}
	return "", "", false
}
