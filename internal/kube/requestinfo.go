package kube

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// operation is a request as the API server's authorizer names it.
type operation struct {
	verb     string // get, list, watch, create, update, patch, delete, deletecollection
	resource string // "secrets", "deployments.apps", "pods/log"; "discovery", "version", … for what is no resource
}

const discoveryResource = "discovery"

// operationOf derives the operation from a request, as RequestInfo does in
// k8s.io/apiserver. The path has no prefix of the server in front.
func operationOf(method, path string, query url.Values) operation {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	group, rest, ok := splitAPI(parts)
	if !ok {
		return operation{verbOf(method, "-", query), nonResource(parts)}
	}
	resource, name, sub := splitResource(rest)
	verb := verbOf(method, name, query)
	if len(rest) > 0 && rest[0] == "watch" { // the old form, /api/v1/watch/pods
		resource, _, sub = splitResource(rest[1:])
		verb = "watch"
	}
	if resource == "" {
		return operation{"get", discoveryResource}
	}
	if group != "" {
		resource += "." + group
	}
	if sub != "" {
		resource += "/" + sub
	}
	return operation{verb, resource}
}

// splitAPI takes /api/v1 or /apis/group/version off. The rest is empty for
// discovery; ok is false for what is not the API.
func splitAPI(parts []string) (group string, rest []string, ok bool) {
	switch {
	case len(parts) == 0:
		return "", nil, false
	case parts[0] == "api":
		return "", parts[min(2, len(parts)):], true
	case parts[0] == "apis" && len(parts) > 1:
		return parts[1], parts[min(3, len(parts)):], true
	}
	return "", nil, parts[0] == "apis"
}

// splitResource reads [namespaces/NS/]resource[/name[/subresource]]. A
// namespace's own subresources look like resources inside it.
func splitResource(parts []string) (resource, name, sub string) {
	if len(parts) > 2 && parts[0] == "namespaces" && !slices.Contains([]string{"status", "finalize"}, parts[2]) {
		parts = parts[2:]
	}
	parts = append(slices.Clone(parts), "", "", "")
	return parts[0], parts[1], parts[2]
}

// nonResource names what is outside the API by its first part: version,
// openapi, healthz.
func nonResource(parts []string) string {
	if len(parts) == 0 {
		return "/"
	}
	return parts[0]
}

func verbOf(method, name string, query url.Values) string {
	switch method {
	case http.MethodGet, http.MethodHead:
		if watching(query) {
			return "watch"
		}
		if name == "" {
			return "list"
		}
		return "get"
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodPatch:
		return "patch"
	case http.MethodDelete:
		if name == "" {
			return "deletecollection"
		}
		return "delete"
	}
	return strings.ToLower(method)
}

// watching reads the parameter as the API server does: its presence is enough,
// unless it says no.
func watching(query url.Values) bool {
	if !query.Has("watch") {
		return false
	}
	value := strings.ToLower(query.Get("watch"))
	return value != "false" && value != "0"
}

// writes says whether a request can change something.
func writes(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return true
}
