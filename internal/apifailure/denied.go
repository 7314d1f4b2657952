package apifailure

import (
	"errors"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/berth-dev/berth/internal/problem"
)

// quoted matches a text as Go quotes it.
const quoted = `"(?:[^"\\]|\\.)*"`

// denial matches the API server's message for a request that its authorizer denied,
// from the first character to the last but what follows a colon at its end. The
// status's details hold neither the verb nor the namespace, so the message is all there
// is to go by. What admission says begins otherwise, and may quote anything: an
// annotation of the chart's that reads like a denial, say.
var denial = regexp.MustCompile(`(?s)^[a-z0-9.-]+(?: ` + quoted + `)? is forbidden: User ` + quoted +
	` cannot ([a-z]+) resource "([a-z0-9.-]+(?:/[a-z0-9.-]+)?)" in API group "([a-z0-9.-]*)"` +
	`(?: in the namespace "([a-z0-9-]+)"| at the cluster scope)(?:: .*)?$`)

// IsDenied reports whether err is a 403 of the API server's authorizer, for want of
// a permission. Admission (a webhook, a policy, a quota) refuses objects with a 403
// as well.
func IsDenied(err error) bool {
	status := apierrors.APIStatus(nil)
	if !apierrors.IsForbidden(err) || !errors.As(err, &status) {
		return false
	}
	_, denied := DeniedPermission(status.Status().Message)
	return denied
}

// DeniedPermission returns the permission that a denial names, and false for any other
// message. That it is what was asked for, and no more, internal/kube/transport has made
// sure of for every answer.
func DeniedPermission(message string) (problem.Permission, bool) {
	m := denial.FindStringSubmatch(message)
	if m == nil {
		return problem.Permission{}, false
	}
	return problem.Permission{Verb: m[1], Resource: m[2], Group: m[3], Namespace: m[4]}, true
}

// deniedPermission returns the permission that a denial names, with why as the
// reason for needing it. It is false for any other message.
func deniedPermission(message, why string) (problem.MissingPermission, bool) {
	p, denied := DeniedPermission(message)
	p.Why = why
	return problem.MissingPermission{Permission: p, Reason: message}, denied
}

// isEscalation reports whether a Role or binding was refused because it grants
// permissions that the user does not hold.
func isEscalation(message string) bool {
	return strings.Contains(message, "attempting to grant RBAC permissions not currently held")
}
