package access

import "github.com/berth-dev/berth/internal/problem"

// Required is required for the tests outside of the package.
var Required = required

// RBAC returns the whole of what a user needs.
func RBAC(user string, needs []problem.Permission, perBranch bool, namespace string) string {
	return Write(Grant{User: user, Needs: needs, PerBranch: perBranch, Namespace: namespace})
}
