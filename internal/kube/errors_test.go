package kube

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/berth-dev/berth/internal/verdict"
)

func asked(err error) error { return &url.Error{Op: "Get", URL: "https://k8s.example/api", Err: err} }

func status(code int32, message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Message: message}}
}

func TestClassify(t *testing.T) {
	secrets := schema.GroupResource{Resource: "secrets"}
	going := apierrors.NewForbidden(secrets, "s", errors.New("it is being terminated"))
	going.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	known := &verdict.Problem{Ending: verdict.EndForeign, Tried: "x"}

	tests := []struct {
		name  string
		err   error
		want  verdict.Ending
		says  string
		retry bool
	}{
		{"refused", asked(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), verdict.EndUnanswered, "refused", true},
		{"reset", asked(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), verdict.EndUnanswered, "failed", true},
		{"cut off", asked(io.ErrUnexpectedEOF), verdict.EndUnanswered, "failed", true},
		{"broken in another's write", asked(errors.New("http2: client connection force closed via ClientConn.Close")), verdict.EndUnanswered, "failed", true},
		{"no route", asked(&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}), verdict.EndUnanswered, "failed", true},
		{"silent", asked(&silence{}), verdict.EndUnanswered, "in time", true},
		{"no such name", asked(&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}), verdict.EndUnanswered, "name", false},
		{"untrusted", asked(x509.UnknownAuthorityError{}), verdict.EndUnanswered, "trusted", false},
		{"proxy", asked(&net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED}), verdict.EndUnanswered, "proxy", true},
		{"own deadline", asked(context.DeadlineExceeded), verdict.EndUnanswered, "in time", false},
		{"cancelled", asked(context.Canceled), verdict.EndInterrupted, "canceled", false},
		{"plugin", asked(errors.New("getting credentials: exec: exit status 1")), verdict.EndPermission, "getting credentials", false},
		{"fenced", asked(&fenced{errors.New("SIGINT")}), verdict.EndInterrupted, "SIGINT", false},
		{"fenced by the deadline", asked(&fenced{context.DeadlineExceeded}), verdict.EndUnanswered, "stopped", false},
		{"fenced for a known reason", asked(&fenced{known}), verdict.EndForeign, "x", false},
		{"401", apierrors.NewUnauthorized("no"), verdict.EndPermission, "refused (401)", false},
		{"409", apierrors.NewConflict(secrets, "s", errors.New("changed")), verdict.EndInconsistent, "changed", true},
		{"409, exists", apierrors.NewAlreadyExists(secrets, "s"), verdict.EndInconsistent, "exists", false},
		{"404", apierrors.NewNotFound(secrets, "s"), verdict.EndInconsistent, "not found", false},
		{"422", apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "s", nil), verdict.EndDeployFailed, "invalid", false},
		{"429", apierrors.NewTooManyRequests("busy", 0), verdict.EndUnanswered, "(429)", true},
		{"500, leader changed", status(http.StatusInternalServerError, "etcdserver: leader changed"), verdict.EndUnanswered, "(500)", true},
		{"501", status(http.StatusNotImplemented, "no"), verdict.EndUnanswered, "(501)", false},
		{"503", apierrors.NewServiceUnavailable("down"), verdict.EndUnanswered, "(503)", true},
		{"terminating", going, verdict.EndTerminating, "terminated", false},
		{"quota", apierrors.NewForbidden(secrets, "s", errors.New("exceeded quota: q")), verdict.EndDeployFailed, "quota", false},
		{"escalation", apierrors.NewForbidden(secrets, "s", errors.New("user is attempting to grant RBAC permissions not currently held")), verdict.EndPermission, "grant", false},
		{"no such kind", &meta.NoKindMatchError{GroupKind: schema.GroupKind{Kind: "Widget"}}, verdict.EndChart, "Widget", false},
		{"known", fmt.Errorf("wrapped: %w", known), verdict.EndForeign, "x", false},
		{"anything else", errors.New("odd"), verdict.EndInternal, "odd", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Classify(tt.err, "read it")
			if p.Ending != tt.want || !strings.Contains(p.Error(), tt.says) {
				t.Errorf("got %s %q, want %s and %q in it", p.Ending, p, tt.want, tt.says)
			}
			if p.Next == "" && p.Ending != verdict.EndInternal && p != known {
				t.Error("it does not say what to do next")
			}
			if got := Retryable(tt.err); got != tt.retry {
				t.Errorf("retryable: got %v, want %v", got, tt.retry)
			}
		})
	}
	if Classify(nil, "x") != nil || Retryable(nil) {
		t.Error("nil is no error")
	}
}

func TestClassifyNamesTheMissingPermission(t *testing.T) {
	tests := []struct {
		message string
		want    verdict.Permission
	}{
		{`secrets "s" is forbidden: User "system:serviceaccount:ci:dep" cannot update resource "secrets" in API group "" in the namespace "review-1"`,
			verdict.Permission{Verb: "update", Resource: "secrets", Namespace: "review-1"}},
		{`namespaces is forbidden: User "jane \"j\" doe" cannot create resource "namespaces" in API group "" at the cluster scope: RBAC: role not found`,
			verdict.Permission{Verb: "create", Resource: "namespaces"}},
		{`x is forbidden: User "u" cannot get resource "deployments/scale" in API group "apps" in the namespace "n"`,
			verdict.Permission{Verb: "get", Group: "apps", Resource: "deployments/scale", Namespace: "n"}},
	}
	for _, tt := range tests {
		tt.want.Why = "record it"
		p := Classify(status(http.StatusForbidden, tt.message), "record it")
		if p.Ending != verdict.EndPermission || len(p.Gaps) != 1 || p.Gaps[0].Permission != tt.want || p.Gaps[0].Reason != tt.message {
			t.Errorf("%s: got %s %+v", tt.message, p.Ending, p.Gaps)
		}
	}
}
