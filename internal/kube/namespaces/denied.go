package namespaces

import "github.com/berth-dev/berth/internal/problem"

// denied is the problem of a request on a namespace that the API server forbade
// with err. p is the permission that it takes, but for the resource.
func denied(tried, next string, p problem.Permission, err error) error {
	p.Resource = "namespaces"
	return &problem.Problem{
		Reason:  problem.PermissionMissing,
		Tried:   tried,
		Cause:   err,
		Next:    next,
		Missing: []problem.MissingPermission{{Permission: p, Reason: err.Error()}},
	}
}
