package apifailure

import (
	"errors"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/berth-dev/berth/internal/problem"
)

// denial matches the API server's message for a request that its authorizer
// denied. The status's details hold neither the verb nor the namespace, so the
// message is all there is to go by.
var denial = regexp.MustCompile(`User "(?:[^"\\]|\\.)*" cannot (\S+) resource "([^"]+)" in API group "([^"]*)"` +
	`(?: in the namespace "([^"]+)"| at the cluster scope)`)

// IsDenied reports whether err is a 403 of the API server's authorizer, for want of
// a permission. Admission (a webhook, a policy, a quota) refuses objects with a 403
// as well.
func IsDenied(err error) bool {
	status := apierrors.APIStatus(nil)
	if !apierrors.IsForbidden(err) || !errors.As(err, &status) {
		return false
	}
	return denial.MatchString(status.Status().Message)
}

// deniedPermission returns the permission that a denial names, with why as the
// reason for needing it. It is false for any other message.
func deniedPermission(message, why string) (problem.MissingPermission, bool) {
	m := denial.FindStringSubmatch(message)
	if m == nil {
		return problem.MissingPermission{}, false
	}
	return problem.MissingPermission{
		Permission: problem.Permission{Verb: m[1], Resource: m[2], Group: m[3], Namespace: m[4], Why: why},
		Reason:     message,
	}, true
}

// isEscalation reports whether a Role or binding was refused because it grants
// permissions that the user does not hold.
func isEscalation(message string) bool {
	return strings.Contains(message, "attempting to grant RBAC permissions not currently held")
}
