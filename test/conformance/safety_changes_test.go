//go:build conformance

package conformance

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

// pushes is an app that is given a long key: by a Secret, and by what no name tells of.
const pushes = `
{{- $p8 := .Values.p8 | default "none" }}
apiVersion: v1
kind: Secret
metadata: {name: push}
stringData: {p8: {{ $p8 | quote }}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: push}
data:
  app.conf: {{ printf "apns %s and more" $p8 | quote }}
  encoded: {{ $p8 | b64enc }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: push}
spec:
  selector: {matchLabels: {app: push}}
  template:
    metadata: {labels: {app: push}, annotations: {sim.berth.dev/behaviour: ready}}
    spec: {containers: [{name: push, image: registry.example.com/push:1, env: [{name: APNS_P8, value: {{ $p8 | quote }}}]}]}
`

// keyOf returns a long key, of which the first and last 50 characters are those of any other.
func keyOf(owner string) string {
	const same = "MIGTAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBHkwdwIBAQQgev"
	sum := sha512.Sum512([]byte(owner))
	return same + base64.StdEncoding.EncodeToString(sum[:]) + same
}

// partsOf are parts of a key, plain and in base64, wherever it is cut.
func partsOf(key string) (parts []string) {
	encoded := base64.StdEncoding.EncodeToString([]byte(key))
	for i := 0; i+12 <= len(key); i += 4 {
		parts = append(parts, key[i:i+12])
	}
	for i := 0; i+12 <= len(encoded); i += 4 {
		parts = append(parts, encoded[i:i+12])
	}
	return parts
}

// boatByHand is what a person sets on the boat, and what comes with it.
const boatByHand = `{"spec":{"template":{"spec":{"containers":[{"name":"boat","args":["serve","--password","hunter2-of-args"],"env":[
{"name":"DB_PASS","value":"hunter2-of-a-variable"},{"name":"DATABASE_DSN","value":"app:hunter2-of-a-dsn@tcp(db:3306)/shop"}]}]}}}}`

// toldChanges are the rows about the secrets in what a deploy changes.
var toldChanges = []row{
	{ID: "S365", Setup: "a long key in a Secret, which the chart puts into a variable and a ConfigMap, too, under names that are no secret's; " +
		"it is rotated, and begins and ends as before",
		Action: "deploy; deploy --dry-run, deploy; check, once somebody has put the old one back; deploy",
		End:    "what changes and differs is told, and no part of either key", Exit: "0, 0, 0, 24, 0", run: func(s *fixture) {
			first, second := keyOf("ada"), keyOf("bob")
			secret := slices.Concat(partsOf(first), partsOf(second))
			s.chartWith("templates/push.yaml", pushes)
			s.berth("deploy", "--set-string", "p8="+first).exit(0).hides(secret...)
			did := told(s.toldAsDone([]string{"--set-string", "p8=" + second}))
			for _, path := range []string{"data[app.conf]", "data.encoded", "env[APNS_P8].value", "data.p8"} {
				if !strings.Contains(did, path) {
					s.t.Errorf("%s is not told: %s", path, did)
				}
			}
			s.patch("editor", object{"v1", "configmaps", "push"}, fmt.Sprintf(`{"data":{"app.conf":"apns %s and more"}}`, first))
			s.berth("check").exit(24).says("data[app.conf]")
			s.berth("deploy", "--set-string", "p8="+second).exit(0)
			for _, run := range s.started() {
				ended{run, 0}.hides(secret...)
			}
		}},
	{ID: "S366", Setup: "a person sets a variable, an address, an argument and a text of a ConfigMap that are secret; " +
		"a webhook puts a password into each Deployment", Action: "deploy; check; deploy --dry-run, deploy of another version",
		End: "that they change is told, and none of the secrets", Exit: "0, 24, 0, 0", run: func(s *fixture) {
			plain := s.chart
			s.chartWith("templates/boat.yaml", dryBoat)
			deploy := []string{"--wait-ignore", "HorizontalPodAutoscaler/*"}
			s.berth("deploy", deploy...).exit(0)
			s.strategic("kubectl-edit", object{"apps/v1", "deployments", "boat"}, boatByHand)
			s.patch("kubectl-edit", object{"v1", "configmaps", "settings"}, `{"data":{"mode":"<a><password>hunter2-of-xml</password></a>"}}`)
			s.berth("check").exit(24).says("DB_PASS", "data.mode").hides("hunter2")
			s.putsPasswords()
			s.chart = plain
			s.chartWith("templates/boat.yaml", strings.ReplaceAll(dryBoat, "boat:1", "boat:2"))
			did := told(s.toldAsDone(deploy))
			for _, path := range []string{"env[DB_PASS]", "env[DATABASE_DSN]", "args", "data.mode", "env[SESSION_PASS]"} {
				if !strings.Contains(did, path) {
					s.t.Errorf("%s is not told: %s", path, did)
				}
			}
			for _, run := range s.started() {
				ended{run, 0}.hides("hunter2")
			}
		}},
	{ID: "S374", Setup: "short secrets in a custom resource's variables and headers, and in a text of a ConfigMap", Action: "deploy; " +
		"deploy --dry-run, deploy of others; check, once somebody has set others again", End: "that they change is told, and none of the secrets",
		Exit: "0, 0, 0, 24", run: func(s *fixture) {
			s.kubeconfig = s.Kubeconfig()
			plain := s.chart
			s.defineOpen("Boat")
			with := func(secret string) string {
				return strings.NewReplacer("GROUP", s.group(), "SECRET", secret).Replace(boatOfShortSecrets)
			}
			s.chartWith("templates/boat.yaml", with("pier-1"))
			s.berth("deploy").exit(0)
			s.chart = plain
			s.chartWith("templates/boat.yaml", with("pier-2"))
			paths := []string{"env[1].value", "httpHeaders[0].value", "data[app.conf]"}
			did := told(s.toldAsDone(nil))
			for _, path := range paths {
				if !strings.Contains(did, path) {
					s.t.Errorf("%s is not told: %s", path, did)
				}
			}
			s.patch("kubectl-edit", object{s.group() + "/v1", "boats", "short"}, `{"spec":{"env":[{"name":"MODE","value":"fast"},`+
				`{"name":"DB_PASSWORD","value":"pier-3"}],"httpHeaders":[{"name":"Authorization","value":"Basic pier-3"}]}}`)
			s.patch("kubectl-edit", object{"v1", "configmaps", "short"}, `{"data":{"app.conf":"mode = fast\npassword = pier-3\n"}}`)
			s.berth("check").exit(24).says(paths...)
			for _, run := range s.started() {
				ended{run, 0}.hides("pier-")
			}
		}},
}

