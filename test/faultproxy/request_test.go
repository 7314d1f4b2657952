package faultproxy

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
)

func TestRequestOf(t *testing.T) {
	const record = `{"kind":"Secret","metadata":{"name":"sh.helm.release.v1.web.v1","labels":{"owner":"helm","status":"deployed"}}}`
	tests := []struct{ method, url, body, want string }{
		{"GET", "/version", "", "get version "},
		{"GET", "/apis", "", "get discovery "},
		{"GET", "/api/v1?timeout=32s", "", "get discovery "},
		{"GET", "/apis/apps/v1", "", "get discovery "},
		{"GET", "/openapi/v3/api/v1", "", "get openapi "},
		{"GET", "/", "", "get  "},
		{"GET", "/api/v1/namespaces", "", "list namespaces "},
		{"GET", "/api/v1/namespaces/a", "", "get namespaces a/a"},
		{"PUT", "/api/v1/namespaces/a/finalize", "", "update namespaces/finalize a/a"},
		{"POST", "/api/v1/namespaces", `{"metadata":{"name":"a"}}`, "create namespaces a"},
		{"GET", "/api/v1/namespaces/a/pods/p/log?follow=true", "", "get pods/log a/p"},
		{"GET", "/api/v1/namespaces/a/secrets?watch=true&fieldSelector=metadata.name%3Ds", "", "watch secrets a/s"},
		{"GET", "/api/v1/namespaces/a/secrets?watch=false", "", "list secrets a"},
		{"GET", "/api/v1/secrets?labelSelector=owner%3Dhelm", "", "list secrets "},
		{"POST", "/api/v1/namespaces/a/secrets", record, "create secrets a/sh.helm.release.v1.web.v1 status=deployed"},
		{"PUT", "/api/v1/namespaces/a/secrets/s", record, "update secrets a/s status=deployed"},
		{"PUT", "/api/v1/namespaces/a/secrets/s", "", "update secrets a/s"},
		{"PATCH", "/apis/apps/v1/namespaces/a/deployments/d?dryRun=All", `{"spec":{}}`, "patch deployments a/d dry-run"},
		{"PATCH", "/apis/batch/v1/namespaces/a/jobs/j", `[{"op":"remove"}]`, "patch jobs a/j"},
		{"DELETE", "/apis/coordination.k8s.io/v1/namespaces/a/leases/l", `{"kind":"DeleteOptions"}`, "delete leases a/l"},
		{"DELETE", "/api/v1/namespaces/a/pods", "", "deletecollection pods a"},
	}
	for _, tt := range tests {
		r := requestOf(httptest.NewRequest(tt.method, tt.url, http.NoBody), []byte(tt.body))
		got := strings.Join([]string{r.Verb, r.fullResource(), strings.Trim(r.Namespace+"/"+r.Name, "/")}, " ")
		if r.Status != "" {
			got += " status=" + r.Status
		}
		if r.DryRun {
			got += " dry-run"
		}
		if got != tt.want || r.Length != len(tt.body) {
			t.Errorf("%s %s: %q (%d B), want %q (%d B)", tt.method, tt.url, got, r.Length, tt.want, len(tt.body))
		}
	}
}

// Some clients write Protobuf, which the status must be found in as well.
func TestRequestOfProtobuf(t *testing.T) {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s", Labels: map[string]string{"status": "failed"}}}
	secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	body, err := runtime.Encode(protobuf.NewSerializer(scheme.Scheme, scheme.Scheme), secret)
	if err != nil {
		t.Fatal(err)
	}
	r := requestOf(httptest.NewRequest(http.MethodPost, "/api/v1/namespaces/a/secrets", http.NoBody), body)
	if r.Name != "s" || r.Status != "failed" {
		t.Errorf("name %q, status %q, want s, failed", r.Name, r.Status)
	}
	if r := requestOf(httptest.NewRequest(http.MethodPost, "/api/v1/namespaces/a/secrets", http.NoBody), body[:20]); r.Name != "" {
		t.Errorf("name %q in half an object", r.Name)
	}
}

func TestRequestWrites(t *testing.T) {
	tests := []struct {
		request Request
		want    bool
	}{
		{Request{Verb: "create", Resource: "secrets"}, true},
		{Request{Verb: "deletecollection", Resource: "pods"}, true},
		{Request{Verb: "patch", Resource: "deployments", DryRun: true}, false},
		{Request{Verb: "create", Resource: "selfsubjectaccessreviews"}, false},
		{Request{Verb: "list", Resource: "secrets"}, false},
	}
	for _, tt := range tests {
		if got := tt.request.Writes(); got != tt.want {
			t.Errorf("%s %s writes: %v, want %v", tt.request.Verb, tt.request.Resource, got, tt.want)
		}
	}
}
