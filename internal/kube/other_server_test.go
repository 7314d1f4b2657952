package kube

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/problem"
)

const notFound = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`

// What says 404 to everything has no namespace either, and is no API server.
func TestAnswersOfOtherServers(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		kind, body string
		absent     bool // the namespace is
		says       string
	}{
		"an API server":      {404, "application/json", notFound, true, ""},
		"protobuf":           {404, "application/vnd.kubernetes.protobuf", "k8s\x00\x0a", true, ""},
		"words":              {404, "text/plain", "404 page not found\n", false, "a 404 that is none of Kubernetes'"},
		"nothing":            {404, "", "", false, "a 404 that is none of Kubernetes'"},
		"JSON of another":    {404, "application/json", `{"error":"not found"}`, false, "a 404 that is none of Kubernetes'"},
		"a list":             {404, "application/json", `["Status"]`, false, "a 404 that is none of Kubernetes'"},
		"much":               {404, "application/json", strings.Repeat("[", 1<<20), false, "a 404 that is none of Kubernetes'"},
		"a page":             {404, "text/html; charset=utf-8", "<html>", false, "a page of HTML"},
		"a page that is OK":  {200, "TEXT/HTML", "<html>", false, "a page of HTML"},
		"a page of refusal":  {403, "text/html", "<html>", false, "a page of HTML"},
		"a redirect to none": {302, "", "", false, "a redirect to nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			_, err := conn.Clientset().CoreV1().Namespaces().Get(withTimeout(t), "review", metav1.GetOptions{})
			if errors.IsNotFound(err) != c.absent {
				t.Errorf("absent: %v, want %v: %v", errors.IsNotFound(err), c.absent, err)
			}
			if p := problem.Of(apifailure.Classify(err, "read it")); !c.absent &&
				(p.Reason != problem.Unanswered || !strings.Contains(p.Error(), c.says)) {
				t.Errorf("got %s: %v", p.Reason, p)
			}
		})
	}
}

// An API server says in plain words that it has no such API.
func TestAPIThatIsNotServed(t *testing.T) {
	conn := serve(t, func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
	err := conn.Clientset().CoreV1().RESTClient().Get().AbsPath("/apis/example.com/v1/namespaces/n/boats/one").Do(withTimeout(t)).Error()
	if !errors.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
}

func TestTokenDoesNotFollowARedirect(t *testing.T) {
	var shown atomic.Value
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown.Store(r.Header.Get("Authorization"))
		_, _ = io.WriteString(w, `{"gitVersion":"v1.36.0"}`)
	}))
	defer elsewhere.Close()
	var to atomic.Value
	conn := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			_, _ = io.WriteString(w, "here")
			return
		}
		http.Redirect(w, r, to.Load().(string), http.StatusTemporaryRedirect)
	})
	get := func() (string, error) {
		body, err := conn.Clientset().CoreV1().RESTClient().Get().AbsPath("/version").DoRaw(withTimeout(t))
		return string(body), err
	}
	plain := strings.Replace(conn.Host(), "https:", "http:", 1)
	for _, address := range []string{elsewhere.URL, plain, "https://127.0.0.1/version", "//evil.test/x"} {
		to.Store(address)
		_, err := get()
		p := problem.Of(apifailure.Classify(err, "ask"))
		if p.Reason != problem.Unanswered || !strings.Contains(p.Error(), "a redirect to") {
			t.Errorf("%s: got %v", address, err)
		}
	}
	if shown.Load() != nil {
		t.Errorf("another server was shown %q", shown.Load())
	}
	to.Store("/moved")
	if body, err := get(); err != nil || body != "here" {
		t.Errorf("on the same server: %q, %v", body, err)
	}
	err := conn.Clientset().CoreV1().RESTClient().Post().AbsPath("/api/v1/namespaces").Body([]byte("{}")).Do(withTimeout(t)).Error()
	if err == nil || !strings.Contains(err.Error(), "a redirect to") {
		t.Errorf("a write: %v", err)
	}
}

func TestCredentialsInTheClear(t *testing.T) {
	plugin := "{exec: {apiVersion: client.authentication.k8s.io/v1, command: 'true', interactiveMode: Never}}"
	for _, c := range []struct {
		server, user string
		refused      bool
	}{
		{"http://k8s.example", "{token: " + hidden + "}", true},
		{"HTTP://k8s.example:8080", "{token: " + hidden + "}", true},
		{"http://10.0.0.1", "{username: u, password: " + hidden + "}", true},
		{"http://k8s.example", plugin, true},
		{"k8s.example", "{token: " + hidden + "}", true}, // client-go takes plain HTTP where no TLS is named
		{"http://k8s.example", "{}", false},
		{"http://127.0.0.1:8001", "{token: " + hidden + "}", false},
		{"http://[::1]:8001", "{token: " + hidden + "}", false},
		{"https://k8s.example", "{token: " + hidden + "}", false},
	} {
		_, err := Connect(t.Context(), Options{Kubeconfig: config(c.server, map[string]string{"one": c.user})})
		if c.refused != (err != nil) || err != nil && (!strings.Contains(err.Error(), "in the clear") || strings.Contains(err.Error(), hidden)) {
			t.Errorf("%s as %s: %v", c.server, c.user, err)
		}
	}
}

func TestUnverifiedServerIsSaid(t *testing.T) {
	for _, insecure := range []bool{true, false} {
		var said []string
		content := strings.Replace(config("https://k8s.example", tokens("one")),
			"{server:", fmt.Sprintf("{insecure-skip-tls-verify: %v, server:", insecure), 1)
		note := func(title, message string) { said = append(said, title+": "+message) }
		_, err := Connect(t.Context(), Options{Kubeconfig: content, Note: note})
		if err != nil || (len(said) == 1) != insecure || insecure && !strings.Contains(said[0], "insecure-skip-tls-verify") {
			t.Errorf("insecure %v: %q, %v", insecure, said, err)
		}
	}
}

func FuzzKubeconfig(f *testing.F) {
	f.Add(config("https://c.example", map[string]string{"one": "{token: x}"}))
	f.Add(config("HTTP://c.example", map[string]string{"one": "{username: a, password: b}"}))
	f.Add("apiVersion: v1\nkind: Config\ncurrent-context: one\ncontexts: [{name: one, context: {}}]\n")
	f.Add("a: &a [*a, *a]")
	f.Add("YXBpVmVyc2lvbjogdjEK")
	f.Add("clusters:\n- cluster: {certificate-authority-data: '!!'}\n")
	f.Add("\x00\xff{")
	f.Fuzz(func(t *testing.T, content string) {
		if strings.Contains(content, "/dev") || strings.Contains(content, "/proc") {
			return // files without an end
		}
		_, err := Connect(t.Context(), Options{Kubeconfig: content, Getenv: env(nil)})
		if p := problem.Of(err); p != nil && p.Reason != problem.WrongInput {
			t.Errorf("%s: %v", p.Reason, err)
		}
	})
}
