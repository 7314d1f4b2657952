package apifailure

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/net/http2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/problem"
)

func asked(err error) error { return &url.Error{Op: "Get", URL: "https://k8s.example/api", Err: err} }

func dialled(err error) error { return &net.OpError{Op: "dial", Err: err} }

// viaProxy returns the error of a request that got no connection through its
// proxy, as net/http returns it.
func viaProxy(err error) error { return asked(&net.OpError{Op: "proxyconnect", Err: err}) }

func status(code int32, message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Message: message}}
}

func forbidden(message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: message}}
}

func TestClassify(t *testing.T) {
	secrets := schema.GroupResource{Resource: "secrets"}
	going := apierrors.NewForbidden(secrets, "s", errors.New("it is being terminated"))
	going.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	known := &problem.Problem{Reason: problem.Foreign, Tried: "x"}

	tests := []struct {
		name      string
		err       error
		want      problem.ExitReason
		says      string
		transient bool
	}{
		{"refused", asked(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), problem.Unanswered, "refused", true},
		{"reset", asked(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), problem.Unanswered, "failed", true},
		{"cut off", asked(io.ErrUnexpectedEOF), problem.Unanswered, "failed", true},
		{"broken in another's write", asked(errors.New("http2: client connection force closed via ClientConn.Close")), problem.Unanswered,
			"failed", true},
		{"no route", asked(&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}), problem.Unanswered, "failed", true},
		{"silent", asked(os.ErrDeadlineExceeded), problem.Unanswered, "in time", true},
		{"no such name", asked(&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}), problem.Unanswered, "name", true},
		{"untrusted", asked(x509.UnknownAuthorityError{}), problem.Unanswered, "trusted", false},
		{"cut off while the answer was read", fmt.Errorf("read the list: %w", io.ErrUnexpectedEOF), problem.Unanswered, "failed", true},
		{"stream reset", http2.StreamError{Code: http2.ErrCodeInternal}, problem.Unanswered, "failed", true},
		{"no route any more", asked(&net.OpError{Op: "read", Err: syscall.EHOSTUNREACH}), problem.Unanswered, "failed", true},
		{"no network any more", asked(&net.OpError{Op: "write", Err: syscall.ENETUNREACH}), problem.Unanswered, "failed", true},
		{"proxy refuses", viaProxy(syscall.ECONNREFUSED), problem.Unanswered, "proxy", true},
		{"no route to the proxy", viaProxy(dialled(syscall.EHOSTUNREACH)), problem.Unanswered, "proxy", true},
		{"name server of the proxy fails", viaProxy(dialled(&net.DNSError{IsTemporary: true})), problem.Unanswered, "proxy", true},
		{"no such proxy", viaProxy(dialled(&net.DNSError{IsNotFound: true})), problem.Unanswered, "proxy", true},
		{"untrusted proxy", viaProxy(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), problem.Unanswered, "proxy", false},
		{"proxy without TLS", viaProxy(tls.RecordHeaderError{Msg: "no TLS"}), problem.Unanswered, "proxy", false},
		{"own deadline", asked(context.DeadlineExceeded), problem.Unanswered, "in time", true},
		{"cancelled", asked(context.Canceled), problem.Interrupted, "canceled", false},
		{"plugin", asked(&CredentialPluginError{Plugin: "aws", Cause: errors.New("exit code 1")}), problem.PermissionMissing,
			"the credential plugin aws", false},
		{"plugin that hangs", asked(&CredentialPluginError{Plugin: "aws", Cause: context.DeadlineExceeded}), problem.PermissionMissing,
			"the credential plugin aws", false},
		{"another server", asked(&OtherServerError{With: "a page of HTML", Status: "200 OK"}), problem.Unanswered, "a page of HTML", false},
		{"fenced", asked(&FencedError{errors.New("SIGINT")}), problem.Interrupted, "SIGINT", false},
		{"fenced by the deadline", asked(&FencedError{context.DeadlineExceeded}), problem.Unanswered, "stopped", false},
		{"fenced for a known reason", asked(&FencedError{known}), problem.Foreign, "x", false},
		{"401", apierrors.NewUnauthorized("no"), problem.PermissionMissing, "refused (401)", false},
		{"409", apierrors.NewConflict(secrets, "s", errors.New("changed")), problem.Inconsistent, "changed", false},
		{"409, exists", apierrors.NewAlreadyExists(secrets, "s"), problem.Inconsistent, "exists", false},
		{"404", apierrors.NewNotFound(secrets, "s"), problem.Inconsistent, "not found", false},
		{"422", apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "s", nil), problem.DeployFailed, "invalid", false},
		{"429", apierrors.NewTooManyRequests("busy", 0), problem.Unanswered, "(429)", true},
		{"500, leader changed", status(http.StatusInternalServerError, "etcdserver: leader changed"), problem.Unanswered, "(500)", true},
		{"501", status(http.StatusNotImplemented, "no"), problem.Unanswered, "(501)", false},
		{"503", apierrors.NewServiceUnavailable("down"), problem.Unanswered, "(503)", true},
		{"terminating", going, problem.NamespaceTerminating, "terminated", false},
		{"quota", apierrors.NewForbidden(secrets, "s", errors.New("exceeded quota: q")), problem.DeployFailed, "quota", false},
		{"escalation", apierrors.NewForbidden(secrets, "s", errors.New("user is attempting to grant RBAC permissions not currently held")),
			problem.PermissionMissing, "grant", false},
		{"no such kind", &meta.NoKindMatchError{GroupKind: schema.GroupKind{Kind: "Widget"}}, problem.ChartInvalid, "Widget", false},
		{"known", fmt.Errorf("wrapped: %w", known), problem.Foreign, "x", false},
		{"anything else", errors.New("odd"), problem.Internal, "odd", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := problem.Of(Classify(tt.err, "read it"))
			if p.Reason != tt.want || !strings.Contains(p.Error(), tt.says) {
				t.Errorf("got %s %q, want %s and %q in it", p.Reason, p, tt.want, tt.says)
			}
			if p.Next == "" && p.Reason != problem.Internal && p != known {
				t.Error("it does not say what to do next")
			}
			if got := IsTransient(tt.err); got != tt.transient {
				t.Errorf("transient: got %v, want %v", got, tt.transient)
			}
		})
	}
	if Classify(nil, "x") != nil || IsTransient(nil) {
		t.Error("nil is no error")
	}
}

