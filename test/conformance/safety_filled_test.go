//go:build conformance

package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/faultproxy"
	"github.com/berth-dev/berth/test/kubetest"
)

// quotesInjected are an app that never becomes ready and a test that succeeds, each of which prints
// what its pods are given, and no manifest of them says so.
const quotesInjected = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: quotes}
spec:
  selector: {matchLabels: {app: quotes}}
  template:
    metadata:
      labels: {app: quotes}
      annotations:
        sim.berth.dev/behaviour: {{ .Values.behaviour | default "unready" }}
        sim.berth.dev/log: "FATAL: no login with hunter2-injected"
    spec: {containers: [{name: app, image: "registry.example.com/app:1"}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: smoke, annotations: {helm.sh/hook: test, helm.sh/hook-delete-policy: before-hook-creation}}
spec:
  template:
    metadata: {annotations: {sim.berth.dev/log: "the smoke test logs in with hunter2-injected"}}
    spec: {restartPolicy: Never, containers: [{name: app, image: "registry.example.com/app:1"}]}
`

// quotesFilled are a Secret without a value, and a hook at EVENT that fails and prints the
// value that an operator gives to the Secret.
const quotesFilled = `
apiVersion: v1
kind: Secret
metadata: {name: database, annotations: {OWN}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: EVENT, helm.sh/hook-delete-policy: before-hook-creation}}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {sim.berth.dev/behaviour: fail, sim.berth.dev/until: ConfigMap/over, sim.berth.dev/delay: 1s, ` +
	`sim.berth.dev/log: "FATAL: no login with hunter2-filled"}}
    spec:
      restartPolicy: Never
      containers:
        - name: app
          image: registry.example.com/app:1
          env: [{name: DB, valueFrom: {secretKeyRef: {name: database, key: password, optional: true}}}]
