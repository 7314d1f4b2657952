package record

import (
	"errors"
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/berth-dev/berth/internal/problem"
)

// explainWrite makes a Problem of the error of a write.
func (s *Store) explainWrite(w *entry, err error) error {
	_, explained := errors.AsType[*UnansweredError](err)
	switch {
	case !explained && transient(err):
		err = &UnansweredError{Tries: w.Tries, Err: err}
	case w.Verb == "update" && apierrors.IsNotFound(err):
		err = fmt.Errorf("%w: %w", errGone, err)
	}
	return s.explain(w.Verb, w.Verb, w.Key, err)
}

// explain makes a Problem of an error that a request or a decoder returned:
// how the run ends by it and what to do next. Act is the word for people,
// verb the API's, and key is empty for a list. An error of which this room
// knows nothing (a closed fence, a cancelled run) is only given its context.
func (s *Store) explain(act, verb, key string, err error) error {
	if err == nil {
		return nil
	}
	_, unsettled := errors.AsType[*UnansweredError](err)
	if done, is := errors.AsType[*problem.Problem](err); is {
		// Explained already, unless it only tells why reading back failed.
		if _, itself := errors.AsType[*UnansweredError](done); itself || !unsettled {
			return done
		}
	}
	p := &problem.Problem{Tried: s.tried(act, key), Cause: err}
	switch {
	case unsettled:
		s.unanswered(p)
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		p.Reason = problem.NamespaceTerminating
		p.Next = fmt.Sprintf("Wait until the namespace %s is gone, then run again.", s.opts.Namespace)
	case denied(err):
		s.deny(p, verb, key, err)
	case apierrors.IsUnauthorized(err):
		p.Reason = problem.PermissionMissing
		p.Next = "Check that the token or certificate is right and has not expired: the API server did not accept the credentials."
	case stuck(err):
		p.Reason = problem.RecordUnreadable
		p.Next = "Move it out of the way or delete it, then run again."
	case errors.Is(err, driver.ErrReleaseExists):
		p.Reason = problem.LiveOperation
		p.Next = "Let the other operation end, which created this revision, then run again."
	case errors.Is(err, driver.ErrReleaseNotFound):
		p.Reason = problem.Inconsistent
		p.Next = "Run again: the record was removed while the operation ran."
	default:
		if !s.classify(p, err) {
			return fmt.Errorf("%s: %w", p.Tried, err)
		}
	}
	return p
}

// classify fills in the Problem of an error that is known by its type, and
// says whether it was.
func (s *Store) classify(p *problem.Problem, err error) bool {
	var (
		conflict    *ConflictError
		undecodable *UndecodableError
		outline     *OutlineError
		status      apierrors.APIStatus
	)
	switch {
	case errors.As(err, &conflict):
		p.Reason = problem.LiveOperation
		p.Next = "Let the other operation end, then run again. Nothing was overwritten."
	case tooLarge(err):
		p.Reason = problem.RecordUnreadable
		p.Next = "Leave files out with .helmignore, or move large ones out of the chart: a record holds the chart with its files, the values and the manifest."
	case errors.As(err, &undecodable):
		p.Reason = problem.RecordUnreadable
		p.Next = "Move the record out of the way or delete it, then run again."
	case errors.As(err, &outline):
		p.Reason = problem.Internal
		p.Next = "Report this, please: it is a fault of Berth. Nothing was overwritten."
	case errors.As(err, &status) && !transient(err):
		p.Reason = problem.Inconsistent
		p.Next = "Remove the reason for which the API server refuses the record, then run again."
	case transient(err):
		p.Cause = &UnansweredError{Err: err}
		s.unanswered(p)
	default:
		return false
	}
	return true
}

// stuck says that an object can neither be used as the record nor be made it.
func stuck(err error) bool {
	_, taken := errors.AsType[*TakenError](err)
	_, immutable := errors.AsType[*ImmutableError](err)
	return taken || immutable
}

// tooLarge says that a record is larger than this store or the API server takes.
func tooLarge(err error) bool {
	_, ours := errors.AsType[*TooLargeError](err)
	return ours || apierrors.IsRequestEntityTooLargeError(err) ||
		apierrors.HasStatusCause(err, metav1.CauseType(field.ErrorTypeTooLong))
}

// denied tells a missing permission from the other things that 403 stands
// for: an admission webhook or a quota that refuses the object. The status has
// no field for it; this is how the API server words every denial.
func denied(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), " cannot ")
}

func (s *Store) unanswered(p *problem.Problem) {
	p.Reason = problem.Unanswered
	p.Next = "Check that the API server can be reached and is healthy, then run again."
}

func (s *Store) deny(p *problem.Problem, verb, key string, err error) {
	p.Reason = problem.PermissionMissing
	p.Cause = &DeniedError{Verb: verb, Resource: string(s.opts.Kind), Namespace: s.opts.Namespace, Key: key, Err: err}
	p.Next = fmt.Sprintf("Grant the verb %s on %s in %s, then run again.", verb, s.opts.Kind, s.where())
	p.Missing = []problem.MissingPermission{{
		Permission: problem.Permission{
			Verb: verb, Resource: string(s.opts.Kind), Namespace: s.opts.Namespace,
			Why: "Helm's release records are stored in them",
		},
		Reason: err.Error(),
	}}
}

func (s *Store) tried(act, key string) string {
	if key == "" {
		return fmt.Sprintf("%s the release records in %s", act, s.where())
	}
	return fmt.Sprintf("%s the release record %s in %s", act, key, s.where())
}

func (s *Store) where() string {
	if s.opts.Namespace == metav1.NamespaceAll {
		return "all namespaces"
	}
	return "namespace " + s.opts.Namespace
}
