package kube

import (
	"net/url"
	"testing"
)

func TestOperationOf(t *testing.T) {
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
		got := operationOf(tt.method, u.Path, u.Query())
		if want := (operation{tt.verb, tt.resource}); got != want {
			t.Errorf("%s %s: got %v, want %v", tt.method, tt.url, got, want)
		}
	}
}
