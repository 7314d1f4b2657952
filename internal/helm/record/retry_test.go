package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var secretsResource = schema.GroupResource{Resource: "secrets"}

func TestIsRetryable(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: errors.New("no route to host")}
	fence := &url.Error{Op: "Put", Err: fmt.Errorf("fence closed: %w", context.DeadlineExceeded)}
	forceClosed := errors.New("http2: client connection force closed via ClientConn.Close")
	for _, c := range []struct {
		name                    string
		err                     error
		retryable, mayBeApplied bool
	}{
		{"none", nil, false, false},
		{"429", apierrors.NewTooManyRequests("", 1), true, false},
		{"500", apierrors.NewInternalError(errors.New("etcdserver: leader changed")), true, true},
		{"503", apierrors.NewServiceUnavailable(""), true, true},
		{"504", apierrors.NewTimeoutError("", 0), true, true},
		{"401", apierrors.NewUnauthorized(""), false, false},
		{"403", apierrors.NewForbidden(secretsResource, "a", nil), false, false},
		{"404", apierrors.NewNotFound(secretsResource, "a"), false, false},
		{"409", apierrors.NewConflict(secretsResource, "a", nil), false, false},
		{"413", apierrors.NewRequestEntityTooLargeError(""), false, false},
		{"422", apierrors.NewInvalid(schema.GroupKind{}, "a", nil), false, false},
		{"refused", &url.Error{Op: "Put", Err: syscall.ECONNREFUSED}, true, false},
		{"dial", &url.Error{Op: "Put", Err: dial}, true, false},
		{"proxy out of reach", &url.Error{Op: "Put", Err: &net.OpError{Op: "proxyconnect", Err: dial}}, true, false},
		{"route lost", &url.Error{Op: "Put", Err: &net.OpError{Op: "read", Err: syscall.EHOSTUNREACH}}, true, true},
		{"reset", &url.Error{Op: "Put", Err: syscall.ECONNRESET}, true, true},
		{"EOF", &url.Error{Op: "Put", Err: io.EOF}, true, true},
		{"connection broke in another's write", &url.Error{Op: "Put", Err: forceClosed}, true, true},
		{"timeout", &url.Error{Op: "Put", Err: context.DeadlineExceeded}, true, true},
		{"cancelled", &url.Error{Op: "Put", Err: context.Canceled}, false, true},
		{"fence", fence, false, false},
		{"again", &retryableError{apierrors.NewConflict(secretsResource, "a", nil)}, true, true},
	} {
		if got := isRetryable(c.err); got != c.retryable {
			t.Errorf("%s: retryable %t", c.name, got)
		}
		if got := mayBeApplied(c.err); got != c.mayBeApplied {
			t.Errorf("%s: may be applied %t", c.name, got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	p := &retryAfter{BackOff: backoff.NewConstantBackOff(time.Second)}
	for _, c := range []struct {
		seconds int
		want    time.Duration
	}{{0, time.Second}, {5, 5 * time.Second}, {3600, backoff.Stop}} {
		p.observe(apierrors.NewTooManyRequests("", c.seconds))
		if got := p.NextBackOff(); got != c.want {
			t.Errorf("Retry-After %d: waits %s", c.seconds, got)
		}
	}
}
