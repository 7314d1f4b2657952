package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/problem"
)

const (
	nextReach  = "Check the API server's address, and that this runner reaches it: network policy, firewall, VPN, proxy."
	nextAgain  = "Run it again; if it stays so, look at the API server's own state."
	nextGrant  = "Grant the missing permission, then run it again."
	nextTimely = "Run it again, or give it more time with timeout."
)

// Classify says how a run ends by an error of a request, and what to do about
// it. A Problem in err's chain is kept as it is. It gives nil for nil, so do not
// hand the result on as an error without looking.
func Classify(err error, tried string) *problem.Problem {
	if err == nil {
		return nil
	}
	var known *problem.Problem
	if errors.As(err, &known) {
		return known
	}
	p := &problem.Problem{Reason: problem.Internal, Tried: tried, Cause: err}
	var status apierrors.APIStatus
	switch {
	case errors.Is(err, ErrFenced):
		classifyFenced(p)
	case errors.As(err, &status):
		classifyStatus(p, status.Status())
	case strings.Contains(err.Error(), "getting credentials: "): // client-go has no type for it
		p.Reason, p.Next = problem.PermissionMissing, "Run the kubeconfig's credential plugin by hand in the same image and see why it fails."
	case errors.Is(err, context.Canceled):
		p.Reason, p.Next = problem.Interrupted, "Run it again."
	case meta.IsNoMatchError(err):
		p.Reason, p.Next = problem.ChartInvalid, "Install the CRD first, or use an API version that this cluster has."
	default:
		if what, next, ok := network(err); ok {
			p.Reason, p.Next = problem.Unanswered, next
			p.Cause = fmt.Errorf("%s: %w", what, err)
		}
	}
	return p
}

func classifyFenced(p *problem.Problem) {
	p.Reason, p.Next = problem.Interrupted, "Run it again."
	if errors.Is(p.Cause, context.DeadlineExceeded) {
		p.Reason, p.Next = problem.Unanswered, nextTimely
	}
}

func classifyStatus(p *problem.Problem, s metav1.Status) {
	switch code := int(s.Code); {
	case code == http.StatusUnauthorized:
		p.Reason, p.Next = problem.PermissionMissing, "Renew the token or certificate; check that it is for this cluster."
		p.Cause = fmt.Errorf("the credentials were refused (401): %w", p.Cause)
	case code == http.StatusForbidden:
		classifyForbidden(p, s)
	case code == http.StatusTooManyRequests, code >= http.StatusInternalServerError, code == http.StatusGone, code == http.StatusRequestTimeout:
		p.Reason, p.Next = problem.Unanswered, nextAgain
		p.Cause = fmt.Errorf("the API server could not do it (%d): %w", code, p.Cause)
	case code == http.StatusNotFound, code == http.StatusConflict:
		p.Reason, p.Next = problem.Inconsistent, "Somebody else changed it meanwhile. Run it again."
	case code >= http.StatusBadRequest:
		p.Reason, p.Next = problem.DeployFailed, "Correct the object; the API server says what it does not accept."
	}
}

// classifyForbidden tells what 403 is used for apart: a permission that is
// missing, a namespace that is going away, and admission (quota, policy).
func classifyForbidden(p *problem.Problem, s metav1.Status) {
	gap, denied := gapIn(s.Message, p.Tried)
	switch {
	case terminating(s):
		p.Reason, p.Next = problem.NamespaceTerminating, "Wait until the namespace is gone, then run it again."
	case denied:
		p.Reason, p.Next, p.Missing = problem.PermissionMissing, nextGrant, []problem.MissingPermission{gap}
	case escalation(s.Message):
		p.Reason = problem.PermissionMissing
		p.Next = "Grant these permissions to the deploying user too, or the verb escalate on roles."
	default:
		p.Reason, p.Next = problem.DeployFailed, "A quota or an admission policy of the cluster refused the object. Change the object or the policy."
	}
}

func terminating(s metav1.Status) bool {
	if s.Details == nil {
		return false
	}
	for _, cause := range s.Details.Causes {
		if cause.Type == corev1.NamespaceTerminatingCause {
			return true
		}
	}
	return false
}

// Retryable says that the same request may succeed a little later: the
// connection was lost, the server is overloaded, restarting or electing, or the
// object changed meanwhile. Whoever writes with compare-and-swap decides anew on
// a conflict before it asks here.
func Retryable(err error) bool {
	var known *problem.Problem
	if err == nil || errors.Is(err, ErrFenced) || errors.Is(err, context.Canceled) || errors.As(err, &known) {
		return false
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		code := status.Status().Code
		return apierrors.IsConflict(err) || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout ||
			code >= http.StatusInternalServerError && code != http.StatusNotImplemented
	}
	return passing(err)
}
