package record

import (
	"context"
	"errors"
	"io"
	"testing"

	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/berth-dev/berth/internal/problem"
)

func TestExplain(t *testing.T) {
	forbidden := func(why string) error {
		return apierrors.NewForbidden(secretsResource, "k", errors.New(why))
	}
	tooLong := field.ErrorList{field.TooLong(field.NewPath("data"), "", 1<<20)}
	const cannot = `User "u" cannot update resource "secrets" in API group "" in the namespace "review"`
	for name, c := range map[string]struct {
		err  error
		want problem.ExitReason
	}{
		"denied":    {forbidden(cannot), problem.PermissionMissing},
		"quota":     {forbidden("exceeded quota: q"), problem.Inconsistent},
		"webhook":   {forbidden("admission webhook denied the request: you cannot do that"), problem.Inconsistent},
		"expired":   {apierrors.NewUnauthorized("no"), problem.PermissionMissing},
		"exists":    {driver.ErrReleaseExists, problem.LiveOperation},
		"conflict":  {&ConflictError{Key: "k"}, problem.LiveOperation},
		"taken":     {&TakenError{Key: "k"}, problem.RecordUnreadable},
		"immutable": {&ImmutableError{Key: "k"}, problem.RecordUnreadable},
		"too long":  {apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "k", tooLong), problem.RecordUnreadable},
		"422":       {apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "k", nil), problem.Inconsistent},
		"gone":      {errDeleted, problem.Inconsistent},
		"large":     {&TooLargeError{Size: 1 << 20, Limit: createLimit}, problem.RecordUnreadable},
		"413":       {apierrors.NewRequestEntityTooLargeError("no"), problem.RecordUnreadable},
		"broken":    {&UndecodableError{Key: "k", Err: io.EOF}, problem.RecordUnreadable},
		"misplaced": {&MisplacedError{Key: "k", Holds: "it holds another"}, problem.Foreign},
		"partial":   {&PartialError{Key: "k"}, problem.Internal},
		"500":       {apierrors.NewInternalError(io.EOF), problem.Unanswered},
		"lost":      {&UnansweredError{Unknown: true, Err: errors.Join(io.EOF, forbidden("User cannot get"))}, problem.Unanswered},
		"cancelled": {context.Canceled, problem.Internal},
	} {
		err := location{Secrets, "review"}.explain("update", "update", "k", c.err)
		p := problem.Of(err)
		if p.Reason != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: got %s: %v", name, p.Reason, err)
		}
		if c.want == problem.PermissionMissing && name == "denied" && (len(p.Missing) != 1 || p.Missing[0].Verb != "update") {
			t.Errorf("%s: gaps %v", name, p.Missing)
		}
	}
}
