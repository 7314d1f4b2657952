package namespaces

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/problem"
)

// denied is the problem of a request on a namespace that the API server forbade
// with err. p is the permission that it takes, but for the resource: it is what is
// missing, unless admission refused the request, which forbids things as well.
func denied(tried, next string, p problem.Permission, err error) error {
	if !apifailure.IsDenied(err) && !apierrors.IsUnauthorized(err) {
		return apifailure.Classify(err, tried)
	}
	p.Resource = "namespaces"
	return &problem.Problem{
		Reason:  problem.PermissionMissing,
		Tried:   tried,
		Cause:   err,
		Next:    next,
		Missing: []problem.MissingPermission{{Permission: p, Reason: err.Error()}},
	}
}
