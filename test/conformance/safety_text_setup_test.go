//go:build conformance

package conformance

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/berth-dev/berth/test/kubetest"
)

const (
	// credentials make a Secret that the API server takes, unless it is asked to be
	// broken.
	credentials = `
apiVersion: v1
kind: Secret
metadata: {name: creds}
data:
  password: {{ .Values.password | default "nothing" | b64enc | quote }}
  {{- with .Values.broken }}
  broken: {{ . | quote }}
  {{- end }}
{{- with .Values.type }}
type: {{ . }}
{{- end }}
`
	// madeUp makes a password up, and puts it where it does not fit.
	madeUp = `
{{- if .Values.madeUp }}
{{- $password := randAlphaNum 70 }}
apiVersion: v1
kind: Secret
metadata: {name: made-up}
data:
  password: {{ $password | b64enc | quote }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: labelled
  labels:
    password: {{ $password }}
{{- end }}
`
	// quotesPassword has it in texts as others write them.
	quotesPassword = `
---
apiVersion: v1
kind: ConfigMap
metadata: {name: quotes}
data:
  short: {{ printf "user=app password=%s timeout=30" (.Values.password | default "") | quote }}
  long: {{ printf "%s app %s timeout=30" (repeat 90 "x") (.Values.password | default "") | quote }}
`
	// punctuated is a password that no pattern finds the end of.
	punctuated = "c0rrect,horse battery@staple"
	// actingText is one that acts where it is printed as it is.
	actingText = "x ##[set-output name=url;]y ##[stop-commands]z ##vso[task.prependpath]w ##teamcity[setParameter name='v'] " +
		"\u009b31m \u202e"
	shortPassword = "password=s3cret"
	longPassword  = "corr3ct-horse/battery+stapl3"
)

// shortValues are what is not to be shown of the password that is too short to be
// looked for, and of what else is in the Secret.
var shortValues = []string{"s3cret", "czNjcmV0", "not base64"}

// quotations are ways to quote a secret.
func quotations(secret string) []string {
	once := base64.StdEncoding.EncodeToString([]byte(secret))
	return []string{
		secret, once, base64.StdEncoding.EncodeToString([]byte(once)), base64.StdEncoding.EncodeToString([]byte("robot:" + secret)),
		url.QueryEscape(secret), hex.EncodeToString([]byte(secret)), secret[:len(secret)-3] + "…", once[:12] + "...",
	}
}

// grantOfAll is an annotation which reads like the API server's denial, and holds YAML
// that would grant everything to somebody.
const grantOfAll = `User "x" cannot get resource "x` + "\n---\n" + `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: pwned}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: mallory}]` + "\n---\n" + `#" in API group "" in the namespace "default"`

// configMapWith is a ConfigMap with that annotation.
func configMapWith(name string) string {
	quoted, _ := json.Marshal(grantOfAll) // a text
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n  annotations:\n    owner2: " + string(quoted) + "\n"
}

// quotesAnnotation refuses what has the annotation, in its words.
func quotesAnnotation(_, raw string) string {
	var o metav1.PartialObjectMetadata
	if json.Unmarshal([]byte(raw), &o) != nil {
		return ""
	}
	return o.Annotations["owner2"]
}

// refuses has the API server ask a webhook about every write of a resource in the row's
// namespace. say returns why one is refused, or "". It returns when the API server does
// ask, and what ends it.
func (s *fixture) refuses(resource schemaResource, say func(name, raw string) string) (end func()) {
	s.t.Helper()
	var probed atomic.Bool
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil || review.Request == nil {
			http.Error(w, fmt.Sprintf("no review: %v", err), http.StatusBadRequest)
			return
		}
		raw := string(review.Request.Object.Raw)
		if raw == "" {
			raw = string(review.Request.OldObject.Raw)
		}
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
		if review.Request.Name == probe {
			probed.Store(true)
		} else if why := say(review.Request.Name, raw); why != "" {
			review.Response.Allowed = false
			review.Response.Result = &metav1.Status{Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: why}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review)
	}))
	s.t.Cleanup(server.Close)
	_, err := s.webhooks().Create(s.t.Context(), &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "refuses.conformance.berth.dev",
			ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: &server.URL,
				CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update,
					admissionregistrationv1.Delete},
				Rule: admissionregistrationv1.Rule{APIGroups: []string{resource.Group}, APIVersions: []string{resource.Version},
					Resources: []string{resource.Resource}},
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
	end = func() {
		err := s.webhooks().Delete(context.Background(), s.namespace, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			s.t.Error(err)
		}
		probed.Store(false)
		kubetest.Eventually(s.t, runLimit, func() (bool, string) {
			probed.Store(false)
			s.probe(resource)
			return !probed.Load(), "the webhook is asked still"
		})
	}
	s.t.Cleanup(func() { _ = s.webhooks().Delete(context.Background(), s.namespace, metav1.DeleteOptions{}) })
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		err := s.probe(resource)
		return probed.Load(), fmt.Sprintf("the webhook is not asked (%v)", err)
	})
	return end
}

