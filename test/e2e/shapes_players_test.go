//go:build cluster

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http/httptest"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// players do what the pods of a shape would: nothing runs in the tests' cluster.
var players = map[string]func(s *shape){
	"admission-jobs":   (*shape).playCertificateJob,
	"injected-bundles": (*shape).playInjector,
}

var (
	jobs       = schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"}
	validating = schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"}
	mutating   = schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "mutatingwebhookconfigurations"}
)

// playCertificateJob patches the webhook at each run of the hook Job, before that is
// seen to be done, as ingress-nginx's does.
func (s *shape) playCertificateJob() {
	name, bundle := s.namespace+"-admission", s.bundle()
	s.onEach(jobs, s.namespace, s.release+"-hook-patch", func(ctx context.Context, _ *unstructured.Unstructured) error {
		return s.patch(ctx, validating, name, fmt.Sprintf(`[
			{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Fail"},
			{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": %q}]`, bundle))
	})
}

// playInjector fills in each bundle that is empty, as cert-manager's cainjector does.
func (s *shape) playInjector() {
	bundle := s.bundle()
	for resource, path := range map[schema.GroupVersionResource]string{
		validating: "/webhooks/0/clientConfig/caBundle", mutating: "/webhooks/0/clientConfig/caBundle",
		definitions: "/spec/conversion/webhook/clientConfig/caBundle",
	} {
		name := s.namespace + "-webhook"
		if resource == definitions {
			name = "issuers." + s.namespace + ".shapes.example.com"
		}
		s.onEach(resource, "", name, func(ctx context.Context, live *unstructured.Unstructured) error {
			if hasBundle(live) {
				return nil
			}
			return s.patch(ctx, resource, name, fmt.Sprintf(`[{"op": "add", "path": %q, "value": %q}]`, path, bundle))
		})
	}
}

func hasBundle(live *unstructured.Unstructured) bool {
	client, _, _ := unstructured.NestedMap(live.Object, "spec", "conversion", "webhook", "clientConfig")
	if webhooks, _, _ := unstructured.NestedSlice(live.Object, "webhooks"); len(webhooks) > 0 {
		first, _ := webhooks[0].(map[string]any)
		client, _ = first["clientConfig"].(map[string]any)
	}
	bundle, _ := client["caBundle"].(string)
	return bundle != ""
}

// onEach calls do with each state of an object, until the test ends.
func (s *shape) onEach(r schema.GroupVersionResource, namespace, name string, do func(context.Context, *unstructured.Unstructured) error) {
	s.t.Helper()
	ctx := s.t.Context() // ends before the test's cleanups
	changes, err := s.dynamic().Resource(r).Namespace(namespace).Watch(ctx,
		metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()})
	if err != nil {
		s.t.Fatalf("watching %s %s: %v", r.Resource, name, err)
	}
	done := make(chan struct{})
	s.t.Cleanup(func() { changes.Stop(); <-done })
	go func() {
		defer close(done)
		for change := range changes.ResultChan() {
			live, ok := change.Object.(*unstructured.Unstructured)
			if !ok || change.Type == watch.Deleted || live.GetDeletionTimestamp() != nil {
				continue
			}
			if err := do(ctx, live); err != nil && ctx.Err() == nil && !apierrors.IsNotFound(err) {
				s.t.Errorf("playing the part of %s's controller: %v", name, err)
			}
		}
	}()
}

func (s *shape) patch(ctx context.Context, r schema.GroupVersionResource, name, patch string) error {
	_, err := s.dynamic().Resource(r).Patch(ctx, name, types.JSONPatchType, []byte(patch), metav1.PatchOptions{FieldManager: "player"})
	return err
}

// bundle is a certificate, in the spelling of a caBundle.
func (s *shape) bundle() string {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}
