package apifailure

import (
	"regexp"
	"strings"

	"github.com/berth-dev/berth/internal/problem"
)

// denial matches the API server's message for a request that its authorizer
// denied. The status's details hold neither the verb nor the namespace, so the
// message is all there is to go by.
var denial = regexp.MustCompile(`User "(?:[^"\\]|\\.)*" cannot (\S+) resource "([^"]+)" in API group "([^"]*)"` +
	`(?: in the namespace "([^"]+)"| at the cluster scope)`)

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
