package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/secrets"
)

// pluginRuns is a credential plugin of a test, which counts its runs.
type pluginRuns struct {
	t     *testing.T
	count string // a file with a line for each run
	user  string // of a kubeconfig
}

// writePlugin writes a plugin that runs a script.
func writePlugin(t *testing.T, script string) *pluginRuns {
	t.Helper()
	dir := t.TempDir()
	p := &pluginRuns{t: t, count: filepath.Join(dir, "runs")}
	path := filepath.Join(dir, "plugin")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho run >> "+p.count+"\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	p.user = fmt.Sprintf("{exec: {apiVersion: client.authentication.k8s.io/v1, command: %s, interactiveMode: Never}}", path)
	return p
}

func (p *pluginRuns) runs() int {
	data, _ := os.ReadFile(p.count)
	return strings.Count(string(data), "run")
}

// connect connects to a server with the plugin's credentials.
func (p *pluginRuns) connect(server string, change ...func(*Options)) *Conn {
	p.t.Helper()
	o := Options{Kubeconfig: strings.Replace(config(server, map[string]string{"one": p.user}),
		"{server:", "{insecure-skip-tls-verify: true, server:", 1)}
	for _, f := range change {
		f(&o)
	}
	c, err := Connect(p.t.Context(), o)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

const givesToken = `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"given"}}'`

// However many requests wait, a plugin that fails is run twice, and none of what it
// prints reaches the log of the CI as it is.
func TestPluginThatFailsIsTriedOnceMore(t *testing.T) {
	p := writePlugin(t, "echo '::set-output name=x::y' >&2\nhead -c 100000 /dev/zero | tr '\\0' x >&2\nexit 3\n")
	var logged sync.Map
	c := p.connect("https://127.0.0.1:1", func(o *Options) {
		o.Log = func(format string, args ...any) { logged.Store(fmt.Sprintf(format, args...), true) }
	})
	began := time.Now()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := c.Clientset().CoreV1().RESTClient().Get().AbsPath("/version").DoRaw(withTimeout(t))
			got := problem.Of(apifailure.Classify(err, "ask"))
			if got == nil || got.Reason != problem.PermissionMissing || !strings.Contains(got.Error(), "exit status 3: ::set-output name=x::y x") ||
				strings.Contains(got.Error(), "\n") || len(got.Error()) > 700 {
				t.Errorf("got %v", err)
			}
		})
	}
	all.Wait()
	if took := time.Since(began); p.runs() != 2 || took > 8*time.Second {
		t.Errorf("%d runs in %s", p.runs(), took)
	}
	logged.Range(func(line, _ any) bool {
		if len(line.(string)) > 1000 {
			t.Errorf("%d bytes were logged", len(line.(string)))
		}
		return true
	})
}

func TestPluginThatRecovers(t *testing.T) {
	p := writePlugin(t, "[ $(wc -l < \"$(dirname \"$0\")/runs\") -gt 1 ] || exit 1\n"+givesToken)
	srv := tokenServer(t, "Bearer given")
	c := p.connect(srv)
	for range 3 {
		if _, err := c.Clientset().CoreV1().RESTClient().Get().AbsPath("/version").DoRaw(withTimeout(t)); err != nil {
			t.Fatal(err)
		}
	}
	if p.runs() != 2 {
		t.Errorf("%d runs", p.runs())
	}
}

func TestPluginsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ script, says string }{
		"endless":     {"while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", "more than 1 MiB"},
		"no answer":   {"echo " + hidden, "no ExecCredential"},
		"other words": {"echo '{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"kind\":\"ExecCredential\"}'", "no ExecCredential"},
		"nothing":     {"echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\"}'", "neither a token"},
		"half": {"echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\"," +
			"\"status\":{\"clientKeyData\":\"" + hidden + "\"}}'", "without its certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			p := writePlugin(t, c.script)
			_, err := p.connect("https://127.0.0.1:1").Version(withTimeout(t))
			var refused *apifailure.CredentialPluginError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), hidden) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A plugin that waits, for a person say, ends with the request, and is not left behind.
func TestPluginThatHangs(t *testing.T) {
	p := writePlugin(t, "echo $$ > \"$(dirname \"$0\")/pid\"\nexec sleep 600\n")
	c := p.connect("https://127.0.0.1:1")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	began := time.Now()
	if _, err := c.Version(ctx); !errors.Is(err, context.Canceled) || time.Since(began) > 5*time.Second {
		t.Errorf("got %v after %s", err, time.Since(began))
	}
	pid, err := os.ReadFile(filepath.Join(filepath.Dir(p.count), "pid"))
	if err != nil {
		t.Fatal(err)
	}
	for began = time.Now(); exists("/proc/" + strings.TrimSpace(string(pid))); {
		if time.Since(began) > 5*time.Second {
			t.Fatal("the plugin still runs")
		}
		time.Sleep(10 * time.Millisecond)
	}
	limited := p.connect("https://127.0.0.1:1", func(o *Options) { o.RequestTimeout = time.Second })
	if _, err := limited.Version(withTimeout(t)); err == nil || !strings.Contains(err.Error(), "did not end within") {
		t.Errorf("got %v", err)
	}
	if p.runs() != 2 {
		t.Errorf("%d runs", p.runs())
	}
}

// What the API server refuses is asked for anew, and fresh credentials once only.
func TestRefusedCredentialsAreRenewedOnce(t *testing.T) {
	p := writePlugin(t, givesToken)
	c := p.connect(tokenServer(t, "Bearer another"))
	for range 5 {
		if _, err := c.Version(withTimeout(t)); problem.Of(apifailure.Classify(err, "ask")).Reason != problem.PermissionMissing {
			t.Fatalf("got %v", err)
		}
	}
	if p.runs() != 2 {
		t.Errorf("%d runs", p.runs())
	}
}

// One that gives what has expired is not run for each request.
func TestExpiredCredentials(t *testing.T) {
	p := writePlugin(t, strings.Replace(givesToken, `"token"`, `"expirationTimestamp":"2001-01-01T00:00:00Z","token"`, 1))
	c := p.connect(tokenServer(t, "Bearer given"))
	for range 3 {
		if _, err := c.Clientset().CoreV1().RESTClient().Get().AbsPath("/version").DoRaw(withTimeout(t)); err != nil {
			t.Fatal(err)
		}
	}
	if p.runs() != 1 {
		t.Errorf("%d runs", p.runs())
	}
}

// tokenServer answers whoever shows the token, and says 401 to others.
func tokenServer(t *testing.T, token string) string {
	t.Helper()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = fmt.Fprint(w, `{"gitVersion":"v1.36.0"}`)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// A plugin that fails quotes what it was given, or what it was about to give.
func TestSecretsOfAPluginAreNotShown(t *testing.T) {
	p := writePlugin(t, `echo "client $CLIENT_SECRET of $2 is wrong: {\"token\": \"half-a-token\"}" >&2; exit 1`)
	p.user = strings.Replace(p.user, "command:", "args: [--client-secret, of-args], env: [{name: CLIENT_SECRET, value: of-env}], command:", 1)
	mask := secrets.New()
	conn := p.connect("https://127.0.0.1:1", func(o *Options) { o.Hide = mask.Give })
	_, err := conn.Version(t.Context())
	if err == nil || !strings.Contains(err.Error(), "is wrong") {
		t.Fatalf("got %v", err)
	}
	shown := mask.Text(err.Error())
	for _, secret := range []string{"of-env", "of-args", "half-a-token"} {
		if strings.Contains(shown, secret) {
			t.Errorf("it shows %s: %s", secret, shown)
		}
	}
}
