// Package apifailure says what the error of an API request means: how a run
// ends because of it and what to do next (Classify), and whether the same
// request may succeed a little later (IsTransient). It knows the errors of
// client-go, of net/http and of Berth's own fence, and makes no request itself.
package apifailure

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/problem"
)

const (
	nextAgain  = "Run it again; if it stays so, look at the API server's own state."
	nextTimely = "Run it again, or give it more time with timeout."

	// NextGrant is what to do about a missing permission that the problem lists.
	NextGrant = "Grant the missing permission, then run it again."
)

// Classify returns err as a *problem.Problem: how the run ends because of it,
// and what to do next. tried completes the sentence "Could not …". It returns
// nil for nil, and a Problem in err's chain as it is. An error that it does not
// know becomes problem.Internal.
func Classify(err error, tried string) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*problem.Problem](err); ok {
		return known
	}
	p := &problem.Problem{Reason: problem.Internal, Tried: tried, Cause: err}
	var (
		status apierrors.APIStatus
		plugin *CredentialPluginError
	)
	switch {
	case errors.Is(err, ErrFenced):
		classifyFenced(p)
	case errors.As(err, &status):
		classifyStatus(p, status.Status())
	case errors.As(err, &plugin):
		p.Reason, p.Next = problem.PermissionMissing, "Run the kubeconfig's credential plugin by hand in the same image and see why it fails."
		p.Headline = headline(tried, "the kubeconfig's credential plugin gave no credentials")
	case errors.Is(err, context.Canceled):
		p.Reason, p.Next = problem.Interrupted, "Run it again."
	case isNoObject(err):
		p.Reason, p.Next = problem.Unanswered, nextOther
		p.Cause = fmt.Errorf("%s: %w", otherAnswered, err)
	case meta.IsNoMatchError(err):
		p.Reason, p.Next = problem.ChartInvalid, "Install the CRD first, or use an API version that this cluster has."
	default:
		if what, next, ok := networkFailure(err); ok {
			p.Reason, p.Next = problem.Unanswered, next
			p.Cause = fmt.Errorf("%s: %w", what, err)
			p.Headline = headline(tried, what)
		}
	}
	return p
}

// headline opens a report with what was tried and, in a few words of our own, why it failed.
func headline(tried, why string) string { return fmt.Sprintf("Could not %s: %s.", tried, why) }

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
		p.Headline = headline(p.Tried, "the API server refused the credentials")
	case code == http.StatusForbidden:
		classifyForbidden(p, s)
	case code == http.StatusTooManyRequests, code == http.StatusGone, code == http.StatusRequestTimeout,
		code >= http.StatusInternalServerError:
		p.Reason, p.Next = problem.Unanswered, nextAgain
		p.Cause = fmt.Errorf("the API server could not do it (%d): %w", code, p.Cause)
	case code == http.StatusNotFound, code == http.StatusConflict:
		p.Reason, p.Next = problem.Inconsistent, "Run it again: somebody else changed it meanwhile."
	case code >= http.StatusBadRequest:
		p.Reason, p.Next = problem.DeployFailed, "Correct the object; the API server says what it does not accept."
	}
}

// classifyForbidden tells the uses of 403 apart: a permission that is missing,
// a namespace that is terminating, and admission (quota, policy).
func classifyForbidden(p *problem.Problem, s metav1.Status) {
	missing, denied := deniedPermission(s.Message, p.Tried)
	switch {
	case isTerminating(s):
		p.Reason, p.Next = problem.NamespaceTerminating, "Wait until the namespace is gone, then run it again."
	case denied:
		p.Reason, p.Next, p.Missing = problem.PermissionMissing, NextGrant, []problem.MissingPermission{missing}
	case isEscalation(s.Message):
		p.Reason = problem.PermissionMissing
		p.Next = "Grant these permissions to the deploying user too, or the verb escalate on roles."
	default:
		p.Reason, p.Next = problem.DeployFailed, "Change the object, or the quota or admission policy of the cluster that refused it."
	}
}

// isTerminating reports whether a creation was refused because its namespace is
// being deleted.
func isTerminating(s metav1.Status) bool {
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