// probe creates an object, dry.
func (s *fixture) probe(resource schemaResource) error {
	kind := map[string]string{"configmaps": "ConfigMap", "secrets": "Secret"}[resource.Resource]
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": kind, "metadata": map[string]any{"name": probe}}}
	_, err := s.dynamic().Resource(resource).Namespace(s.namespace).Create(context.Background(), o,
		metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

// policyQuotes has a policy of the API server's own refuse what has the annotation, in
// its words. It returns when that is in force, and what ends it.
func (s *fixture) policyQuotes() (end func()) {
	s.t.Helper()
	const has = "has(object.metadata.annotations) && 'owner2' in object.metadata.annotations"
	api := s.Client().AdmissionregistrationV1()
	_, err := api.ValidatingAdmissionPolicies().Create(s.t.Context(), &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: new(admissionregistrationv1.Fail),
			MatchConstraints: &admissionregistrationv1.MatchResources{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: s.namespace}},
				ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: admissionregistrationv1.RuleWithOperations{
					Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
					Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
				}}},
			},
			Validations: []admissionregistrationv1.Validation{{
				Expression: "!(" + has + ")", MessageExpression: "string(object.metadata.annotations['owner2'])",
				Message: "it has the annotation", Reason: new(metav1.StatusReasonForbidden),
			}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = api.ValidatingAdmissionPolicyBindings().Create(s.t.Context(), &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: s.namespace,
			ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}},
	}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	refused := func() error {
		_, err := s.Client().CoreV1().ConfigMaps(s.namespace).Create(context.Background(),
			&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: probe, Annotations: map[string]string{"owner2": "x"}}},
			metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	remove := func() {
		err := errors.Join(api.ValidatingAdmissionPolicyBindings().Delete(context.Background(), s.namespace, metav1.DeleteOptions{}),
			api.ValidatingAdmissionPolicies().Delete(context.Background(), s.namespace, metav1.DeleteOptions{}))
		_ = err // it may be gone
	}
	s.t.Cleanup(remove)
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		err := refused()
		return apierrors.IsForbidden(err), fmt.Sprintf("the policy is not in force (%v)", err)
	})
	return func() {
		remove()
		kubetest.Eventually(s.t, runLimit, func() (bool, string) { return refused() == nil, "the policy is in force still" })
	}
}

