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

	"github.com/berth-dev/berth/internal/verdict"
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
func Classify(err error, tried string) *verdict.Problem {
	if err == nil {
		return nil
	}
	var known *verdict.Problem
	if errors.As(err, &known) {
		return known
	}
	p := &verdict.Problem{Ending: verdict.EndInternal, Tried: tried, Cause: err}
	var status apierrors.APIStatus
	switch {
	case errors.Is(err, ErrFenced):
		classifyFenced(p)
	case errors.As(err, &status):
		classifyStatus(p, status.Status())
	case strings.Contains(err.Error(), "getting credentials: "): // client-go has no type for it
		p.Ending, p.Next = verdict.EndPermission, "Run the kubeconfig's credential plugin by hand in the same image and see why it fails."
	case errors.Is(err, context.Canceled):
		p.Ending, p.Next = verdict.EndInterrupted, "Run it again."
	case meta.IsNoMatchError(err):
		p.Ending, p.Next = verdict.EndChart, "Install the CRD first, or use an API version that this cluster has."
	default:
		if what, next, ok := network(err); ok {
			p.Ending, p.Next = verdict.EndUnanswered, next
			p.Cause = fmt.Errorf("%s: %w", what, err)
		}
	}
	return p
}

func classifyFenced(p *verdict.Problem) {
	p.Ending, p.Next = verdict.EndInterrupted, "Run it again."
	if errors.Is(p.Cause, context.DeadlineExceeded) {
		p.Ending, p.Next = verdict.EndUnanswered, nextTimely
	}
}

func classifyStatus(p *verdict.Problem, s metav1.Status) {
	switch code := int(s.Code); {
	case code == http.StatusUnauthorized:
		p.Ending, p.Next = verdict.EndPermission, "Renew the token or certificate; check that it is for this cluster."
		p.Cause = fmt.Errorf("the credentials were refused (401): %w", p.Cause)
	case code == http.StatusForbidden:
		classifyForbidden(p, s)
	case code == http.StatusTooManyRequests, code >= http.StatusInternalServerError, code == http.StatusGone, code == http.StatusRequestTimeout:
		p.Ending, p.Next = verdict.EndUnanswered, nextAgain
		p.Cause = fmt.Errorf("the API server could not do it (%d): %w", code, p.Cause)
	case code == http.StatusNotFound, code == http.StatusConflict:
		p.Ending, p.Next = verdict.EndInconsistent, "Somebody else changed it meanwhile. Run it again."
	case code >= http.StatusBadRequest:
		p.Ending, p.Next = verdict.EndDeployFailed, "Correct the object; the API server says what it does not accept."
	}
}

// classifyForbidden tells what 403 is used for apart: a permission that is
// missing, a namespace that is going away, and admission (quota, policy).
func classifyForbidden(p *verdict.Problem, s metav1.Status) {
	gap, denied := gapIn(s.Message, p.Tried)
	switch {
	case terminating(s):
		p.Ending, p.Next = verdict.EndTerminating, "Wait until the namespace is gone, then run it again."
	case denied:
		p.Ending, p.Next, p.Gaps = verdict.EndPermission, nextGrant, []verdict.Gap{gap}
	case escalation(s.Message):
		p.Ending = verdict.EndPermission
		p.Next = "Grant these permissions to the deploying user too, or the verb escalate on roles."
	default:
		p.Ending, p.Next = verdict.EndDeployFailed, "A quota or an admission policy of the cluster refused the object. Change the object or the policy."
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
	var known *verdict.Problem
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
