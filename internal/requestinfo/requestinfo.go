// Package requestinfo says what a request to the API server is about: the verb,
// the resource and the object, as the server's authorizer sees them. It reads
// the method, the path and the query alone.
//
// k8s.io/apiserver has this as request.RequestInfoFactory. That module is a
// large dependency for one function, and names nothing that is not a resource.
package requestinfo

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Info is what a request is about.
type Info struct {
	Verb        string // get, list, watch, create, update, patch, delete, deletecollection; else the method in lower case
	Group       string // empty for the core group
	Resource    string // plural, such as "secrets"; where IsResource is false: "discovery", "version", "openapi", …, "" for the root
	Subresource string // "log"
	Namespace   string // for a namespace itself its own name
	Name        string // empty for a collection
	IsResource  bool   // the path names a resource
}

// Of returns what a request is about. path starts at the API server's root: a
// prefix in the server's URL has been taken off.
func Of(method, path string, query url.Values) Info {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	var info Info
	var rest []string
	switch {
	case len(parts) > 2 && parts[0] == "api":
		rest = parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		info.Group, rest = parts[1], parts[3:]
	case len(parts) > 0 && (parts[0] == "api" || parts[0] == "apis"):
		info.Resource = "discovery"
	case len(parts) > 0:
		info.Resource = parts[0]
	}
	oldWatch := len(rest) > 1 && rest[0] == "watch" // the old form, /api/v1/watch/pods
	if oldWatch {
		rest = rest[1:]
	}
	if len(rest) > 0 {
		info.locate(rest)
	}
	info.Verb = verbOf(method, info.IsResource && info.Name == "", query)
	if oldWatch {
		info.Verb = "watch"
	}
	return info
}

// locate reads [namespaces/NAMESPACE/]RESOURCE[/NAME[/SUBRESOURCE]]. The path of
// a namespace's own subresource looks like that of a resource inside it.
func (i *Info) locate(parts []string) {
	if parts[0] == "namespaces" && len(parts) > 1 {
		i.Namespace = parts[1]
		if len(parts) > 2 && !slices.Contains([]string{"status", "finalize"}, parts[2]) {
			parts = parts[2:]
		}
	}
	parts = append(slices.Clone(parts), "", "")
	i.IsResource, i.Resource, i.Name, i.Subresource = true, parts[0], parts[1], parts[2]
}

func verbOf(method string, collection bool, query url.Values) string {
	switch method {
	case http.MethodGet, http.MethodHead:
		switch {
		case IsWatch(query):
			return "watch"
		case collection:
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
		if collection {
			return "deletecollection"
		}
		return "delete"
	}
	return strings.ToLower(method)
}

// QualifiedResource returns the resource with its group and subresource:
// "secrets", "deployments.apps", "pods/log"; "/" for the server's root.
func (i Info) QualifiedResource() string {
	name := i.Resource
	if i.Group != "" {
		name += "." + i.Group
	}
	if i.Subresource != "" {
		name += "/" + i.Subresource
	}
	if name == "" {
		return "/"
	}
	return name
}

// IsWatch reports whether the query asks for a watch. As for the API server, the
// parameter's presence is enough, unless its value says no.
func IsWatch(query url.Values) bool {
	if !query.Has("watch") {
		return false
	}
	value := strings.ToLower(query.Get("watch"))
	return value != "false" && value != "0"
}

// IsWrite reports whether a request with this method may change something.
func IsWrite(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return true
}
