package requestinfo

import (
	"net/url"
	"testing"
)

func TestOf(t *testing.T) {
	tests := []struct{ method, url, verb, resource string }{
		{"GET", "/api", "get", "discovery"},
		{"GET", "/apis", "get", "discovery"},
		{"GET", "/api/v1", "get", "discovery"},
		{"GET", "/apis/apps", "get", "discovery"},
		{"GET", "/apis/apps/v1", "get", "discovery"},
		{"GET", "/version", "get", "version"},
		{"GET", "/openapi/v2", "get", "openapi"},
		{"GET", "/openapi/v3/apis/apps/v1", "get", "openapi"},
		{"GET", "/readyz?verbose", "get", "readyz"},
		{"GET", "/", "get", "/"},
		{"GET", "", "get", "/"},
		{"GET", "/api/v1/pods", "list", "pods"},
		{"GET", "/api/v1/pods?watch=true", "watch", "pods"},
		{"GET", "/api/v1/pods?watch=1", "watch", "pods"},
		{"GET", "/api/v1/pods?watch", "watch", "pods"},
		{"GET", "/api/v1/pods?watch=false", "list", "pods"},
		{"GET", "/api/v1/pods?watch=0", "list", "pods"},
		{"GET", "/api/v1/watch/namespaces/a/pods", "watch", "pods"},
		{"GET", "/api/v1/namespaces", "list", "namespaces"},
		{"GET", "/api/v1/namespaces/a", "get", "namespaces"},
		{"PUT", "/api/v1/namespaces/a/finalize", "update", "namespaces/finalize"},
		{"PATCH", "/api/v1/namespaces/a/status", "patch", "namespaces/status"},
		{"GET", "/api/v1/namespaces/a/secrets", "list", "secrets"},
		{"GET", "/api/v1/namespaces/a/secrets/s", "get", "secrets"},
		{"HEAD", "/api/v1/namespaces/a/secrets/s", "get", "secrets"},
		{"POST", "/api/v1/namespaces/a/secrets", "create", "secrets"},
		{"PUT", "/api/v1/namespaces/a/secrets/s", "update", "secrets"},
		{"DELETE", "/api/v1/namespaces/a/secrets/s", "delete", "secrets"},
		{"DELETE", "/api/v1/namespaces/a/secrets", "deletecollection", "secrets"},
		{"GET", "/api/v1/namespaces/a/pods/p/log?follow=true", "get", "pods/log"},
		{"PATCH", "/apis/apps/v1/namespaces/a/deployments/d", "patch", "deployments.apps"},
		{"PUT", "/apis/apps/v1/namespaces/a/deployments/d/scale", "update", "deployments.apps/scale"},
		{"POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "create", "selfsubjectaccessreviews.authorization.k8s.io"},
		{"GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/x", "get", "clusterroles.rbac.authorization.k8s.io"},
		{"OPTIONS", "/api/v1/pods", "options", "pods"},
	}
	for _, tt := range tests {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		got := Of(tt.method, u.Path, u.Query())
		if got.Verb != tt.verb || got.QualifiedResource() != tt.resource {
			t.Errorf("%s %s: got %+v, want %s %s", tt.method, tt.url, got, tt.verb, tt.resource)
		}
	}
}

func TestOfObject(t *testing.T) {
	tests := map[string]Info{
		"/api/v1/namespaces/a": {Verb: "get", Resource: "namespaces", Namespace: "a", Name: "a", IsResource: true},
		"/api/v1/namespaces/a/status": {Verb: "get", Resource: "namespaces", Subresource: "status", Namespace: "a", Name: "a",
			IsResource: true},
		"/api/v1/watch/namespaces/a/pods": {Verb: "watch", Resource: "pods", Namespace: "a", IsResource: true},
		"/apis/apps/v1/namespaces/a/deployments/d/scale": {Verb: "get", Group: "apps", Resource: "deployments", Subresource: "scale",
			Namespace: "a", Name: "d", IsResource: true},
		"/apis/apps/v1": {Verb: "get", Resource: "discovery"},
		"/":             {Verb: "get"},
	}
	for path, want := range tests {
		if got := Of("GET", path, nil); got != want {
			t.Errorf("%s: got %+v, want %+v", path, got, want)
		}
	}
}
