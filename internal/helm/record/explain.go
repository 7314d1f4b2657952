package record

import (
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/problem"
)

// location is where records are stored.
type location struct {
	kind      Kind
	namespace string // metav1.NamespaceAll for all of them
}

// explain returns a *problem.Problem for the error of a request or a decoder: the
// reason for which the run ends, and what to do next. It returns an error that it
// does not know (a closed fence, a cancelled run) with its context only, and nil
// for nil. act is the verb for people, verb the one of the API. key is empty for
// a list.
func (l location) explain(act, verb, key string, err error) error {
	if err == nil {
		return nil
	}
	_, unanswered := errors.AsType[*UnansweredError](err)
	if explained, is := errors.AsType[*problem.Problem](err); is {
		// A Problem inside an UnansweredError is that of a failed read-back only.
		if _, itself := errors.AsType[*UnansweredError](explained); itself || !unanswered {
			return explained
		}
	}
	p := &problem.Problem{Tried: l.tried(act, key), Cause: err}
	switch {
	case unanswered:
		l.explainUnanswered(p)
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		p.Reason = problem.NamespaceTerminating
		p.Next = fmt.Sprintf("Wait until the namespace %s is gone, then run again.", l.namespace)
	case apifailure.IsDenied(err):
		l.explainDenied(p, verb, key)
	case apierrors.IsUnauthorized(err):
		p.Reason = problem.PermissionMissing
		p.Next = "Check that the token or certificate is right and has not expired: the API server did not accept the credentials."
	case isUnusable(err):
		p.Reason = problem.RecordUnreadable
		p.Next = "Move it out of the way or delete it, then run again."
	case errors.Is(err, driver.ErrReleaseExists):
		p.Reason = problem.LiveOperation
		p.Next = "Let the other operation end, which created this revision, then run again."
	case errors.Is(err, driver.ErrReleaseNotFound):
		p.Reason = problem.Inconsistent
		p.Next = "Run again: the record was removed while the operation ran."
	default:
		if !l.explainType(p, err) {
			return fmt.Errorf("%s: %w", p.Tried, err)
		}
	}
	return p
}

// explainType fills in the reason and the next step of an error that is known by
// its type. It returns false for any other error.
func (l location) explainType(p *problem.Problem, err error) bool {
	var (
		conflict    *ConflictError
		undecodable *UndecodableError
		misplaced   *MisplacedError
		partial     *PartialError
		status      apierrors.APIStatus
	)
	switch {
	case errors.As(err, &conflict):
		p.Reason = problem.LiveOperation
		p.Next = "Let the other operation end, then run again. Nothing was overwritten."
	case isTooLarge(err):
		p.Reason = problem.RecordUnreadable
		p.Next = "Leave files out with .helmignore, or move large ones out of the chart: " +
			"a record holds the chart with its files, the values and the manifest."
	case errors.As(err, &undecodable):
		p.Reason = problem.RecordUnreadable
		p.Next = "Move the record out of the way or delete it, then run again."
	case errors.As(err, &misplaced):
		p.Reason = problem.Foreign
		p.Next = "Delete it, if a restore or a reflector copied it here, then run again:\n$ kubectl delete " + string(l.kind) + " " +
			misplaced.Key + " --namespace " + l.namespace
	case errors.As(err, &partial):
		p.Reason = problem.Internal
		p.Next = "Report this, please: it is a fault of Berth. Nothing was overwritten."
	case errors.As(err, &status) && !isRetryable(err):
		p.Reason = problem.Inconsistent
		p.Next = "Remove the reason for which the API server refuses the record, then run again."
	case isRetryable(err):
		p.Cause = &UnansweredError{Err: err}
		l.explainUnanswered(p)
	case apifailure.IsUnanswered(err):
		l.explainUnanswered(p)
	default:
		return false
	}
	return true
}

// isUnusable reports whether the object can neither serve as the record nor be
// changed so that it does.
func isUnusable(err error) bool {
	_, taken := errors.AsType[*TakenError](err)
	_, immutable := errors.AsType[*ImmutableError](err)
	return taken || immutable
}

// isTooLarge reports whether a record is larger than this store or the API server
// accepts.
func isTooLarge(err error) bool {
	_, ours := errors.AsType[*TooLargeError](err)
	return ours || apierrors.IsRequestEntityTooLargeError(err) ||
		apierrors.HasStatusCause(err, metav1.CauseType(field.ErrorTypeTooLong))
}

func (l location) explainUnanswered(p *problem.Problem) {
	p.Reason = problem.Unanswered
	p.Next = "Check that the API server can be reached and is healthy, then run again."
}

func (l location) explainDenied(p *problem.Problem, verb, key string) {
	err := p.Cause
	p.Reason = problem.PermissionMissing
	p.Cause = &DeniedError{Verb: verb, Resource: string(l.kind), Namespace: l.namespace, Key: key, Err: err}
	p.Next = fmt.Sprintf("Grant the verb %s on %s in %s, then run again.", verb, l.kind, l)
	p.Missing = []problem.MissingPermission{{
		Permission: problem.Permission{
			Verb: verb, Resource: string(l.kind), Namespace: l.namespace,
			Why: "Helm's release records are stored in them",
		},
		Reason: err.Error(),
	}}
}

// tried returns what a Problem says was tried.
func (l location) tried(act, key string) string {
	if key == "" {
		return fmt.Sprintf("%s the release records in %s", act, l)
	}
	return fmt.Sprintf("%s the release record %s in %s", act, key, l)
}

func (l location) String() string {
	if l.namespace == metav1.NamespaceAll {
		return "all namespaces"
	}
	return "namespace " + l.namespace
}