// withoutCredentials is a kubeconfig of nobody.
func (s *fixture) withoutCredentials() string {
	s.t.Helper()
	account := s.ServiceAccount(s.t, s.namespace, "nobody")
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &clientcmdapi.Cluster{Server: account.Config.Host, CertificateAuthorityData: account.Config.CAData}
	config.AuthInfos["nobody"] = &clientcmdapi.AuthInfo{}
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "nobody", Namespace: s.namespace}
	config.CurrentContext = "test"
	path := filepath.Join(s.t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// purge deletes the records, and what the release has.
func (s *fixture) purge() {
	s.t.Helper()
	for _, r := range s.records() {
		if err := s.Client().CoreV1().Secrets(s.namespace).Delete(s.t.Context(), r.Secret.Name, metav1.DeleteOptions{}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// secretValue is what a Secret holds.
func (s *fixture) secretValue(name, key string) string {
	s.t.Helper()
	secret, err := s.Client().CoreV1().Secrets(s.namespace).Get(s.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return string(secret.Data[key])
}

// describesNone fails the row if a description of the stored records holds one of the
// texts.
func (s *fixture) describesNone(texts ...string) {
	s.t.Helper()
	for _, r := range s.records() {
		for _, text := range texts {
			if strings.Contains(r.Description, text) {
				s.t.Errorf("the description of revision %d holds %q: %s", r.Revision, text, r.Description)
			}
		}
	}
}

// grantsNothing fails the row if the report has RBAC to apply, in any form.
func (e ended) grantsNothing() ended {
	e.s.t.Helper()
	data, err := os.ReadFile(filepath.Join(e.dir, "report.json"))
	if err != nil {
		e.s.t.Error(err)
	}
	var report struct{ RBAC string }
	if err := json.Unmarshal(data, &report); err != nil || report.RBAC != "" {
		e.s.t.Errorf("the report of %s grants this (%v):\n%s", e.verb, err, report.RBAC)
	}
	if strings.Contains(e.out.String(), "kubectl apply -f -") {
		e.s.t.Errorf("%s prints something to apply", e.verb)
	}
	return e
}

// publishesNone fails the row if what a platform shows, as its readers decode it, holds
// one of the texts.
func (e ended) publishesNone(texts ...string) {
	e.s.t.Helper()
	e.isWhole("")
	data, err := os.ReadFile(filepath.Join(e.dir, "report.json"))
	if err != nil {
		e.s.t.Error(err)
	}
	var document any
	if err := json.Unmarshal(data, &document); err != nil {
		e.s.t.Error(err)
	}
	plain := fmt.Sprint(document)
	for _, text := range texts {
		if strings.Contains(plain, text) {
			e.s.t.Errorf("the report of %s tells %q", e.verb, text)
		}
	}
}

// isWhole fails the row unless JSON and JUnit can be read, and the verdict is this one,
// if any is given.
func (e ended) isWhole(verdict string) {
	e.s.t.Helper()
	if verdict != "" && e.report.Verdict != verdict {
		e.s.t.Errorf("the verdict of %s is %q", e.verb, e.report.Verdict)
	}
	file, err := os.Open(filepath.Join(e.dir, "junit.xml"))
	if err != nil {
		e.s.t.Error(err)
		return
	}
	defer file.Close()
	failures := 0
	for tokens := xml.NewDecoder(file); ; {
		token, err := tokens.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			e.s.t.Errorf("junit.xml of %s: %v", e.verb, err)
			return
		}
		if begin, ok := token.(xml.StartElement); ok && begin.Name.Local == "failure" {
			failures++
		}
	}
	if failures == 0 {
		e.s.t.Errorf("junit.xml of %s has no failure", e.verb)
	}
}

// holdsNone fails the row if a file, which need not be there, holds one of the texts.
func (s *fixture) holdsNone(file string, texts ...string) {
	s.t.Helper()
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Error(err)
	}
	for _, text := range texts {
		if strings.Contains(string(data), text) {
			s.t.Errorf("%s holds %q:\n%s", filepath.Base(file), text, data)
		}
	}
}

// phases are the groups that Berth itself makes in a log on GitHub.
var phases = regexp.MustCompile(`^::(?:group::[A-Z][A-Za-z0-9 ,]+|endgroup::)$`)

// actsNowhere fails the row if GitHub's runner would take something for a command that
// was printed, or a terminal: commands but those that Berth gives itself, in its own form,
// and what it prints while it has the runner take none.
func (e ended) actsNowhere() {
	e.s.t.Helper()
	onGitHub := e.s.env["GITHUB_ACTIONS"] == "true"
	stopped := ""
	for line := range strings.Lines(e.out.String()) {
		line = strings.TrimSpace(line)
		token, stops := strings.CutPrefix(line, "::stop-commands::")
		switch {
		case strings.ContainsAny(line, "\u009b\u202e"):
			e.s.t.Errorf("%s prints to a terminal: %q", e.verb, line)
		case !onGitHub && (strings.Contains(line, "##vso[") || strings.Contains(line, "##teamcity[")):
			e.s.t.Errorf("%s gives a runner a command: %q", e.verb, line)
		case !onGitHub:
		case stopped != "":
			if line == "::"+stopped+"::" {
				stopped = ""
			}
		case stops:
			stopped = token
		case strings.HasPrefix(line, "::error ") || strings.HasPrefix(line, "::warning ") || phases.MatchString(line):
		case strings.HasPrefix(line, "::"), strings.Contains(line, "##["):
			e.s.t.Errorf("%s prints a command: %q", e.verb, line)
		}
	}
}