func TestClassifyNamesTheMissingPermission(t *testing.T) {
	tests := []struct {
		message string
		want    problem.Permission
	}{
		{`secrets "s" is forbidden: User "system:serviceaccount:ci:dep" cannot update resource "secrets" in API group "" in the namespace "review-1"`,
			problem.Permission{Verb: "update", Resource: "secrets", Namespace: "review-1"}},
		{`namespaces is forbidden: User "jane \"j\" doe" cannot create resource "namespaces" in API group "" at the cluster scope: RBAC: role not found`,
			problem.Permission{Verb: "create", Resource: "namespaces"}},
		{`x is forbidden: User "u" cannot get resource "deployments/scale" in API group "apps" in the namespace "n"`,
			problem.Permission{Verb: "get", Group: "apps", Resource: "deployments/scale", Namespace: "n"}},
	}
	for _, tt := range tests {
		tt.want.Why = "record it"
		p := problem.Of(Classify(forbidden(tt.message), "record it"))
		if p.Reason != problem.PermissionMissing || len(p.Missing) != 1 || p.Missing[0].Permission != tt.want ||
			p.Missing[0].Reason != tt.message {
			t.Errorf("%s: got %s %+v", tt.message, p.Reason, p.Missing)
		}
		if !IsDenied(fmt.Errorf("read it: %w", forbidden(tt.message))) {
			t.Errorf("%s: not taken for a denial", tt.message)
		}
	}
	const denial = `User "u" cannot get resource "secrets" in API group "" at the cluster scope`
	for _, err := range []error{
		nil, errors.New(denial), status(http.StatusInternalServerError, denial),
		forbidden("exceeded quota: q"), forbidden("admission webhook denied the request: you cannot do that"),
	} {
		if IsDenied(err) {
			t.Errorf("%v: taken for a denial", err)
		}
	}
}
