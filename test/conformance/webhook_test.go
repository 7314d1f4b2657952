//go:build conformance

package conformance

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"sync/atomic"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typed "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// always is how often a webhook fails that never answers.
const always = math.MaxInt32

// webhook is a validating webhook on the updates of records in the row's
// namespace. It allows them, but for those of which it lets the time run out.
type webhook struct {
	s       *fixture
	probed  atomic.Bool  // it is known to be asked
	records atomic.Int32 // updates of records that it was asked about
	silent  int32        // to how many of those, from the first on, it gives no answer
}

// webhook has the API server ask a webhook that does not answer in time as often
// as that. It returns when the API server does ask.
func (s *fixture) webhook(silent int32) *webhook {
	s.t.Helper()
	h := &webhook{s: s, silent: silent}
	server := httptest.NewTLSServer(http.HandlerFunc(h.serve))
	s.t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	_, err := s.webhooks().Create(s.t.Context(), &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name:         "records.conformance.berth.dev",
			ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: &server.URL, CABundle: ca},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Update},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"secrets"}},
			}},
			NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: s.namespace}},
			FailurePolicy:           new(admissionregistrationv1.Fail),
			SideEffects:             new(admissionregistrationv1.SideEffectClassNone),
			TimeoutSeconds:          new(int32(1)),
			AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(h.remove)
	h.untilAsked()
	return h
}

func (h *webhook) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var review admissionv1.AdmissionReview
	if err := errors.Join(err, json.Unmarshal(body, &review)); err != nil || review.Request == nil {
		http.Error(w, fmt.Sprintf("no review: %v", err), http.StatusBadRequest)
		return
	}
	if review.Request.Name == probe {
		h.probed.Store(true)
	} else if h.records.Add(1) <= h.silent {
		<-r.Context().Done() // the API server has waited for its second
		return
	}
	review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review)
}

// probe is a Secret that is updated to see whether the webhook is asked yet.
const probe = "webhook-probe"

// untilAsked waits until the API server knows of the webhook.
func (h *webhook) untilAsked() {
	h.s.t.Helper()
	secrets := h.s.Client().CoreV1().Secrets(h.s.namespace)
	secret, err := secrets.Create(h.s.t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: probe}}, metav1.CreateOptions{})
	if err != nil {
		h.s.t.Fatal(err)
	}
	kubetest.Eventually(h.s.t, runLimit, func() (bool, string) {
		_, err := secrets.Update(h.s.t.Context(), secret, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}})
		return h.probed.Load(), fmt.Sprintf("the webhook is not asked (%v)", err)
	})
}

// asked fails the row unless the webhook was asked about that many updates of
// records.
func (h *webhook) asked(times int32) {
	h.s.t.Helper()
	if n := h.records.Load(); n != times {
		h.s.t.Errorf("the webhook was asked %d times, want %d", n, times)
	}
}

// remove has the API server ask no more.
func (h *webhook) remove() {
	h.s.t.Helper()
	err := h.s.webhooks().Delete(context.Background(), h.s.namespace, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		h.s.t.Error(err)
	}
}

func (s *fixture) webhooks() typed.ValidatingWebhookConfigurationInterface {
	return s.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations()
}