// boatOfShortSecrets has secrets that no mask looks for, so short are they.
const boatOfShortSecrets = `
apiVersion: GROUP/v1
kind: Boat
metadata: {name: short}
spec: {env: [{name: MODE, value: fast}, {name: DB_PASSWORD, value: SECRET}], httpHeaders: [{name: Authorization, value: Basic SECRET}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: short}
data:
  app.conf: |
    mode = fast
    password = SECRET
`

// putsPasswords has a webhook put a variable with a password into each Deployment of the row's namespace. It returns
// when the API server asks it.
func (s *fixture) putsPasswords() {
	s.t.Helper()
	s.mutatesBy("apps", "deployments", func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		var d appsv1.Deployment
		err := json.NewDecoder(r.Body).Decode(&review)
		if err != nil || review.Request == nil || json.Unmarshal(review.Request.Object.Raw, &d) != nil {
			http.Error(w, fmt.Sprintf("no review of a Deployment: %v", err), http.StatusBadRequest)
			return
		}
		answer := &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
		put := corev1.EnvVar{Name: "SESSION_PASS", Value: "hunter2-of-a-webhook"}
		if all := d.Spec.Template.Spec.Containers[0].Env; !slices.Contains(all, put) {
			answer.PatchType = new(admissionv1.PatchTypeJSONPatch)
			answer.Patch, err = json.Marshal([]any{map[string]any{"op": "add", "path": "/spec/template/spec/containers/0/env",
				"value": append(all, put)}})
		}
		review.Request, review.Response = nil, answer
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(review) // the API server tells of a cut answer
	})
	labels := map[string]string{"a": "b"}
	probe := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "probe"}, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "registry.example/app:1"}}}},
	}}
	kubetest.Eventually(s.t, runLimit, func() (bool, string) {
		dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
		got, err := s.Client().AppsV1().Deployments(s.namespace).Create(s.t.Context(), probe, dry)
		return err == nil && len(got.Spec.Template.Spec.Containers[0].Env) > 0, fmt.Sprintf("the webhook is not asked (%v)", err)
	})
}
