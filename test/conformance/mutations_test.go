//go:build conformance

package conformance

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// mutates has the API server ask a webhook about each Deployment of the row's
// namespace, which adds a container and has the images come from a mirror. It
// returns when the API server does ask.
func (s *fixture) mutates() {
	s.t.Helper()
	s.mutatesBy("apps", "deployments", mutate)
	s.untilMutated()
}

// mutatesBy has the API server ask a webhook about each object of a resource in the row's namespace.
func (s *fixture) mutatesBy(group, resource string, answer http.HandlerFunc) {
	s.t.Helper()
	server := httptest.NewTLSServer(answer)
	s.t.Cleanup(server.Close)
	hooks := s.Client().AdmissionregistrationV1().MutatingWebhookConfigurations()
	_, err := hooks.Create(s.t.Context(), &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: resource + ".conformance.berth.dev",
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				URL:      &server.URL,
				CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
				Rule: admissionregistrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"},
					Resources: []string{resource}},
			}},
			NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: s.namespace}},
			FailurePolicy:           new(admissionregistrationv1.Fail),
			SideEffects:             new(admissionregistrationv1.SideEffectClassNone),
			AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := hooks.Delete(context.Background(), s.namespace, metav1.DeleteOptions{}); err != nil {
			s.t.Error(err)
		}
	})
}

// untilMutated waits until the API server knows of the webhook.
func (s *fixture) untilMutated() {
	s.t.Helper()
	labels := map[string]string{"a": "b"}
	probe := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "probe"}, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "registry.example/app:1"}}}},
	}}
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
		got, err := s.Client().AppsV1().Deployments(s.namespace).Create(s.t.Context(), probe, dry)
		return err == nil && len(got.Spec.Template.Spec.Containers) > 1, fmt.Sprintf("the webhook is not asked (%v)", err)
	})
}

// mutate answers a review. Containers that are as they shall be stay as they are.
func mutate(w http.ResponseWriter, r *http.Request) {
	var review admissionv1.AdmissionReview
	var d appsv1.Deployment
	err := json.NewDecoder(r.Body).Decode(&review)
	if err != nil || review.Request == nil || json.Unmarshal(review.Request.Object.Raw, &d) != nil {
		http.Error(w, fmt.Sprintf("no review of a Deployment: %v", err), http.StatusBadRequest)
		return
	}
	type change struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value"`
	}
	changes, sidecar := []change{}, false
	for i, c := range d.Spec.Template.Spec.Containers {
		sidecar = sidecar || c.Name == "sidecar"
		if image, ok := strings.CutPrefix(c.Image, "registry.example/app"); ok {
			changes = append(changes, change{"replace", fmt.Sprintf("/spec/template/spec/containers/%d/image", i), "mirror.example/app" + image})
		}
	}
	if !sidecar {
		changes = append(changes, change{"add", "/spec/template/spec/containers/-", map[string]any{
			"name": "sidecar", "image": "mirror.example/sidecar:1",
			"readinessProbe": map[string]any{"tcpSocket": map[string]any{"port": 15020}},
		}})
	}
	patch, _ := json.Marshal(changes) // texts and numbers
	review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true, Patch: patch,
		PatchType: new(admissionv1.PatchTypeJSONPatch)}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review)
}
