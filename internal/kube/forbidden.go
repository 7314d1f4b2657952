package kube

import (
	"regexp"
	"strings"

	"github.com/berth-dev/berth/internal/problem"
)

// denial is how the API server words what its authorizer refused. The status's
// details do not hold the verb and the namespace.
var denial = regexp.MustCompile(`User "(?:[^"\\]|\\.)*" cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)"| at the cluster scope)`)

// gapIn finds the permission that a denial names.
func gapIn(message, why string) (problem.MissingPermission, bool) {
	m := denial.FindStringSubmatch(message)
	if m == nil {
		return problem.MissingPermission{}, false
	}
	return problem.MissingPermission{
		Permission: problem.Permission{Verb: m[1], Resource: m[2], Group: m[3], Namespace: m[4], Why: why},
		Reason:     message,
	}, true
}

// escalation says that the permission which is missing is the one to grant
// permissions we do not have ourselves.
func escalation(message string) bool {
	return strings.Contains(message, "attempting to grant RBAC permissions not currently held")
}
