package helm

import (
	"errors"
	"net"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/berth-dev/berth/internal/problem"
)

// explain gives an operation's error the ending it stands for, where that can
// be told. The record store's and the connection's errors are Problems already.
func explain(err error) error {
	var (
		p       *problem.Problem
		network net.Error
	)
	switch {
	case err == nil || errors.As(err, &p):
		return err
	case foreign(err):
		return &problem.Problem{Reason: problem.NotOurs, Tried: "take the chart's objects into the release", Cause: err,
			Next: "Rename them in the chart, or remove their owner first: they belong to something else. Nothing was touched."}
	case apierrors.IsForbidden(err):
		return &problem.Problem{Reason: problem.PermissionMissing, Headline: "A permission on the chart's own objects is missing.", Cause: err,
			Next: "Grant what the API server names, then run again."}
	case errors.As(err, &network):
		return &problem.Problem{Reason: problem.Unanswered, Tried: "carry out the operation", Cause: err,
			Next: "Check that the API server can be reached and is healthy, then run again."}
	}
	return err
}

// because is an error of Helm's with what lies behind it: of a hook's failure
// Helm keeps the text alone.
type because struct {
	error
	reason error
}

// Unwrap gives both.
func (b because) Unwrap() []error { return []error{b.error, b.reason} }