`

// filledLater are the rows about secrets that the manifest does not tell: of Secrets that pods are
// given by who admits them, and of those that are filled, or change, while a run is at work.
var filledLater = []row{
	{ID: "S330", Setup: "a webhook gives a Secret to each pod of the namespace; an app and a test print its value",
		Action: "deploy, check, deploy with helm-test", End: "it is masked, by every verb", Exit: "23, 23, 0", Slow: true,
		run: func(s *fixture) {
			s.injects("injected", "hunter2-injected")
			s.chartWith("templates/quotes.yaml", quotesInjected)
			s.berth("deploy", "--timeout", "15s").exit(23).says("no login with ***").hides("hunter2")
			s.berth("check").exit(23).says("no login with ***").hides("hunter2")
			s.berth("deploy", "--helm-test", "--set", "behaviour=ready").exit(0).says("logs in with ***").hides("hunter2")
			s.describesNone("hunter2")
		}},
	{ID: "S331", Setup: "a hook's Secret without a value, which an operator fills, and a hook that prints that and fails",
		Action: "deploy", End: "it is masked", Exit: "23", run: func(s *fixture) {
			s.chartWith("templates/filled.yaml", strings.NewReplacer("OWN", `helm.sh/hook: pre-install, helm.sh/hook-weight: "-5"`,
				"EVENT", "pre-install").Replace(quotesFilled))
			run := s.start("deploy", "--timeout", "30s")
			s.fills(run)
			run.wait(runLimit).exit(23).says("no login with ***").hides("hunter2")
			s.describesNone("hunter2")
		}},
	{ID: "S332", Setup: "a Secret of others that an app is given, which changes while the app becomes ready; the app prints its value",
		Action: "deploy, check", End: "it is masked, by every verb", Exit: "23, 23", Slow: true, run: func(s *fixture) {
			s.put("kubectl-create", strings.Split(ofWorkflow, "---")[0])
			s.chartWith("templates/quotes.yaml", strings.NewReplacer("TEXT", "hunter2-filled", "GIVEN", givenSecrets).Replace(quotesGiven))
			run := s.start("deploy", "--timeout", "15s")
			s.until(run, "Waiting for")
			s.patch("operator", filledSecret, filled)
			run.wait(runLimit).exit(23).says("no login with ***").hides("hunter2")
			s.berth("check").exit(23).says("no login with ***").hides("hunter2")
			s.describesNone("hunter2")
		}},
	{ID: "S333", Setup: "a Secret of the release without a value, which an operator has filled, and a hook that prints that once the Secret " +
		"is gone", Action: "deploy, teardown, teardown", End: "it is masked, by every verb", Exit: "0, 24, 0", Gone: true, run: func(s *fixture) {
		s.chartWith("templates/filled.yaml", strings.NewReplacer("OWN", "", "EVENT", "post-delete").Replace(quotesFilled))
		s.berth("deploy").exit(0)
		s.patch("operator", filledSecret, filled)
		s.berth("teardown").exit(24).says("no login with ***").hides("hunter2")
		s.describesNone("hunter2")
		s.makeMap("over")
		s.berth("teardown").exit(0).hides("hunter2")
	}},
	{ID: "S334", Setup: "a Secret of others that an app and a test are given, which the API server does not tell; both print its value",
		Action: "deploy, check, deploy with helm-test", End: "nothing that they print is shown, and why", Exit: "23, 23, 0 + warning", Slow: true,
		run: func(s *fixture) {
			const unread = "not shown, since Secret database in namespace"
			s.put("kubectl-create", strings.Split(ofWorkflow, "---")...)
			s.chartWith("templates/quotes.yaml", strings.NewReplacer("TEXT", "hunter2-of-a-variable", "GIVEN", givenSecrets).Replace(quotesGiven))
			s.proxy().On(faultproxy.Match{Verb: "get", Resource: "secrets", Name: "database"},
				faultproxy.Answer(http.StatusInternalServerError, "etcd is gone"))
			s.berth("deploy", "--timeout", "15s").exit(23).says(unread).hides("no login", "hunter2")
			s.berth("check").exit(23).says(unread).hides("no login", "hunter2")
			s.berth("deploy", "--helm-test", "--set", "behaviour=ready").exit(0).warned("Withheld what pods say").
				says(unread).hides("logs in", "hunter2")
			s.describesNone("no login", "hunter2")
		}},
}

var filledSecret = object{"v1", "secrets", "database"}

// filled is what an operator puts into a Secret.
const filled = `{"stringData":{"password":"hunter2-filled"}}`

// fills has an operator put the value into the Secret as soon as that is there.
func (s *fixture) fills(run *process) {
	s.t.Helper()
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		select {
		case <-run.done:
			s.t.Fatalf("%s ended with %s before the Secret was there", run.verb, run)
		default:
		}
		_, err := s.client(filledSecret).Get(s.t.Context(), filledSecret.name, metav1.GetOptions{})
		return err == nil, fmt.Sprintf("there is no Secret (%v)", err)
	})
	s.patch("operator", filledSecret, filled)
}

// injects has the API server ask a webhook about each pod of the row's namespace, which gives it the
// whole of a Secret as its environment. It returns when the API server does ask.
func (s *fixture) injects(name, value string) {
	s.t.Helper()
	s.put("kubectl-create", fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: %s}\nstringData: {VALUE: %s}\n", name, value))
	s.mutatesBy("", "pods", func(w http.ResponseWriter, r *http.Request) { inject(w, r, name) })
	probe := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "probe"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/app:1"}}}}
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
		got, err := s.Client().CoreV1().Pods(s.namespace).Create(s.t.Context(), probe, dry)
		return err == nil && len(got.Spec.Containers[0].EnvFrom) > 0, fmt.Sprintf("the webhook is not asked (%v)", err)
	})
}

// inject answers a review of a pod. One that has the Secret keeps it.
func inject(w http.ResponseWriter, r *http.Request, name string) {
	var review admissionv1.AdmissionReview
	var p corev1.Pod
	err := json.NewDecoder(r.Body).Decode(&review)
	if err != nil || review.Request == nil || json.Unmarshal(review.Request.Object.Raw, &p) != nil {
		http.Error(w, fmt.Sprintf("no review of a Pod: %v", err), http.StatusBadRequest)
		return
	}
	answer := &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	given := corev1.EnvFromSource{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}}
	isGiven := func(e corev1.EnvFromSource) bool { return e.SecretRef != nil && e.SecretRef.Name == name }
	if all := p.Spec.Containers[0].EnvFrom; !slices.ContainsFunc(all, isGiven) {
		answer.PatchType = new(admissionv1.PatchTypeJSONPatch)
		answer.Patch, err = json.Marshal([]any{map[string]any{"op": "add", "path": "/spec/containers/0/envFrom", "value": append(all, given)}})
	}
	review.Request, review.Response = nil, answer
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(review) // the API server tells of a cut answer
}
