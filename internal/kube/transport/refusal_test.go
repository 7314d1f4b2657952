package transport

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/requestinfo"
)

// ask sends a request through a Transport to a server that answers this, and returns
// the answer.
func ask(t *testing.T, method, path, body string, header map[string]string, code int, answer string) (*http.Response, string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := New(server.Client().Transport, &url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host}, testTimeout, t.Logf).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(got)
}

// Only a denial of the very request counts as one: what is missing becomes RBAC that
// people apply.
func TestOnlyWhatWasAskedIsDenied(t *testing.T) {
	const denial = `configmaps \"x\" is forbidden: User \"u\" cannot %s resource \"%s\" in API group \"%s\" %s`
	for name, c := range map[string]struct {
		verb, resource, group, where string
		want                         bool
	}{
		"what was asked":    {"patch", "configmaps", "", `in the namespace \"n\"`, true},
		"another verb":      {"create", "configmaps", "", `in the namespace \"n\"`, false},
		"another resource":  {"patch", "secrets", "", `in the namespace \"n\"`, false},
		"another group":     {"patch", "configmaps", "rbac.authorization.k8s.io", `in the namespace \"n\"`, false},
		"a subresource":     {"patch", "configmaps/status", "", `in the namespace \"n\"`, false},
		"another namespace": {"patch", "configmaps", "", `in the namespace \"kube-system\"`, false},
		"everywhere":        {"patch", "configmaps", "", `at the cluster scope`, false},
	} {
		message := fmt.Sprintf(denial, c.verb, c.resource, c.group, c.where)
		answer := `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"` + message + `"}`
		_, body := ask(t, http.MethodPatch, "/api/v1/namespaces/n/configmaps/x", "{}", nil, http.StatusForbidden, answer)
		status := statusOf([]byte(body), "", &http.Response{}, requestinfo.Info{})
		if _, denied := apifailure.DeniedPermission(status.Message); denied != c.want {
			t.Errorf("%s: %t: %s", name, denied, body)
		}
		if !strings.Contains(status.Message, `User "u" cannot`) || status.Code != http.StatusForbidden {
			t.Errorf("%s: it says %+v", name, status)
		}
	}
	// A page in place of a Status becomes client-go's error as it is.
	_, body := ask(
		t,
		http.MethodPost,
		"/api/v1/namespaces/n/configmaps",
		"{}",
		map[string]string{"Content-Type": "text/plain"},
		http.StatusForbidden,
		`x is forbidden: User "u" cannot create resource "clusterrolebindings" in API group "rbac.authorization.k8s.io" at the cluster scope`,
	)
	status := statusOf([]byte(body), "", &http.Response{}, requestinfo.Info{})
	if _, denied := apifailure.DeniedPermission(status.Message); denied || status.Code != http.StatusForbidden ||
		status.Reason != "Forbidden" {
		t.Errorf("a plain text: %s", body)
	}
}

// What the API server says of a Secret quotes nothing of it.
func TestNothingOfASecretIsQuoted(t *testing.T) {
	const refused = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422,` +
		`"message":" \"\" is invalid: patch: Invalid value: \"map[data:map[a:s3cret]]\": illegal base64 data at input byte 3",` +
		`"details":{"causes":[{"reason":"FieldValueInvalid","field":"patch","message":"Invalid value: \"map[data:map[a:s3cret]]\": illegal base64 data at input byte 3"}]}}`
	const path = "/api/v1/namespaces/n/secrets"
	for name, c := range map[string]struct {
		method, path, body string
		code               int
		answer, want       string
	}{
		"a patch": {http.MethodPatch, path + "/creds", "{}", 422, refused,
			`Secret \"creds\" is invalid: patch: Invalid value: illegal base64 data`},
		"a create": {http.MethodPost, path, `{"metadata":{"name":"creds"}}`, 400,
			`{"kind":"Status","status":"Failure","code":400,"message":"Secret in version \"v1\" cannot be handled as a Secret: s3cret"}`,
			`Secret \"creds\" cannot be read: `},
		"a page": {http.MethodPut, path + "/creds", "{}", 502, "<html>s3cret</html>", `"code":502`},
		"a record in a ConfigMap": {http.MethodPut, "/api/v1/namespaces/n/configmaps/sh.helm.release.v1.web.v1", "{}", 403,
			`{"kind":"Status","apiVersion":"v1","status":"Failure","code":403,"message":"admission webhook \"a.b\" denied the request: s3cret"}`,
			`admission webhook \"a.b\" denied the request: the rest of the message is not shown`},
		"a new one in a ConfigMap": {http.MethodPost, "/api/v1/namespaces/n/configmaps",
			`{"metadata":{"name":"sh.helm.release.v1.web.v1"}}`, 500,
			`{"kind":"Status","status":"Failure","code":500,"message":"cannot store s3cret"}`,
			`a request on ConfigMap \"sh.helm.release.v1.web.v1\" was 500`},
		"another one": {http.MethodPatch, "/api/v1/namespaces/n/configmaps/x", "{}", 422, refused, "s3cret"},
		"none":        {http.MethodGet, path + "/creds", "", 200, `{"data":{"a":"s3cret"}}`, "s3cret"},
	} {
		warning := map[string]string{"Warning": `299 - "the password s3cret is weak", 299 - "unknown field \"stringData.x\""`}
		resp, body := ask(t, c.method, c.path, c.body, warning, c.code, c.answer)
		if !strings.Contains(body, c.want) || c.want != "s3cret" && strings.Contains(body, "s3cret") || resp.StatusCode != c.code {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
		warnings := strings.Join(resp.Header.Values("Warning"), "\n")
		if about := strings.Contains(c.path, "secrets") || strings.Contains(name, "ConfigMap"); about == strings.Contains(warnings, "s3cret") ||
			!strings.Contains(warnings, "unknown field") {
			t.Errorf("%s: warned of %s", name, warnings)
		}
	}
}

// Whatever is neither a 403 nor about a Secret passes as it came.
func TestOtherAnswersAreUntouched(t *testing.T) {
	const answer = `{"kind":"Status","status":"Failure","code":409,"message":"x"}`
	if _, body := ask(t, http.MethodPut, "/apis/apps/v1/namespaces/n/deployments/x", "{}", nil, http.StatusConflict, answer); body != answer {
		t.Error(body)
	}
}
